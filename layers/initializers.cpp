#include "hgq/layers/initializers.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hgq/config/keras_object.h"
#include "hgq/config/written_keys.h"
#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/layers/object_docs.h"

namespace hgq {
namespace {

using InitializerKind = Initializer::Kind;
using FanMode = Initializer::Mode;
using Distribution = Initializer::Distribution;

/// Deviation of a normal distribution that is cut off at two deviations.
constexpr double kTruncatedDeviation = 0.87962566103423978;

constexpr std::array<std::pair<InitializerKind, KerasName>, 15> kTable{{
    {InitializerKind::kZeros, {"Zeros", {"zeros", "zero"}}},
    {InitializerKind::kOnes, {"Ones", {"ones", "one"}}},
    {InitializerKind::kConstant, {"Constant", {"constant"}, "value"}},
    {InitializerKind::kRandomUniform, {"RandomUniform", {"random_uniform", "uniform"}}},
    {InitializerKind::kRandomNormal, {"RandomNormal", {"random_normal", "normal"}}},
    {InitializerKind::kTruncatedNormal, {"TruncatedNormal", {"truncated_normal"}}},
    {InitializerKind::kVarianceScaling, {"VarianceScaling", {"variance_scaling"}}},
    {InitializerKind::kOrthogonal, {"Orthogonal", {"orthogonal"}}},
    {InitializerKind::kIdentity, {"Identity", {"identity"}}},
    {InitializerKind::kGlorotUniform, {"GlorotUniform", {"glorot_uniform"}}},
    {InitializerKind::kGlorotNormal, {"GlorotNormal", {"glorot_normal"}}},
    {InitializerKind::kLecunUniform, {"LecunUniform", {"lecun_uniform"}}},
    {InitializerKind::kLecunNormal, {"LecunNormal", {"lecun_normal"}}},
    {InitializerKind::kHeUniform, {"HeUniform", {"he_uniform"}}},
    {InitializerKind::kHeNormal, {"HeNormal", {"he_normal"}}},
}};

constexpr auto kInitializerNames = [] {
  std::array<KerasName, kTable.size()> names{};
  for (size_t i = 0; i < names.size(); ++i) names[i] = kTable[i].second;
  return names;
}();

constexpr std::array<std::pair<FanMode, const char*>, 3> kModes{
    {{FanMode::kFanIn, "fan_in"}, {FanMode::kFanOut, "fan_out"}, {FanMode::kFanAvg, "fan_avg"}}};
// Keras reads "normal" as "truncated_normal".
constexpr std::array<std::pair<Distribution, const char*>, 4> kDistributions{
    {{Distribution::kUniform, "uniform"},
     {Distribution::kTruncatedNormal, "truncated_normal"},
     {Distribution::kUntruncatedNormal, "untruncated_normal"},
     {Distribution::kTruncatedNormal, "normal"}}};

template <typename Table, typename Value>
const char* name_in(const Table& table, Value value) {
  return std::ranges::find(table, value, [](const auto& entry) { return entry.first; })->second;
}

template <typename Table>
auto choose(ConfigReader& c, const std::string& key, std::string_view doc, const Table& table, const char* fallback) {
  std::vector<std::string> names;
  for (const auto& entry : table) names.emplace_back(entry.second);
  const std::string chosen = c.choice(key, doc, names, fallback);
  return std::ranges::find(table, chosen, [](const auto& entry) { return entry.second; })->first;
}

bool is_random(InitializerKind kind) {
  return kind != InitializerKind::kZeros && kind != InitializerKind::kOnes && kind != InitializerKind::kConstant &&
         kind != InitializerKind::kIdentity;
}

/// The numbers of one parameter: uniform and normal variates as functions of the element.
class Variates {
 public:
  Variates(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}

  double uniform(int64_t element) const { return uniform_double(bits(element, 0)); }
  double normal(int64_t element) const { return normal_double(bits(element, 0)); }

  /// Redrawn until it lies within two deviations.
  double truncated_normal(int64_t element) const {
    for (uint64_t attempt = 0;; ++attempt) {
      const double z = normal_double(bits(element, attempt));
      if (std::abs(z) <= 2) return z;
    }
  }

 private:
  uint64_t bits(int64_t element, uint64_t draw) const {
    return random_bits(seed_, stream_, draw, static_cast<uint64_t>(element));
  }

  uint64_t seed_, stream_;
};

template <typename Value>
void fill_with(TensorView out, Value value) {
  const int64_t count = out.size();
  for (int64_t i = 0; i < count; ++i) out.data[i] = static_cast<float>(value(i));
}

void fill_uniform(TensorView out, const Variates& draw, double low, double high) {
  fill_with(out, [&](int64_t i) {
    const double v = low + (high - low) * draw.uniform(i);
    // Rounding to float32 may reach the upper end, which is not part of the range.
    return high > low
               ? std::min(v, static_cast<double>(std::nextafter(static_cast<float>(high), static_cast<float>(low))))
               : v;
  });
}

void fill_scaled(TensorView out, const Variates& draw, double scale, FanMode mode, Distribution distribution) {
  const Fans fan = fans(out.shape);
  const double count = mode == FanMode::kFanIn ? fan.in : mode == FanMode::kFanOut ? fan.out : (fan.in + fan.out) / 2;
  const double variance = scale / std::max(1.0, count);
  switch (distribution) {
    case Distribution::kUniform: {
      const double limit = std::sqrt(3 * variance);
      return fill_uniform(out, draw, -limit, limit);
    }
    case Distribution::kTruncatedNormal: {
      const double deviation = std::sqrt(variance) / kTruncatedDeviation;
      return fill_with(out, [&](int64_t i) { return deviation * draw.truncated_normal(i); });
    }
    case Distribution::kUntruncatedNormal:
      return fill_with(out, [&](int64_t i) { return std::sqrt(variance) * draw.normal(i); });
  }
}

/// Orthonormal columns of a matrix of normal variates (rows, where it is wider than high), by Gram and Schmidt, each
/// column twice: the factor Q of a QR decomposition with positive diagonal, which is how Keras draws it.
void fill_orthogonal(TensorView out, const Variates& draw, double gain) {
  const int64_t columns = out.shape[-1];
  const int64_t rows = columns == 0 ? 0 : out.size() / columns;
  const int64_t length = std::max(rows, columns);
  const int64_t vectors = std::min(rows, columns);
  std::vector<double> q(static_cast<size_t>(length * vectors));
  for (int64_t v = 0; v < vectors; ++v) {
    double* own = q.data() + v * length;
    for (int64_t i = 0; i < length; ++i) own[i] = draw.normal(i * vectors + v);
    for (int pass = 0; pass < 2; ++pass) {
      for (int64_t u = 0; u < v; ++u) {
        const double* other = q.data() + u * length;
        double product = 0;
        for (int64_t i = 0; i < length; ++i) product += own[i] * other[i];
        for (int64_t i = 0; i < length; ++i) own[i] -= product * other[i];
      }
    }
    double squares = 0;
    for (int64_t i = 0; i < length; ++i) squares += own[i] * own[i];
    for (int64_t i = 0; i < length; ++i) own[i] /= std::sqrt(squares);
  }
  fill_with(out, [&](int64_t i) {
    const int64_t row = i / columns;
    const int64_t column = i % columns;
    return gain * q[static_cast<size_t>(rows >= columns ? column * length + row : row * length + column)];
  });
}

}  // namespace

Fans fans(const Shape& shape) {
  if (shape.rank() == 0) return {};
  if (shape.rank() == 1) return {static_cast<double>(shape[0]), static_cast<double>(shape[0])};
  double field = 1;
  for (int d = 0; d < shape.rank() - 2; ++d) field *= static_cast<double>(shape[d]);
  return {static_cast<double>(shape[-2]) * field, static_cast<double>(shape[-1]) * field};
}

Initializer Initializer::of(InitializerKind kind) {
  Initializer result;
  result.kind = kind;
  switch (kind) {
    case InitializerKind::kVarianceScaling:
    case InitializerKind::kLecunNormal:
      result.mode = FanMode::kFanIn;
      result.distribution = Distribution::kTruncatedNormal;
      break;
    case InitializerKind::kLecunUniform:
      result.mode = FanMode::kFanIn;
      break;
    case InitializerKind::kHeUniform:
      result.scale = 2;
      result.mode = FanMode::kFanIn;
      break;
    case InitializerKind::kHeNormal:
      result.scale = 2;
      result.mode = FanMode::kFanIn;
      result.distribution = Distribution::kTruncatedNormal;
      break;
    case InitializerKind::kGlorotNormal:
      result.distribution = Distribution::kTruncatedNormal;
      break;
    default:
      break;
  }
  return result;
}

Initializer Initializer::constant(double value) {
  Initializer result = of(InitializerKind::kConstant);
  result.value = value;
  return result;
}

namespace {

/// Reads the keys of its kind; its values are the fallbacks.
void read_keys(ConfigReader& c, Initializer& result) {
  switch (result.kind) {
    case InitializerKind::kConstant:
      result.value = c.number("value", "value of every element", {.fallback = result.value});
      break;
    case InitializerKind::kRandomUniform:
      result.minval = c.number("minval", "lower end", {.fallback = result.minval});
      result.maxval = c.number("maxval", "upper end, not reached", {.fallback = result.maxval});
      if (result.minval > result.maxval) c.error("minval", concat(result.minval, " is above maxval ", result.maxval));
      break;
    case InitializerKind::kRandomNormal:
    case InitializerKind::kTruncatedNormal:
      result.mean = c.number("mean", "mean of the numbers", {.fallback = result.mean});
      result.stddev =
          c.number("stddev", "standard deviation, before truncation", {.fallback = result.stddev, .min = 0});
      break;
    case InitializerKind::kVarianceScaling:
      result.scale =
          c.number("scale", "the variance times the fan", {.fallback = result.scale, .min = 0, .above_min = true});
      result.mode =
          choose(c, "mode", "fan: the inputs, the outputs, or their mean", kModes, name_in(kModes, result.mode));
      result.distribution =
          choose(c, "distribution", "what the numbers are drawn from; normal is truncated_normal, as in Keras",
                 kDistributions, name_in(kDistributions, result.distribution));
      break;
    case InitializerKind::kOrthogonal:
    case InitializerKind::kIdentity:
      result.gain = c.number("gain", "factor of the matrix", {.fallback = result.gain});
      break;
    default:
      break;
  }
  if (!is_random(result.kind)) return;
  if (const auto seed = c.optional_integer("seed", "the same numbers for every parameter of a shape"))
    result.seed = seed;
  if (result.seed) c.resolve("seed", *result.seed);
}

Initializer read_initializer(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs) {
  const KerasObject object = read_keras_object(node, "an initializer", kInitializerNames, errors);
  if (object.name.empty()) return {};
  const auto* entry = std::ranges::find(kTable, object.name, [](const auto& e) { return e.second.class_name; });
  Initializer result = Initializer::of(entry->first);
  ConfigReader c(object.arguments, object.written, errors, docs);
  read_keys(c, result);
  c.finish();
  return result;
}

/// What the numbers are; the special cases of VarianceScaling by their arguments.
std::string doc_of(InitializerKind kind) {
  switch (kind) {
    case InitializerKind::kZeros:
      return "0";
    case InitializerKind::kOnes:
      return "1";
    case InitializerKind::kConstant:
      return "one value";
    case InitializerKind::kRandomUniform:
      return "uniform in [minval, maxval)";
    case InitializerKind::kRandomNormal:
      return "normal";
    case InitializerKind::kTruncatedNormal:
      return "normal, drawn anew beyond two deviations";
    case InitializerKind::kVarianceScaling:
      return "random with the variance scale / fan";
    case InitializerKind::kOrthogonal:
      return "an orthogonal matrix times gain";
    case InitializerKind::kIdentity:
      return "the identity matrix times gain";
    default:
      break;
  }
  const Initializer i = Initializer::of(kind);
  return concat("VarianceScaling with scale ", i.scale, ", ", name_in(kModes, i.mode), ", ",
                name_in(kDistributions, i.distribution));
}

}  // namespace

Initializer Initializer::from_node(const Node& node, ErrorList& errors) {
  return read_initializer(node, errors, nullptr);
}

std::vector<ObjectDoc> initializer_docs() {
  const auto doc = [](const KerasName& name) {
    return doc_of(std::ranges::find(kTable, name.class_name, [](const auto& e) { return e.second.class_name; })->first);
  };
  return object_docs(kInitializerNames, doc, read_initializer);
}

std::string config_text(const Initializer& initializer) {
  const auto* entry = std::ranges::find(kTable, initializer.kind, [](const auto& e) { return e.first; });
  return std::string(entry->second.aliases[0]);
}

void Initializer::fill(TensorView out, uint64_t run_seed, std::string_view parameter_name) const {
  const Variates draw = seed ? Variates(static_cast<uint64_t>(*seed), stream_of("initializer"))
                             : Variates(run_seed, stream_of(concat("initializer/", parameter_name)));
  switch (kind) {
    case InitializerKind::kZeros:
      return fill_with(out, [](int64_t) { return 0.0; });
    case InitializerKind::kOnes:
      return fill_with(out, [](int64_t) { return 1.0; });
    case InitializerKind::kConstant:
      return fill_with(out, [this](int64_t) { return value; });
    case InitializerKind::kRandomUniform:
      return fill_uniform(out, draw, minval, maxval);
    case InitializerKind::kRandomNormal:
      return fill_with(out, [&](int64_t i) { return mean + stddev * draw.normal(i); });
    case InitializerKind::kTruncatedNormal:
      return fill_with(out, [&](int64_t i) { return mean + stddev * draw.truncated_normal(i); });
    case InitializerKind::kOrthogonal:
      HGQ_CHECK(out.shape.rank() >= 2, ShapeError, "'", parameter_name,
                "': the initializer Orthogonal needs at least 2 dims, the shape is ", out.shape);
      return fill_orthogonal(out, draw, gain);
    case InitializerKind::kIdentity:
      HGQ_CHECK(out.shape.rank() == 2, ShapeError, "'", parameter_name,
                "': the initializer Identity needs 2 dims, the shape is ", out.shape);
      return fill_with(out, [&](int64_t i) { return i / out.shape[1] == i % out.shape[1] ? gain : 0.0; });
    case InitializerKind::kVarianceScaling:
    case InitializerKind::kGlorotUniform:
    case InitializerKind::kGlorotNormal:
    case InitializerKind::kLecunUniform:
    case InitializerKind::kLecunNormal:
    case InitializerKind::kHeUniform:
    case InitializerKind::kHeNormal:
      return fill_scaled(out, draw, scale, mode, distribution);
  }
}

std::string_view to_string(Initializer::Kind kind) {
  return std::ranges::find(kTable, kind, [](const auto& entry) { return entry.first; })->second.class_name;
}

nlohmann::json to_json(const Initializer& initializer) {
  Initializer own = initializer;
  nlohmann::json config = written_keys([&](ConfigReader& c) { read_keys(c, own); });
  return keras_json("keras.initializers", to_string(initializer.kind), std::move(config));
}

}  // namespace hgq
