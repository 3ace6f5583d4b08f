// What a quantizer is told: `kq_conf` (kernel) and `paq_conf` (pre-activation) of HGQ, key by key.
//
//   model.kernel_quantizer:     {init_bw: 2, regularizer: {MonoL1: 1.0e-6}}
//   model.activation_quantizer: {init_bw: 3, skip_dims: [0], rnd_strategy: auto}
//
// A layer's own keys stand over the model's, those over the two defaults, which get_default_kq_conf() ...
// set_default_paq_conf() read and replace as in Python HGQ (quantization.md 1 has their values).
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

/// Dims that share one bit width (quantization.md 1, `skip_dims`): a name, or axes, negative ones too.
struct SkipDims {
  enum class Kind : uint8_t { kNone, kAll, kBatch, kExceptLast, kExceptFirst, kList };
  Kind kind = Kind::kNone;
  std::vector<int64_t> axes{};  // of kList

  /// The axes for an array of this rank, sorted, each once. Throws ShapeError for an axis outside.
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

  /// quantization.md 1: kernel quantizer; pre-activation quantizer.
  static QuantizerConfig kernel_default();
  static QuantizerConfig activation_default();
  /// The keys of a map over `base`; null gives `base`.
  static QuantizerConfig from_node(const Node& node, const QuantizerConfig& base, const std::string& section,
                                   ErrorList& errors, std::vector<KeyDoc>* docs = nullptr);
  /// Of the bit widths for values of this shape, the batch counted: 1 in each of skip_dims. Throws ShapeError.
  Shape shared_shape(const Shape& values) const;
};

/// As Python HGQ writes them into a model file.
nlohmann::json to_json(const QuantizerConfig& config);

/// The defaults of every layer made later (one of two pieces of global state of this library; quantization.md 1 until
/// set).
QuantizerConfig get_default_kq_conf();
QuantizerConfig get_default_paq_conf();
void set_default_kq_conf(const QuantizerConfig& config);
void set_default_paq_conf(const QuantizerConfig& config);

}  // namespace hgq
