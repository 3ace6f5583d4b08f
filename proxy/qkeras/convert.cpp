#include "hgq/proxy/qkeras/convert.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "hgq/autograd/activations.h"
#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/proxy/activations.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/input.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/qkeras/activation_layers.h"
#include "hgq/proxy/qkeras/activation_quantizers.h"
#include "hgq/proxy/qkeras/flat_graph.h"
#include "hgq/proxy/qkeras/kernel_layers.h"
#include "hgq/proxy/qkeras/layer_classes.h"
#include "hgq/proxy/qkeras/separable.h"

namespace hgq {
namespace {

/// Converts a graph, node by node. A layer with errors is not in the proxy, and neither are those after it; these are
/// still read, so that all errors are found.
class Converter {
 public:
  Converter(const KerasFile& file, const ProxyKinds& kinds, const QKerasOptions& options)
      : file_(file),
        kinds_(kinds),
        overflow_(options.wrap ? Overflow::kWrap : Overflow::kSat),
        input_types_(options.input_types),
        graph_(flat_graph(keras_graph(file.model_config))) {
    for (KerasNode& node : graph_.nodes) {
      node = without_wrapper(node);
      for (const std::string& input : node.inputs) ++readers_[input];
    }
    for (const std::string& output : graph_.outputs) ++readers_[output];
  }

  QKerasConversion convert() {
    for (const std::string& input : graph_.inputs) {  // in the order in which they are given
      const auto node = std::ranges::find(graph_.nodes, input, &KerasNode::name);
      HGQ_CHECK(node != graph_.nodes.end() && node->class_name == "InputLayer", FileError, file_.path, ": '", input,
                "' is listed as an input of the model, but is not one");
      convert(*node);
    }
    for (const auto& [name, type] : input_types_) {
      HGQ_CHECK(name.empty() || std::ranges::find(graph_.inputs, name) != graph_.inputs.end(), ConfigError,
                "--input-bits: the model has no input '", printable(name), "'; there are ", join_names(graph_.inputs));
    }
    for (const KerasNode& node : graph_.nodes) {
      if (!refs_.contains(node.name)) convert(node);
    }
    errors_.throw_if_any();
    std::vector<ProxyRef> outputs;
    for (const std::string& output : graph_.outputs) outputs.push_back(*refs_.at(output));
    return {std::move(builder_).finish(outputs), std::move(done_)};
  }

 private:
  using Ref = std::optional<ProxyRef>;

  void convert(const KerasNode& node) {
    ErrorList errors;
    std::vector<ProxyRef> in;
    for (const std::string& input : node.inputs) {
      const auto found = refs_.find(input);
      if (found != refs_.end() && found->second) in.push_back(*found->second);
    }
    became_.clear();
    Ref ref;
    try {
      ref = layer(node, in, !in.empty() && in.size() == node.inputs.size(), errors);
    } catch (const Error& e) {
      add_error(node, e, errors);
    }
    for (const ErrorList::Entry& entry : errors.entries()) errors_.add(entry.place, entry.message);
    refs_[node.name] = errors.empty() ? ref : Ref();
    done_.push_back({node.name, node.class_name, became_.empty() ? "(vanishes)" : became_});
  }

  /// `complete`: whether everything that the layer reads is in the proxy. If not, the layer is only checked, and the
  /// result is empty.
  Ref layer(const KerasNode& node, const std::vector<ProxyRef>& in, bool complete, ErrorList& errors) {
    const std::string& kind = node.class_name;
    if (kind == "InputLayer") return input(node);
    if (!is_class_of_keras(kind) && kinds_.keras_layers.find(kind) == nullptr) return refuse_class(node, errors);
    const bool merges = kind == "Add" || kind == "Concatenate";
    if (node.inputs.empty() || (node.inputs.size() > 1 && !merges)) {
      errors.add(node.config.place(), concat(qkeras_layer(node), ": reads ", node.inputs.size(), " layers, expected ",
                                             merges ? "some" : "one"));
      return {};
    }
    if (is_kernel_layer(kind)) return kernel_layer(node, in, complete, errors);
    if (is_batch_norm(kind)) return batch_norm(node, in, complete, errors);
    if (kind == "QActivation" || kind == "Activation") {
      const QKerasActivation activation = read_activation(qkeras_activation_key(node, errors), errors);
      if (!complete || !errors.empty()) return {};
      return activate(node, activation, in[0], activation.function == "linear" ? "" : node.proxy_name,
                      quantizer_name(node, activation), errors);
    }
    if (vanishes_in_proxy(kind)) return complete ? Ref(in[0]) : Ref();
    return plain_layer(node, in, complete, errors);
  }

  Ref input(const KerasNode& node) {
    const std::unique_ptr<ProxyLayer> read = ProxyInput::read(node, {node.name, {}});
    const Shape shape = read->plan({}).out.shape;
    const ProxyRef raw = added("InputLayer", builder_.add_input(node.proxy_name, shape));
    const auto own = input_types_.find(node.name);
    const auto given = own == input_types_.end() ? input_types_.find("") : own;
    if (given == input_types_.end()) return raw;
    const InputType& input = given->second;
    return added("FixedPointQuantizer",
                 builder_.add_quantizer(node.proxy_name + "_quantizer", raw, qkeras_type(input.type), input.rounding,
                                        input.overflow));
  }

  static std::string quantizer_name(const KerasNode& node, const QKerasActivation& activation) {
    return activation.function == "linear" ? node.proxy_name : node.proxy_name + "_quantizer";
  }

  QKerasActivation read_activation(const QKerasQuantizer& quantizer, ErrorList& errors) const {
    return qkeras_activation(quantizer, overflow_, errors);
  }

  /// Adds a function and a quantizer after `ref`, with these names.
  Ref activate(const KerasNode& node, const QKerasActivation& activation, ProxyRef ref,
               const std::string& function_name, const std::string& quantizer_name, ErrorList& errors) {
    // A type without a sign saturates at 0, as a ReLU does, so no layer is needed before it.
    const bool cuts =
        activation.function == "relu" && activation.type && activation.overflow == Overflow::kSat && !is_quantized(ref);
    if (cuts) return quantize(activation, ref, quantizer_name_of_raw(node, function_name));
    if (activation.function != "linear") {
      if (!check_quantized(node, {ref}, errors)) return {};
      if (activation.table != nullptr) {
        for (const auto& [class_name, layer] :
             add_qkeras_table(builder_, activation, ref, function_name, quantizer_name))
          ref = added(class_name, layer);
        return ref;
      }
      ref = add_function(node, activation, ref, function_name);
    }
    return activation.type ? quantize(activation, ref, quantizer_name) : ref;
  }

  static const std::string& quantizer_name_of_raw(const KerasNode& node, const std::string& function_name) {
    return function_name.empty() ? node.proxy_name : function_name;
  }

  ProxyRef quantize(const QKerasActivation& activation, ProxyRef ref, const std::string& name) {
    return added("FixedPointQuantizer", builder_.add_quantizer(name, ref, qkeras_type(*activation.type),
                                                               Rounding::kRndConv, activation.overflow));
  }

  /// Adds a table if the function has one; its entries have the bits of the only quantizer that reads them.
  ProxyRef add_function(const KerasNode& node, const QKerasActivation& activation, ProxyRef ref,
                        const std::string& name) {
    const std::shared_ptr<const ops::UnaryFunction> function = functions_.find(activation.function);
    if (function == nullptr) return added("Activation", builder_.add_activation(name, ref, activation.function));
    std::optional<QuantizerBehind> behind;
    if (activation.type) {
      behind = quantizer_of(activation);
    } else if (const KerasNode* const reader = only_reader(node);
               reader != nullptr && reader->class_name == "QActivation") {
      ErrorList later;  // its errors are reported when it is converted
      const QKerasActivation next =
          read_activation(read_qkeras_quantizer(reader->config["activation"], qkeras_layer(*reader), later), later);
      if (later.empty() && next.function == "linear" && next.type) behind = quantizer_of(next);
    }
    const ProxyRef made = builder_.add_function(name, ref, function, kMostKerasTableEntries, behind);
    if (!behind) without_quantizer_.insert(made.index);
    return added(builder_.signal(made).fixed_point() ? "UnaryLUT" : "Activation", made);
  }

  static QuantizerBehind quantizer_of(const QKerasActivation& activation) {
    return {.types = qkeras_type(*activation.type), .rounding = Rounding::kRndConv, .overflow = activation.overflow};
  }

  /// Whether the model gives a value a fixed-point type. A table without a quantizer after it has a type that is only
  /// ours.
  bool is_quantized(ProxyRef ref) const {
    return builder_.signal(ref).fixed_point() && !without_quantizer_.contains(ref.index);
  }

  /// Whether all inputs are fixed-point values. Inputs of the model and the results of most functions are so only after
  /// a quantizer.
  bool check_quantized(const KerasNode& node, const std::vector<ProxyRef>& in, ErrorList& errors) {
    const bool quantized = std::ranges::all_of(in, [&](ProxyRef ref) { return is_quantized(ref); });
    if (!quantized)
      errors.add(node.config.place(),
                 concat(qkeras_layer(node),
                        ": reads an input of the model, or the result of a function, without a "
                        "quantizer between; put QActivation('quantized_bits(BITS, INTEGER)') before it, or give the "
                        "type of the inputs, as in --input-bits 'ap_fixed<16,6>'"));
    return quantized;
  }

  ProxyRef added(std::string_view class_name, ProxyRef ref) {
    became_ += concat(became_.empty() ? "" : ", ", class_name, " ", builder_.name(ref));
    return ref;
  }

  void add_note(const KerasNode& node, const std::string& note) {
    builder_.note(concat("layer '", node.name, "': ", note));
  }

  /// The only layer that reads a layer, if it reads nothing else, and the layer is not an output; otherwise nullptr.
  const KerasNode* only_reader(const KerasNode& node) const {
    const auto readers = readers_.find(node.name);
    if (readers == readers_.end() || readers->second != 1) return nullptr;
    const auto found = std::ranges::find(graph_.nodes, std::vector<std::string>{node.name}, &KerasNode::inputs);
    return found == graph_.nodes.end() ? nullptr : &*found;
  }

  /// The batch norm after a layer that no other layer reads; nullptr if there is none.
  const KerasNode* batch_norm_behind(const KerasNode& node) const {
    const KerasNode* const reader = only_reader(node);
    return reader != nullptr && is_batch_norm(reader->class_name) ? reader : nullptr;
  }

  Ref kernel_layer(const KerasNode& node, const std::vector<ProxyRef>& in, bool complete, ErrorList& errors) {
    const std::vector<QKerasKernelPart> parts = kernel_parts(node, weights_at(file_, node.shared_with));
    std::vector<QKerasKernelLayer> layers;
    for (const QKerasKernelPart& part : parts) {
      if (auto read = read_kernel_layer(part.node, part.weights, errors)) layers.push_back(std::move(*read));
    }
    const QKerasActivation activation = read_activation(qkeras_activation_key(node, errors), errors);
    if (!errors.empty() || !complete || !check_quantized(node, in, errors)) return {};
    if (!std::ranges::all_of(layers, &QKerasKernelLayer::kernel_is_quantized))
      add_note(node, "its kernel has no quantizer: float32 values, up to 24 bits");
    ProxyRef ref = in[0];
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i + 1 == parts.size() && activation.is_linear()) fold_batch_norm(node, ref, layers[i]);
      ref = add_product(parts[i].node.proxy_name, ref, layers[i]);
    }
    const std::string name =
        activation.function == "linear" ? node.proxy_name : node.proxy_name + "_" + activation.function;
    return activate(node, activation, ref, name, name + "_quantizer", errors);
  }

  ProxyRef add_product(const std::string& name, ProxyRef in, const QKerasKernelLayer& layer) {
    if (!layer.is_conv)
      return added("Dense", builder_.add_dense(name, in, layer.kernel_shape, layer.kernel, layer.bias));
    return added(layer.conv.rank == 1 ? "Conv1D" : "Conv2D",
                 builder_.add_conv(name, in, layer.conv, layer.kernel_shape, layer.kernel, layer.bias));
  }

  /// Folds the batch norm after a linear layer into it, if there is one that fits; errors of the batch norm are
  /// reported when it is converted.
  void fold_batch_norm(const KerasNode& node, ProxyRef in, QKerasKernelLayer& layer) {
    const KerasNode* const behind = batch_norm_behind(node);
    if (behind == nullptr) return;
    ErrorList later;
    const auto batch_norm = read_batch_norm(*behind, weights_at(file_, behind->shared_with), later);
    const int64_t last = builder_.signal(in).shape.rank();  // counted with the batch as 0
    if (!batch_norm || batch_norm->channels() != layer.units() || (batch_norm->axis != -1 && batch_norm->axis != last))
      return;
    folded_.insert(behind->name);
    if (!layer.fold(*batch_norm)) {
      add_note(node, concat("'", behind->name,
                            "' does not scale it by powers of two: its weights now have up to 24 bits; "
                            "QConv2DBatchnorm quantizes them after the batch norm"));
    }
  }

  Ref batch_norm(const KerasNode& node, const std::vector<ProxyRef>& in, bool complete, ErrorList& errors) {
    const auto read = read_batch_norm(node, weights_at(file_, node.shared_with), errors);
    if (!read || !complete) return {};
    if (folded_.contains(node.name)) {
      became_ = concat("part of ", node.inputs[0]);
      return in[0];
    }
    if (!check_quantized(node, in, errors)) return {};
    const Shape& shape = builder_.signal(in[0]).shape;
    if (shape.rank() == 0 || shape[-1] != read->channels() || (read->axis != -1 && read->axis != shape.rank())) {
      errors.add(node.config.place(), concat(qkeras_layer(node), ": has ", read->channels(), " channels along axis ",
                                             read->axis, ", expected the last dim of ", shape));
      return {};
    }
    QKerasKernelLayer layer = as_dense(*read);
    if (!layer.fold(*read))
      add_note(node, "does not scale by powers of two: as a dense layer it has weights of up to 24 bits");
    return add_product(node.proxy_name, in[0], layer);
  }

  /// Layers of Keras without weights that a proxy can also have.
  Ref plain_layer(const KerasNode& node, const std::vector<ProxyRef>& in, bool complete, ErrorList& errors) {
    const std::string& kind = node.class_name;
    ConfigReader reader(node.config, qkeras_layer(node), errors);
    const auto ready = [&] { return complete && errors.empty(); };
    if (kind == "ReLU") {
      if (!is_plain_relu(reader))
        errors.add(node.config.place(), concat(qkeras_layer(node),
                                               ": has a max_value, a negative_slope or a threshold, "
                                               "which a proxy cannot have; use quantized_relu(BITS, INTEGER)"));
      const QKerasActivation relu{.function = "relu", .type = {}};
      return ready() ? activate(node, relu, in[0], node.proxy_name, "", errors) : Ref();
    }
    if (kind == "Softmax") {
      const std::vector<int64_t> axis = reader.integers("axis", "dim to sum over, the batch counted as 0", {-1}, {}, 1);
      if (!ready()) return {};
      const int64_t last = builder_.signal(in[0]).shape.rank();
      if (axis[0] != -1 && axis[0] != last) {
        errors.add(node.config.place(), concat(qkeras_layer(node), ": has axis ", axis[0], ", expected the last one"));
        return {};
      }
      return activate(node, {.function = "softmax", .type = {}}, in[0], node.proxy_name, "", errors);
    }
    if (const auto* const known = kinds_.keras_layers.find(kind)) {
      const std::function<bool()> check = [&] { return check_quantized(node, in, errors); };
      const int before = builder_.size();
      const Ref ref = known->make({node, reader, builder_, complete ? Ref(in[0]) : Ref(), check});
      for (int i = before; i < builder_.size(); ++i) added(builder_.layer({i}).class_name(), {i});
      return ref;
    }
    if (kind == "Add") {
      if (!ready() || !check_quantized(node, in, errors)) return {};
      return added(kind, builder_.add_add(node.proxy_name, in));
    }
    const int64_t axis = reader.integer("axis", "dim to join along, the batch counted as 0", {.fallback = -1});
    return ready() ? Ref(added(kind, builder_.add_concatenate(node.proxy_name, in, axis))) : Ref();
  }

  Ref refuse_class(const KerasNode& node, ErrorList& errors) const {
    errors.add(
        node.config.place(),
        concat(qkeras_layer(node),
               ": a proxy has no such layer; there are QDense, QDenseBatchnorm, QConv1D, QConv2D, QConv2DBatchnorm, "
               "QDepthwiseConv2D, QDepthwiseConv2DBatchnorm, QSeparableConv1D and 2D, QActivation, "
               "QBatchNormalization, and of Keras Dense, Conv1D, Conv2D, DepthwiseConv1D and 2D, SeparableConv1D and "
               "2D, BatchNormalization, Activation, ReLU, Softmax, Add, Concatenate, Dropout, ",
               join_names(kinds_.keras_layers.names())));
    return {};
  }

  const KerasFile& file_;
  const ProxyKinds& kinds_;
  Overflow overflow_;
  InputTypes input_types_;
  KerasGraph graph_;
  ProxyBuilder builder_;
  FunctionTable functions_;
  ErrorList errors_;
  std::map<std::string, int> readers_;  // of each call; outputs of the model count
  std::map<std::string, Ref> refs_;     // of each call; nothing for one that could not be converted
  std::set<std::string> folded_;        // batch norms that are part of another layer
  std::set<int> without_quantizer_;     // functions, in the proxy
  std::string became_;                  // of the layer that is being converted
  std::vector<QKerasConversion::Layer> done_;
};

}  // namespace

QKerasConversion qkeras_to_proxy(const KerasFile& file, const ProxyKinds& kinds, const QKerasOptions& options) {
  return Converter(file, kinds, options).convert();
}

}  // namespace hgq
