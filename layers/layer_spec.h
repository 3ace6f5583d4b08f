// The kind of a layer with its keys, before the layer is built; the functions that make one in code.
//
//   HDense(64).relu().name("hidden").set("kq_conf", "{init_bw: 3}")
//
// The keys are the same as in a config file. layers/model.h shows how a list of specs becomes a model.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hgq/autograd/activations.h"
#include "hgq/config/node.h"
#include "hgq/core/shape.h"

namespace hgq {

/// A layer before it is built. Each function that changes a spec returns it, so that calls can be chained.
struct LayerSpec {
  std::string kind;                 // "HDense"
  Node arguments;                   // a map of keys
  std::vector<std::string> inputs;  // names of layers; empty: the layer before. "NAME/INNER": output of a nested model
  std::vector<LayerSpec> layers{};  // of a NestedModel
  std::vector<std::string> outputs{};  // of a NestedModel: names of its layers; empty: those that no other layer reads
  std::string proxy_name{};            // the name of the layer in the proxy; empty: the same name
  std::shared_ptr<const ops::UnaryFunction> function{};  // of HActivation, if given in code; layers and tapes share it

  /// Where a config names each of `inputs` and `outputs`; empty for a spec made in code. The place of the layer itself
  /// is the key_place of its arguments.
  std::vector<std::string> input_places{}, output_places{};

  // The keys that are set most often; set() sets any other.
  LayerSpec& relu();
  LayerSpec& name(const std::string& value);
  LayerSpec& beta(double value);
  LayerSpec& from(std::vector<std::string> names);
  /// The value is YAML text: set("kq_conf", "{init_bw: 3}"). Throws ConfigError if it is not.
  LayerSpec& set(const std::string& key, const std::string& yaml);
};

/// A layer of any kind, including those that a program registers: AnyLayer("PMaxPooling1D").set("pool_size", "3").
LayerSpec AnyLayer(const std::string& kind);
/// An input of the model. `shape` is that of a sample, without the batch.
LayerSpec Input(const std::string& name, const Shape& shape = {});
/// Calls a layer or a nested model again, with the same weights.
LayerSpec Shared(const std::string& layer);
/// The Input layers among `layers` are its inputs, in their order. Without any, it has one input, which its first layer
/// reads.
LayerSpec NestedModel(const std::string& name, std::vector<LayerSpec> layers, std::vector<std::string> outputs = {});
LayerSpec HQuantize();
LayerSpec HDense(int64_t units);
LayerSpec HDenseBatchNorm(int64_t units);
LayerSpec HConv1D(int64_t filters, int64_t kernel_size);
LayerSpec HConv1DBatchNorm(int64_t filters, int64_t kernel_size);
/// In two dimensions a size is {height, width}; a single number is both.
LayerSpec HConv2D(int64_t filters, const std::vector<int64_t>& kernel_size);
LayerSpec HConv2DBatchNorm(int64_t filters, const std::vector<int64_t>& kernel_size);
/// The name of a function (autograd/activations.h), or a formula in x (autograd/expression.h).
LayerSpec HActivation(const std::string& function);
/// A function of the program's own: HActivation({"cube", [](double x) { return x * x * x; }}), with its derivative as a
/// third argument, if it is known; or as operations on the tape: HActivation({"cube", [](Var x) { return ...; }}).
LayerSpec HActivation(ops::UnaryFunction function);
LayerSpec HActivation(TapeFunction function);
LayerSpec HAdd(std::vector<std::string> inputs);
LayerSpec Signature(int64_t keep_negative, int64_t bits, int64_t int_bits);
LayerSpec PReshape(const std::vector<int64_t>& target_shape);
LayerSpec PFlatten();
LayerSpec PPermute(const std::vector<int64_t>& dims);
LayerSpec PConcatenate(std::vector<std::string> inputs, int64_t axis = -1);
LayerSpec PDropout(double rate);
LayerSpec PMaxPooling1D(int64_t pool_size = 2);
LayerSpec PAveragePooling1D(int64_t pool_size = 2);
LayerSpec PMaxPooling2D(const std::vector<int64_t>& pool_size = {2});
LayerSpec PAveragePooling2D(const std::vector<int64_t>& pool_size = {2});

}  // namespace hgq
