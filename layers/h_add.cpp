// HAdd: paq(sum of inputs).
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/layers/h_layer.h"
#include "hgq/layers/kinds.h"

namespace hgq {
namespace {

class HAddLayer final : public HLayer {
 public:
  HAddLayer(ConfigReader& c, const LayerArguments& arguments) : HLayer(c, arguments) {
    c.known("kq_conf", to_json(QuantizerConfig::kernel_default()));
  }
  std::string_view kind() const override { return "HAdd"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& options) override {
    HGQ_CHECK(inputs.size() >= 2, ShapeError, where(), ": has ", inputs.size(), " input, expected at least 2");
    for (const Shape& shape : inputs) {
      HGQ_CHECK(shape == inputs[0], ShapeError, where(), ": its inputs have shapes ", inputs[0], " and ", shape,
                ", expected the same");
    }
    build_output(inputs[0], options);
    paq_.settle_rounding(false);
    return inputs[0];
  }
  Signal call(Recording& recording, std::span<const Signal> inputs) override {
    Var sum = inputs[0].value;
    for (const Signal& other : inputs.subspan(1)) sum = ops::add(sum, other.value);
    return quantize_output(recording, sum);
  }
  ExactSignal exact(std::span<const ExactSignal> /*inputs*/, std::vector<ExactBops>& bops) override {
    bops.push_back({name(), 0});
    return exact_output(false);
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) override {
    const ProxyRef sum = builder.add_add(builder.layer_name(), {inputs.begin(), inputs.end()});
    return builder.add_quantizer(builder.layer_name() + "_quantizer", sum, proxy_types(false), proxy_rounding(false),
                                 proxy_overflow(options));
  }
};

}  // namespace

void register_h_add(LayerKinds& kinds) {
  kinds.layers.add({.name = "HAdd", .doc = "sum of several inputs, and a quantizer", .make = layer_of<HAddLayer>});
}

}  // namespace hgq
