// Builds a proxy model layer by layer; what the conversion of a trained model calls.
//
//   ProxyBuilder b;
//   const ProxyRef in = b.add_input("input_1", {16});
//   const ProxyRef q = b.add_quantizer("inp_q", in, types, Rounding::kRnd, Overflow::kWrap);
//   const ProxyRef z = b.add_dense("dense", q, {16, 4}, kernel, bias);
//   const ProxyRef y = b.add_quantizer("dense_quantizer", z, out_types, Rounding::kTrn, Overflow::kWrap);
//   const ProxyModel model = std::move(b).finish({y});
//
// Every call checks its layer at once: shapes, widths, and the name, which must be an identifier of C++. A name that is
// taken gets _0, _1 ... at its end (quantization.md 3.2); name(ref) tells what it became.
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

/// A layer of the model being built.
struct ProxyRef {
  int index = -1;
};

/// Entries of the largest table that Keras 2 with HGQ reads, unless LUT_SIZE_LIMITATION in its environment says more.
inline constexpr int64_t kMostKerasTableEntries = 2048;

/// The quantizer that will stand behind a function.
struct QuantizerBehind {
  QuantizerTypes types;
  Rounding rounding = Rounding::kTrn;
  Overflow overflow = Overflow::kWrap;
};

/// Layers get the names that they are given, but where hls4ml would misread them (proxy_layer_name), or a name is
/// taken.
class ProxyBuilder {
 public:
  explicit ProxyBuilder(std::string model_name = "model") : model_name_(std::move(model_name)) {}

  /// `sample`: shape without the batch.
  ProxyRef add_input(const std::string& name, const Shape& sample);
  /// `parallelization_factor`, of the parent, goes into the overrides (quantization.md 3.2).
  ProxyRef add_quantizer(const std::string& name, ProxyRef parent, QuantizerTypes types, Rounding rounding,
                         Overflow overflow, std::optional<int64_t> parallelization_factor = {});
  /// `kernel`: (inputs, units); `bias`: (units), empty for none.
  ProxyRef add_dense(const std::string& name, ProxyRef parent, const Shape& kernel_shape, std::vector<float> kernel,
                     std::vector<float> bias);
  /// `kernel`: (size ..., inputs / groups, filters); `bias`: (filters), empty for none.
  ProxyRef add_conv(const std::string& name, ProxyRef parent, ConvOptions options, const Shape& kernel_shape,
                    std::vector<float> kernel, std::vector<float> bias);
  ProxyRef add_pooling(const std::string& name, ProxyRef parent, PoolingOptions options);
  /// Named re_lu, re_lu_1 ... as Keras does.
  ProxyRef add_relu(ProxyRef parent);
  /// One of ProxyActivation::functions(). "linear" adds no layer (quantization.md 3.2): it gives the parent back.
  ProxyRef add_activation(const std::string& name, ProxyRef parent, const std::string& function);
  /// The type that the input of a UnaryLUT behind `parent` has in hls4ml, where the quantizers in front are first
  /// narrowed as the package does it. Throws ConfigError where it depends on how hls4ml folds a quantizer.
  HlsType lut_input_type(ProxyRef parent);
  /// A table of the function, made for lut_input_type(); `types`, `rounding` and `overflow` are those of the quantizer
  /// that will stand behind it (quantization.md 3.2).
  ProxyRef add_unary_lut(const std::string& name, ProxyRef parent, std::shared_ptr<const ops::UnaryFunction> function,
                         const QuantizerTypes& types, Rounding rounding, Overflow overflow);
  /// The same with entries that hold the function's values to 20 bits behind the point, whatever reads them.
  ProxyRef add_unary_lut(const std::string& name, ProxyRef parent, std::shared_ptr<const ops::UnaryFunction> function);
  /// A function of one number as hls4ml is to compute it: a UnaryLUT where its table has at most `most_entries`. Else
  /// sigmoid and tanh are an Activation, for which hls4ml has coarser tables of its own, with a note; for any other
  /// function a ConfigError says what limit would do. `behind`: the quantizer that reads it, so that entries have its
  /// bits; without one they have 20 bits behind the point.
  ProxyRef add_function(const std::string& name, ProxyRef parent,
                        const std::shared_ptr<const ops::UnaryFunction>& function, int64_t most_entries,
                        const std::optional<QuantizerBehind>& behind = {});
  /// More than two parents: a chain of layers NAME_part, NAME_part_0 ... and NAME, of two parents each, since
  /// hls4ml 1.3.0 takes no more. Sums of fixed-point values are exact in any order.
  ProxyRef add_add(const std::string& name, const std::vector<ProxyRef>& parents);
  /// `axis` counts the batch: 1 is the first dim of a sample. More than two parents: as add_add.
  ProxyRef add_concatenate(const std::string& name, const std::vector<ProxyRef>& parents, int64_t axis = -1);
  ProxyRef add_flatten(const std::string& name, ProxyRef parent);
  ProxyRef add_reshape(const std::string& name, ProxyRef parent, std::vector<int64_t> target);
  /// `dims` count from 1.
  ProxyRef add_permute(const std::string& name, ProxyRef parent, std::vector<int64_t> dims);
  /// A layer of any class, also one of a program's own: L(NAME, arguments...), NAME being what it may be called.
  template <typename L, typename... Arguments>
  ProxyRef add_layer(const std::string& name, const std::vector<ProxyRef>& parents, Arguments&&... arguments) {
    return append(std::make_unique<L>(usable_name(name), std::forward<Arguments>(arguments)...), parents);
  }

  /// The layer that is being converted: what its layers here are called after.
  void begin_layer(const std::string& name) { layer_name_ = name; }
  const std::string& layer_name() const { return layer_name_; }

  const std::string& name(ProxyRef layer) const;
  const ProxyLayer& layer(ProxyRef layer) const;
  /// Layers so far.
  int size() const { return static_cast<int>(layers_.size()); }
  /// Shape of a sample, range and fractions of what a layer gives.
  const ProxySignal& signal(ProxyRef layer) const;

  /// What the user should know of the conversion, a line each; the model will hold it.
  void note(std::string line) { notes_.push_back(std::move(line)); }

  /// Layers that lead to no output are dropped, inputs kept. Throws ShapeError without outputs. The
  /// model's notes() say what was renamed, and what hls4ml computes in its own way.
  ProxyModel finish(const std::vector<ProxyRef>& outputs) &&;

 private:
  /// What a layer that wants this name gets; notes where hls4ml would misread the name itself.
  std::string usable_name(const std::string& name);
  template <typename L, typename... Arguments>
  ProxyRef add_in_pairs(const std::string& name, const std::vector<ProxyRef>& parents, const Arguments&... arguments);
  /// Narrows the quantizers that lead to a layer, as the package does in front of a table, and plans again what reads
  /// those that changed.
  void narrow_in_front_of_table(int layer);
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
