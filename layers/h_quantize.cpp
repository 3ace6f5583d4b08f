// HQuantize, paq(x), and Signature, which tells the precision of values that are quantized already.
#include <array>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/layers/h_layer.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

class HQuantizeLayer final : public HLayer {
 public:
  HQuantizeLayer(ConfigReader& c, const LayerArguments& arguments) : HLayer(c, arguments) {
    c.known("kq_conf", to_json(QuantizerConfig::kernel_default()));
  }
  std::string_view kind() const override { return "HQuantize"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& options) override {
    expect_inputs(inputs, 1);
    build_output(inputs[0], options);
    paq_.settle_rounding(false);
    return inputs[0];
  }
  Signal call(Recording& recording, std::span<const Signal> inputs) override {
    return quantize_output(recording, inputs[0].value);
  }
  ExactSignal exact(std::span<const ExactSignal> /*inputs*/, std::vector<ExactBops>& bops) override {
    bops.push_back({name(), 0});
    return exact_output(false);
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) override {
    return builder.add_quantizer(builder.layer_name(), inputs[0], proxy_types(false), proxy_rounding(false),
                                 proxy_overflow(options));
  }
};

/// Reads nested lists of numbers into a sample's shape; one number stands for all elements.
void read_nested(const Node& node, std::vector<int64_t>& values, ErrorList& errors) {
  if (node.is_list()) {
    for (const Node& item : node.items()) read_nested(item, values, errors);
    return;
  }
  const auto number = decimal_number(node);
  if (!number || *number != static_cast<double>(static_cast<int64_t>(*number)) || *number < -126 || *number > 126) {
    errors.add(node.place(), concat("found '", node.text(), "', expected a whole number of bits"));
    return;
  }
  values.push_back(static_cast<int64_t>(*number));
}

class SignatureLayer final : public Layer {
 public:
  SignatureLayer(ConfigReader& c, const LayerArguments& arguments) : Layer(c) {
    for (const auto& [key, doc, values] : kKeys) {
      const Node* const node = c.node(key, doc, "a number, or nested lists in the shape of a sample", "required");
      if (node != nullptr) read_nested(*node, this->*values, arguments.errors);
    }
  }
  std::string_view kind() const override { return "Signature"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    shape_ = inputs[0];
    for (const Key& key : kKeys) {
      Values& values = this->*key.values;
      if (values.size() == 1) values.resize(static_cast<size_t>(shape_.size()), values.front());
      HGQ_CHECK(static_cast<int64_t>(values.size()) == shape_.size(), ShapeError, where(), ": tells the bits of ",
                values.size(), " values, its input has shape ", shape_);
    }
    return shape_;
  }
  Signal call(Recording& recording, std::span<const Signal> inputs) override {
    return {inputs[0].value, recording.tape.constant(bits_tensor())};
  }
  ExactSignal exact(std::span<const ExactSignal> /*inputs*/, std::vector<ExactBops>& /*bops*/) override {
    const Tensor bits = bits_tensor();
    return {shape_, {bits.values().begin(), bits.values().end()}};
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) override {
    QuantizerTypes types{.shape = shape_.with_front(1), .k = {}, .b = {}, .i = {}};
    for (size_t e = 0; e < bits_.size(); ++e) {
      types.k.push_back(static_cast<int8_t>(keep_negative_[e]));
      types.b.push_back(static_cast<int8_t>(bits_[e]));
      types.i.push_back(static_cast<int8_t>(int_bits_[e]));
    }
    return builder.add_quantizer(builder.layer_name(), inputs[0], std::move(types), Rounding::kTrn,
                                 options.aggressive ? Overflow::kWrap : Overflow::kSat);
  }
  nlohmann::json config() const override {
    nlohmann::json json = Layer::config();
    for (const Key& key : kKeys) json[key.name] = nested(this->*key.values);
    return json;
  }

 private:
  using Values = std::vector<int64_t>;
  struct Key {
    const char* name;
    const char* doc;
    Values SignatureLayer::*values;
  };
  static const std::array<Key, 3> kKeys;

  Tensor bits_tensor() const {
    Tensor bits(shape_);
    for (size_t e = 0; e < bits_.size(); ++e) bits.values()[e] = static_cast<float>(bits_[e]);
    return bits;
  }
  /// Nested lists with batch 1 in front, as Python HGQ writes them.
  nlohmann::json nested(const std::vector<int64_t>& values) const {
    nlohmann::json json = values;
    for (int d = shape_.rank() - 1; d >= 0; --d) {
      nlohmann::json outer = nlohmann::json::array();
      const auto run = static_cast<size_t>(shape_[d]);
      for (size_t i = 0; i < json.size(); i += run) {
        nlohmann::json inner = nlohmann::json::array();
        for (size_t j = i; j < i + run; ++j) inner.push_back(json[j]);
        outer.push_back(inner);
      }
      json = outer;
    }
    return json;
  }
  Values keep_negative_, bits_, int_bits_;
  Shape shape_;
};

const std::array<SignatureLayer::Key, 3> SignatureLayer::kKeys{
    {{"keep_negative", "1 where values have a sign", &SignatureLayer::keep_negative_},
     {"bits", "bits of each value, the sign counted", &SignatureLayer::bits_},
     {"int_bits", "integer bits, the sign counted", &SignatureLayer::int_bits_}}};

}  // namespace

void register_h_quantize(LayerKinds& kinds) {
  kinds.layers.add({.name = "HQuantize", .doc = "quantizes the input", .make = layer_of<HQuantizeLayer>});
  kinds.layers.add({.name = "Signature",
                    .doc = "tells the precision of values that are quantized already",
                    .make = layer_of<SignatureLayer>});
}

}  // namespace hgq
