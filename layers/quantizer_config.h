// The settings of a quantizer: `kq_conf` (kernel) and `paq_conf` (pre-activation) of HGQ, key by key.
//
//   model.kernel_quantizer:     {init_bw: 2, regularizer: {MonoL1: 1.0e-6}}
//   model.activation_quantizer: {init_bw: 3, skip_dims: [0], rnd_strategy: auto}
//
// The keys of a layer take precedence over those of the model, and these over the two defaults. get_default_kq_conf(),
// set_default_kq_conf() and their like for `paq` read and replace the defaults, as in Python HGQ; quantization.md 1 has
// their values.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/core/shape.h"
#include "hgq/layers/regularizers.h"

namespace hgq {

/// The dimensions that share one bit width (quantization.md 1, `skip_dims`): a name, or axes, which may be negative.
struct SkipDims {
  enum class Kind : uint8_t { kNone, kAll, kBatch, kExceptLast, kExceptFirst, kList };
  Kind kind = Kind::kNone;
  std::vector<int64_t> axes{};  // of kList

  /// The axes for an array of this rank, sorted, each once. Throws ShapeError if an axis is out of range.
  std::vector<int> resolve(int rank) const;
  bool operator==(const SkipDims&) const = default;
};

struct QuantizerConfig {
  enum class Rounding : uint8_t { kStandard, kStochastic, kNoise, kFloor, kAuto };

  double init_bw = 2;
  SkipDims skip_dims;
  Rounding rnd_strategy = Rounding::kStandard;
  bool exact_q_value = true;
  std::optional<std::pair<double, double>> bw_clip = std::pair{-23.0, 23.0};
  bool trainable = true;
  Regularizer regularizer = Regularizer::L1(1e-6);
  bool minmax_record = false;

  bool operator==(const QuantizerConfig&) const = default;

  /// The defaults of quantization.md 1 for kernel and pre-activation quantizer.
  static QuantizerConfig kernel_default();
  static QuantizerConfig activation_default();
  /// Reads the keys of a map; those that are not given have the values of `base`. Null gives `base`. Adds errors to
  /// `errors`; `section` names the map in them.
  static QuantizerConfig from_node(const Node& node, const QuantizerConfig& base, const std::string& section,
                                   ErrorList& errors, std::vector<KeyDoc>* docs = nullptr);
  /// The shape of the bit widths for values of this shape, batch included: it is 1 in each of skip_dims. Throws
  /// ShapeError if these do not fit.
  Shape shared_shape(const Shape& values) const;
};

/// The settings as Python HGQ writes them to a model file.
nlohmann::json to_json(const QuantizerConfig& config);

/// The defaults for every layer that is made later; those of quantization.md 1 until they are set. They are one of the
/// two pieces of global state in this library.
QuantizerConfig get_default_kq_conf();
QuantizerConfig get_default_paq_conf();
void set_default_kq_conf(const QuantizerConfig& config);
void set_default_paq_conf(const QuantizerConfig& config);

}  // namespace hgq
