#include "hgq/layers/quantizer_config.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <nlohmann/json.hpp>

#include "hgq/config/written_keys.h"
#include "hgq/core/error.h"
#include "hgq/layers/object_docs.h"

namespace hgq {
namespace {

constexpr std::array<const char*, 5> kRoundingNames{"standard_round", "stochastic_round",
                                                    "fast_uniform_noise_injection", "floor", "auto"};
constexpr std::array<const char*, 5> kSkipNames{"none", "all", "batch", "except_last", "except_1st"};

struct Defaults {
  std::mutex mutex;
  QuantizerConfig kernel = QuantizerConfig::kernel_default();
  QuantizerConfig activation = QuantizerConfig::activation_default();
};

Defaults& defaults() {
  static Defaults instance;
  return instance;
}

SkipDims read_skip_dims(const Node& node, ConfigReader& c) {
  if (node.is_null()) return {};
  if (node.is_list()) {
    SkipDims dims{SkipDims::Kind::kList};
    dims.axes = c.integers("skip_dims", "dims that share one bit width: a name or a list of axes", {},
                           {.min = -Shape::kMaxRank, .max = Shape::kMaxRank - 1});
    return dims;
  }
  const auto named = std::ranges::find(kSkipNames, node.text());
  if (!node.is_scalar() || named == kSkipNames.end()) {
    c.error("skip_dims",
            concat("found '", node.text(), "', expected none, all, batch, except_last, except_1st, or a list of axes"));
    return {};
  }
  return {static_cast<SkipDims::Kind>(named - kSkipNames.begin())};
}

QuantizerConfig::Rounding read_rounding(const Node& node, ConfigReader& c, QuantizerConfig::Rounding fallback) {
  if (const auto number = decimal_integer(node); number && *number >= 0 && *number <= 3)
    return static_cast<QuantizerConfig::Rounding>(*number);
  const auto named = std::ranges::find(kRoundingNames, node.text());
  if (named == kRoundingNames.end()) {
    c.error(
        "rnd_strategy",
        concat("found '", node.text(),
               "', expected standard_round, stochastic_round, fast_uniform_noise_injection, floor, auto, or 0 to 3"));
    return fallback;
  }
  return static_cast<QuantizerConfig::Rounding>(named - kRoundingNames.begin());
}

}  // namespace

std::vector<int> SkipDims::resolve(int rank) const {
  std::vector<int> dims;
  const auto range = [&dims](int from, int to) {
    for (int i = from; i < to; ++i) dims.push_back(i);
  };
  switch (kind) {
    case Kind::kNone:
      break;
    case Kind::kAll:
      range(0, rank);
      break;
    case Kind::kBatch:
      range(0, std::min(rank, 1));
      break;
    case Kind::kExceptLast:
      range(0, rank - 1);
      break;
    case Kind::kExceptFirst:
      range(0, std::min(rank, 1));
      range(2, rank);
      break;
    case Kind::kList:
      for (const int64_t axis : axes) {
        const int64_t dim = axis < 0 ? axis + rank : axis;
        HGQ_CHECK(dim >= 0 && dim < rank, ShapeError, "skip_dims: there is no axis ", axis, " where the quantizer has ",
                  rank, " dims, the batch counted");
        dims.push_back(static_cast<int>(dim));
      }
  }
  std::ranges::sort(dims);
  dims.erase(std::unique(dims.begin(), dims.end()), dims.end());
  return dims;
}

Shape QuantizerConfig::shared_shape(const Shape& values) const {
  Shape shape = values;
  for (const int dim : skip_dims.resolve(values.rank())) shape.set(dim, 1);
  return shape;
}

QuantizerConfig QuantizerConfig::kernel_default() { return {}; }

QuantizerConfig QuantizerConfig::activation_default() {
  QuantizerConfig config;
  config.skip_dims = {SkipDims::Kind::kList, {0}};
  config.rnd_strategy = Rounding::kAuto;
  config.minmax_record = true;
  return config;
}

namespace {

nlohmann::json skip_dims_json(const SkipDims& dims) {
  if (dims.kind == SkipDims::Kind::kNone) return nullptr;
  if (dims.kind == SkipDims::Kind::kList) return dims.axes;
  return kSkipNames[static_cast<size_t>(dims.kind)];
}

std::optional<std::pair<double, double>> read_bw_clip(const Node& node, ConfigReader& c) {
  if (node.is_null() || node.text() == "none") return std::nullopt;
  const std::vector<double> range =
      c.numbers("bw_clip", "range of the bit width, or none", {-23, 23}, {.min = -126, .max = 126});
  if (range.size() == 2 && range[0] <= range[1]) return std::pair{range[0], range[1]};
  c.error("bw_clip", "expected two numbers, the lower one first, or none");
  return std::nullopt;
}

/// The values of `config` are the fallbacks.
void read_keys(ConfigReader& c, QuantizerConfig& config) {
  // Null has a meaning for some of the keys, so they are looked up here; node() gives their documentation.
  const auto given = [&](const char* key) { return c.map().is_map() ? c.map().find(key) : nullptr; };
  config.init_bw = c.number("init_bw", "initial fractional bits", {.fallback = config.init_bw, .min = -64, .max = 64});
  c.node("skip_dims",
         "dims that share one bit width, the batch counted as 0: none, all, batch, except_last, except_1st, or axes",
         "a name or a list of integers",
         config.skip_dims.kind == SkipDims::Kind::kNone ? "none" : skip_dims_json(config.skip_dims).dump());
  if (const Node* const dims = given("skip_dims")) config.skip_dims = read_skip_dims(*dims, c);
  c.resolve("skip_dims", skip_dims_json(config.skip_dims));
  if (const Node* const n =
          c.node("rnd_strategy",
                 "rounding in training: standard_round, stochastic_round, "
                 "fast_uniform_noise_injection, floor, auto (standard_round where no bias stands for it)",
                 "a name, or 0 to 3", kRoundingNames[static_cast<size_t>(config.rnd_strategy)]))
    config.rnd_strategy = read_rounding(*n, c, config.rnd_strategy);
  c.resolve("rnd_strategy", kRoundingNames[static_cast<size_t>(config.rnd_strategy)]);
  config.exact_q_value = c.boolean("exact_q_value", "round the bit width before it is used", config.exact_q_value);
  c.known("dtype", nullptr);
  c.node("bw_clip", "lowest and highest bit width, or none", "two numbers in [-126, 126]",
         config.bw_clip ? concat("[", config.bw_clip->first, ", ", config.bw_clip->second, "]") : std::string("none"));
  if (const Node* const clip = given("bw_clip")) config.bw_clip = read_bw_clip(*clip, c);
  c.resolve("bw_clip", nullptr);
  if (config.bw_clip) c.resolve("bw_clip", {config.bw_clip->first, config.bw_clip->second});
  config.trainable = c.boolean("trainable", "whether the bit width is trained", config.trainable);
  c.node("regularizer", "penalty on the bit widths; none or null: none", "a regularizer",
         config_text(config.regularizer));
  if (const Node* const regularizer = given("regularizer"))
    config.regularizer = Regularizer::from_node(*regularizer, c.errors());
  c.resolve("regularizer", to_passive_json(config.regularizer));
  config.minmax_record = c.boolean("minmax_record", "record the range of the quantized values", config.minmax_record);
}

}  // namespace

QuantizerConfig QuantizerConfig::from_node(const Node& node, const QuantizerConfig& base, const std::string& section,
                                           ErrorList& errors, std::vector<KeyDoc>* docs) {
  ConfigReader c(node, section, errors, docs);
  QuantizerConfig config = base;
  read_keys(c, config);
  c.finish();
  return config;
}

nlohmann::json to_json(const QuantizerConfig& config) {
  QuantizerConfig own = config;
  return written_keys([&](ConfigReader& c) { read_keys(c, own); });
}

QuantizerConfig get_default_kq_conf() {
  const std::lock_guard lock(defaults().mutex);
  return defaults().kernel;
}

QuantizerConfig get_default_paq_conf() {
  const std::lock_guard lock(defaults().mutex);
  return defaults().activation;
}

void set_default_kq_conf(const QuantizerConfig& config) {
  const std::lock_guard lock(defaults().mutex);
  defaults().kernel = config;
}

void set_default_paq_conf(const QuantizerConfig& config) {
  const std::lock_guard lock(defaults().mutex);
  defaults().activation = config;
}

}  // namespace hgq
