#include "hgq/layers/constraints.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "hgq/config/keras_object.h"
#include "hgq/config/written_keys.h"
#include "hgq/core/error.h"
#include "hgq/layers/object_docs.h"

namespace hgq {
namespace {

using ConstraintKind = ConstraintConfig::Kind;

constexpr float kEpsilon = 1e-7F;  // Keras' backend.epsilon()
constexpr int64_t kMaxMaskElements = int64_t{1} << 24;

constexpr std::array<KerasName, 6> kConstraintNames{{{"MaxNorm", {"max_norm", "maxnorm"}, "max_value"},
                                                     {"NonNeg", {"non_neg", "nonneg"}},
                                                     {"UnitNorm", {"unit_norm", "unitnorm"}},
                                                     {"MinMaxNorm", {"min_max_norm"}},
                                                     {"ElementMask", {"element_mask"}},
                                                     {"None", {"none"}}}};

/// Appends the values of nested lists, which must be a full box of 0 and 1. False after an error.
bool read_mask(const Node& node, int depth, ConstraintConfig& out, ErrorList& errors) {
  const auto fail = [&](const std::string& message) {
    errors.add(node.place(), concat("ElementMask: ", message));
    return false;
  };
  if (node.is_list()) {
    const auto length = static_cast<int64_t>(node.items().size());
    if (depth == Shape::kMaxRank) return fail(concat("the mask is nested deeper than ", Shape::kMaxRank, " lists"));
    if (length == 0) return fail("a list of the mask is empty");
    if (depth == out.mask_shape.rank()) {
      if (!out.mask.empty())
        return fail(concat("found a list where others have a number: expected lists of equal depth"));
      std::vector<int64_t> dims(out.mask_shape.dims().begin(), out.mask_shape.dims().end());
      dims.push_back(length);
      out.mask_shape = Shape(dims);
    }
    if (out.mask_shape[depth] != length) {
      return fail(
          concat("a list of the mask has ", length, " entries, others on its level have ", out.mask_shape[depth]));
    }
    return std::all_of(node.items().begin(), node.items().end(),
                       [&](const Node& item) { return read_mask(item, depth + 1, out, errors); });
  }
  const std::optional<double> value = decimal_number(node);
  if (!value || (*value != 0 && *value != 1)) return fail(concat("found ", describe(node), ", expected 0 or 1"));
  if (depth != out.mask_shape.rank())
    return fail("found a number where others have a list: expected lists of equal depth");
  if (std::ssize(out.mask) >= kMaxMaskElements) return fail("the mask has too many elements");
  out.mask.push_back(static_cast<float>(*value));
  return true;
}

void read_element_mask(ConfigReader& c, ConstraintConfig& out) {
  const Node* mask =
      c.node("mask", "pattern of 0 and 1, in the shape of the weight; or band", "nested lists of 0 and 1");
  const auto band = c.optional_integer(
      "band", "instead of mask: of the last two dims, keep where row and column differ by at most this", {.min = 0});
  if (c.has("band") == c.has("mask")) {
    c.error("mask", "expected one of 'mask' and 'band'");
    return;
  }
  out.band = band.value_or(-1);
  if (mask == nullptr) return;
  if (!mask->is_list()) {
    c.error("mask", concat("expected nested lists of 0 and 1, found ", describe(*mask)));
    return;
  }
  read_mask(*mask, 0, out, c.errors());
}

nlohmann::json mask_json(const ConstraintConfig& config, int depth, size_t& next) {
  if (depth == config.mask_shape.rank()) return static_cast<int>(config.mask[next++]);
  nlohmann::json list = nlohmann::json::array();
  for (int64_t i = 0; i < config.mask_shape[depth]; ++i) list.push_back(mask_json(config, depth + 1, next));
  return list;
}

/// For every element of an array the number of the group over whose members a norm runs: all that differ only along
/// `axis`.
struct NormGroups {
  std::vector<int32_t> group;   // per element, row-major
  std::vector<double> squares;  // per group; scratch
};

NormGroups norm_groups(const std::vector<int64_t>& axis, const Shape& shape, std::string_view name) {
  std::array<bool, Shape::kMaxRank> reduced{};
  for (const int64_t a : axis) {
    HGQ_CHECK(a >= -shape.rank() && a < shape.rank(), ShapeError, "constraint on '", name, "': axis ", a,
              " does not exist, the shape is ", shape);
    reduced[static_cast<size_t>(a < 0 ? a + shape.rank() : a)] = true;
  }
  std::array<int64_t, Shape::kMaxRank> stride{};
  int64_t groups = 1;
  for (int d = shape.rank() - 1; d >= 0; --d) {
    const auto dim = static_cast<size_t>(d);
    stride[dim] = reduced[dim] ? 0 : groups;
    if (!reduced[dim]) groups *= shape[d];
  }
  NormGroups result;
  result.squares.resize(static_cast<size_t>(groups));
  result.group.resize(static_cast<size_t>(shape.size()));
  for (int64_t i = 0; i < shape.size(); ++i) {
    int64_t rest = i;
    int64_t group = 0;
    for (int d = shape.rank() - 1; d >= 0; --d) {
      group += rest % shape[d] * stride[static_cast<size_t>(d)];
      rest /= shape[d];
    }
    result.group[static_cast<size_t>(i)] = static_cast<int32_t>(group);
  }
  return result;
}

/// Scales each group of weights by (wanted norm) / (norm + epsilon).
template <typename Wanted>
Constraint norm_constraint(NormGroups groups, Wanted wanted) {
  return [groups = std::move(groups), wanted](TensorView w) mutable {
    std::fill(groups.squares.begin(), groups.squares.end(), 0.0);
    const size_t count = groups.group.size();
    for (size_t i = 0; i < count; ++i) {
      groups.squares[static_cast<size_t>(groups.group[i])] +=
          static_cast<double>(w.data[i]) * static_cast<double>(w.data[i]);
    }
    for (double& square : groups.squares) {
      const auto norm = static_cast<float>(std::sqrt(square));
      square = static_cast<double>(wanted(norm) / (kEpsilon + norm));  // now the factor
    }
    for (size_t i = 0; i < count; ++i)
      w.data[i] *= static_cast<float>(groups.squares[static_cast<size_t>(groups.group[i])]);
  };
}

std::vector<float> band_mask(int64_t band, const Shape& shape, std::string_view name) {
  HGQ_CHECK(shape.rank() >= 2, ShapeError, "constraint on '", name, "': a band needs 2 dims, the shape is ", shape);
  std::vector<float> mask(static_cast<size_t>(shape.size()));
  const int64_t rows = shape[-2];
  const int64_t columns = shape[-1];
  for (int64_t i = 0; i < shape.size(); ++i) {
    const int64_t distance = std::abs(i / columns % rows - i % columns);
    mask[static_cast<size_t>(i)] = distance <= band ? 1.0F : 0.0F;
  }
  return mask;
}

Constraint mask_constraint(const ConstraintConfig& config, const Shape& shape, std::string_view name) {
  HGQ_CHECK(config.band >= 0 || config.mask_shape == shape, ShapeError, "constraint on '", name,
            "': the mask has shape ", config.mask_shape, ", the weight ", shape);
  return [mask = config.band >= 0 ? band_mask(config.band, shape, name) : config.mask](TensorView w) {
    for (size_t i = 0; i < mask.size(); ++i) w.data[i] *= mask[i];
  };
}

/// With Keras' default arguments.
ConstraintConfig defaults_of(ConstraintKind kind) {
  ConstraintConfig config;
  config.kind = kind;
  config.max_value = kind == ConstraintKind::kMaxNorm ? 2 : kind == ConstraintKind::kMinMaxNorm ? 1 : 0;
  return config;
}

/// Reads the keys of its kind, but not those of a mask; its values are the fallbacks.
void read_keys(ConfigReader& c, ConstraintConfig& config) {
  if (config.kind == ConstraintKind::kNonNeg || config.kind == ConstraintKind::kElementMask) return;
  if (config.kind == ConstraintKind::kMinMaxNorm)
    config.min_value = c.number("min_value", "smallest norm", {.fallback = config.min_value, .min = 0});
  if (config.kind != ConstraintKind::kUnitNorm)
    config.max_value = c.number("max_value", "largest norm", {.fallback = config.max_value, .min = 0});
  if (config.kind == ConstraintKind::kMinMaxNorm)
    config.rate = c.number("rate", "share of the way into the range that a step goes",
                           {.fallback = config.rate, .min = 0, .max = 1});
  config.axis = c.integers("axis", "dims that a norm runs over", config.axis);
  if (config.axis.size() == 1) c.resolve("axis", config.axis.front());  // as Keras writes it
  if (config.kind == ConstraintKind::kMinMaxNorm && config.min_value > config.max_value)
    c.error("min_value", concat("min_value ", config.min_value, " is above max_value ", config.max_value));
}

ConstraintConfig read_constraint(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs) {
  if (node.is_null()) return {};
  const KerasObject object = read_keras_object(node, "a constraint", kConstraintNames, errors);
  ConstraintConfig result;
  for (const ConstraintKind kind : {ConstraintKind::kMaxNorm, ConstraintKind::kNonNeg, ConstraintKind::kUnitNorm,
                                    ConstraintKind::kMinMaxNorm, ConstraintKind::kElementMask}) {
    if (object.name == to_string(kind)) result = defaults_of(kind);
  }
  if (!result) return {};  // none, or an error
  ConfigReader c(object.arguments, object.written, errors, docs);
  if (result.kind == ConstraintKind::kElementMask) read_element_mask(c, result);
  read_keys(c, result);
  c.finish();
  return result;
}

std::string doc_of(std::string_view name) {
  if (name == "MaxNorm") return "norms over `axis` are scaled down to max_value";
  if (name == "NonNeg") return "negative weights become 0";
  if (name == "UnitNorm") return "norms over `axis` become 1";
  if (name == "MinMaxNorm") return "norms over `axis` are moved by `rate` of the way into [min_value, max_value]";
  return name == "ElementMask" ? "weights are multiplied by a fixed pattern of 0 and 1; not a class of Keras" : "";
}

}  // namespace

ConstraintConfig ConstraintConfig::from_node(const Node& node, ErrorList& errors) {
  return read_constraint(node, errors, nullptr);
}

std::vector<ObjectDoc> constraint_docs() {
  return object_docs(
      kConstraintNames, [](const KerasName& name) { return doc_of(name.class_name); }, read_constraint);
}

std::string config_text(const ConstraintConfig& constraint) {
  return constraint ? std::string(to_string(constraint.kind)) : "none";
}

std::string_view to_string(ConstraintConfig::Kind kind) {
  switch (kind) {
    case ConstraintKind::kMaxNorm:
      return "MaxNorm";
    case ConstraintKind::kNonNeg:
      return "NonNeg";
    case ConstraintKind::kUnitNorm:
      return "UnitNorm";
    case ConstraintKind::kMinMaxNorm:
      return "MinMaxNorm";
    case ConstraintKind::kElementMask:
      return "ElementMask";
    case ConstraintKind::kNone:
      break;
  }
  return "None";
}

Constraint make_constraint(const ConstraintConfig& config, const Shape& shape, std::string_view parameter_name) {
  switch (config.kind) {
    case ConstraintKind::kNone:
      return {};
    case ConstraintKind::kNonNeg:
      return [](TensorView w) {
        // The product, as in Keras: a NaN stays one.
        for (float& v : w.values()) v *= v >= 0 ? 1.0F : 0.0F;
      };
    case ConstraintKind::kMaxNorm:
      return norm_constraint(norm_groups(config.axis, shape, parameter_name),
                             [max = static_cast<float>(config.max_value)](float norm) { return std::min(norm, max); });
    case ConstraintKind::kUnitNorm:
      return norm_constraint(norm_groups(config.axis, shape, parameter_name), [](float) { return 1.0F; });
    case ConstraintKind::kMinMaxNorm:
      return norm_constraint(norm_groups(config.axis, shape, parameter_name),
                             [min = static_cast<float>(config.min_value), max = static_cast<float>(config.max_value),
                              rate = static_cast<float>(config.rate), stay = static_cast<float>(1 - config.rate)](
                                 float norm) { return rate * std::clamp(norm, min, max) + stay * norm; });
    case ConstraintKind::kElementMask:
      return mask_constraint(config, shape, parameter_name);
  }
  return {};
}

nlohmann::json to_json(const ConstraintConfig& config) {
  if (!config) return nullptr;
  ConstraintConfig own = config;
  nlohmann::json arguments = written_keys([&](ConfigReader& c) { read_keys(c, own); });
  if (config.kind == ConstraintKind::kElementMask &&
      config.band >= 0) {  // one of the two keys, which exclude each other
    arguments["band"] = config.band;
  } else if (config.kind == ConstraintKind::kElementMask) {
    size_t next = 0;
    arguments["mask"] = mask_json(config, 0, next);
  }
  const bool ours = config.kind == ConstraintKind::kElementMask;
  nlohmann::json json = keras_json(ours ? "hgq" : "keras.constraints", to_string(config.kind), std::move(arguments));
  if (ours) json["registered_name"] = "hgq>ElementMask";
  return json;
}

}  // namespace hgq
