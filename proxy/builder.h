// Builds a proxy model layer by layer. The conversion of a trained model uses it, and that of models of QKeras and
// Keras.
//
//   ProxyBuilder b;
//   const ProxyRef in = b.add_input("input_1", {16});
//   const ProxyRef q = b.add_quantizer("inp_q", in, types, Rounding::kRnd, Overflow::kWrap);
//   const ProxyRef z = b.add_dense("dense", q, {16, 4}, kernel, bias);
//   const ProxyRef y = b.add_quantizer("dense_quantizer", z, out_types, Rounding::kTrn, Overflow::kWrap);
//   const ProxyModel model = std::move(b).finish({y});
//
// Each call checks its layer at once, and throws ShapeError if shapes or widths do not fit, ConfigError if the name
// cannot become an identifier of C++. A name that is taken gets _0, _1 ... at its end (quantization.md 3.2), and a name
// that hls4ml would misread is changed (proxy-format.md 1.4.1); name(ref) tells the result.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hgq/proxy/conv.h"
#include "hgq/proxy/model.h"
#include "hgq/proxy/names.h"
#include "hgq/proxy/pooling.h"
#include "hgq/proxy/quantizer.h"
#include "hgq/proxy/unary_lut.h"

namespace hgq {

/// A layer of the model that is being built.
struct ProxyRef {
  int index = -1;
};

/// The most entries of a table that Keras 2 with HGQ reads, unless LUT_SIZE_LIMITATION in its environment allows more.
inline constexpr int64_t kMostKerasTableEntries = 2048;

/// The quantizer that will follow a function.
struct QuantizerBehind {
  QuantizerTypes types;
  Rounding rounding = Rounding::kTrn;
  Overflow overflow = Overflow::kWrap;
};

/// Holds the layers until finish(). An object builds one model.
class ProxyBuilder {
 public:
  explicit ProxyBuilder(std::string model_name = "model") : model_name_(std::move(model_name)) {}

  /// `sample` is the shape without the batch.
  ProxyRef add_input(const std::string& name, const Shape& sample);
  /// `parallelization_factor` is that of the parent, for the overrides of the quantizer (quantization.md 3.2).
  ProxyRef add_quantizer(const std::string& name, ProxyRef parent, QuantizerTypes types, Rounding rounding,
                         Overflow overflow, std::optional<int64_t> parallelization_factor = {});
  /// `kernel` has shape [inputs, units], row-major; `bias` has `units` values, or none.
  ProxyRef add_dense(const std::string& name, ProxyRef parent, const Shape& kernel_shape, std::vector<float> kernel,
                     std::vector<float> bias);
  /// `kernel` has shape [size..., inputs / groups, filters], row-major; `bias` has `filters` values, or none.
  ProxyRef add_conv(const std::string& name, ProxyRef parent, ConvOptions options, const Shape& kernel_shape,
                    std::vector<float> kernel, std::vector<float> bias);
  ProxyRef add_pooling(const std::string& name, ProxyRef parent, PoolingOptions options);
  /// The layer is called re_lu, re_lu_1 and so on, as in Keras.
  ProxyRef add_relu(ProxyRef parent);
  /// `function` is one of ProxyActivation::functions(). "linear" adds no layer and returns the parent (quantization.md
  /// 3.2).
  ProxyRef add_activation(const std::string& name, ProxyRef parent, const std::string& function);
  /// The type in hls4ml of the input of a UnaryLUT after `parent`, once the quantizers before it are narrowed as Python
  /// HGQ does (quantization.md 3.2). Throws ConfigError if it depends on how hls4ml folds a quantizer.
  HlsType lut_input_type(ProxyRef parent);
  /// A table of the function for an input of type lut_input_type(). `types`, `rounding` and `overflow` are those of the
  /// quantizer that will follow it (quantization.md 3.2).
  ProxyRef add_unary_lut(const std::string& name, ProxyRef parent, std::shared_ptr<const ops::UnaryFunction> function,
                         const QuantizerTypes& types, Rounding rounding, Overflow overflow);
  /// The same with entries of 20 fractional bits, whatever reads them.
  ProxyRef add_unary_lut(const std::string& name, ProxyRef parent, std::shared_ptr<const ops::UnaryFunction> function);
  /// A function of one number in the form in which hls4ml can compute it: a UnaryLUT if the table has at most
  /// `most_entries`. If it would have more, sigmoid and tanh become an Activation, for which hls4ml has coarser tables
  /// of its own, and a note says so; for any other function it throws ConfigError with the limit that would do.
  /// `behind` is the quantizer that will follow, whose bits the entries get; without one they have 20 fractional bits.
  ProxyRef add_function(const std::string& name, ProxyRef parent,
                        const std::shared_ptr<const ops::UnaryFunction>& function, int64_t most_entries,
                        const std::optional<QuantizerBehind>& behind = {});
  /// More than two parents give a chain of layers with two parents each, called NAME_part, NAME_part_0 and so on, and
  /// NAME, since hls4ml 1.3.0 takes no more. Sums of fixed-point values are exact in any order.
  ProxyRef add_add(const std::string& name, const std::vector<ProxyRef>& parents);
  /// `axis` counts the batch: 1 is the first dimension of a sample. More than two parents give a chain, as in
  /// add_add().
  ProxyRef add_concatenate(const std::string& name, const std::vector<ProxyRef>& parents, int64_t axis = -1);
  ProxyRef add_flatten(const std::string& name, ProxyRef parent);
  /// `target` is the shape of a sample; one entry may be -1.
  ProxyRef add_reshape(const std::string& name, ProxyRef parent, std::vector<int64_t> target);
  /// `dims` are the dimensions of the input in their new order, counted from 1; 0 is the batch.
  ProxyRef add_permute(const std::string& name, ProxyRef parent, std::vector<int64_t> dims);
  /// A layer of any class L, which may be one of a program's own. It is made as L(NAME, arguments...), where NAME is
  /// the name that it gets.
  template <typename L, typename... Arguments>
  ProxyRef add_layer(const std::string& name, const std::vector<ProxyRef>& parents, Arguments&&... arguments) {
    return append(std::make_unique<L>(usable_name(name), std::forward<Arguments>(arguments)...), parents);
  }

  /// Sets the name of the layer of the trained model whose part of the proxy follows; its layers are named after it.
  void begin_layer(const std::string& name) { layer_name_ = name; }
  const std::string& layer_name() const { return layer_name_; }

  /// The name that a layer has got, and the layer; valid until finish().
  const std::string& name(ProxyRef layer) const;
  const ProxyLayer& layer(ProxyRef layer) const;
  /// The number of layers so far.
  int size() const { return static_cast<int>(layers_.size()); }
  /// The shape, ranges and fractions of the output of a layer; valid until another layer is added.
  const ProxySignal& signal(ProxyRef layer) const;

  /// Adds a line for the user about the conversion, to ProxyModel::notes().
  void note(std::string line) { notes_.push_back(std::move(line)); }

  /// Makes the model. Layers that lead to no output are dropped, except inputs. ProxyModel::notes() has the lines of
  /// note(), and tells which layers were renamed and what hls4ml computes differently. Throws ShapeError without
  /// outputs.
  ProxyModel finish(const std::vector<ProxyRef>& outputs) &&;

 private:
  /// The name for a layer that asks for this one; adds a note if hls4ml would misread it.
  std::string usable_name(const std::string& name);
  template <typename L, typename... Arguments>
  ProxyRef add_in_pairs(const std::string& name, const std::vector<ProxyRef>& parents, const Arguments&... arguments);
  /// Narrows the quantizers that lead to a layer, as Python HGQ does before a table, and makes new plans for the layers
  /// after them.
  void narrow_before_table(int layer);
  ProxyRef append(std::unique_ptr<ProxyLayer> layer, const std::vector<ProxyRef>& parents);

  std::string model_name_;
  std::string layer_name_;
  ProxyNames names_;
  std::vector<std::string> notes_;
  std::vector<ProxyModel::Entry> layers_;
  std::vector<ProxySignal> signals_;
  std::vector<int> inputs_;
};

}  // namespace hgq
