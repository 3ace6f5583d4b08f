// docs/adding-a-layer.md explains this file line by line. h_gain_test.cpp proves the layer, train_gain.cpp uses it from
// C++, custom_layer.cpp in configs.
#include "h_gain.h"

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/layers/h_layer.h"

namespace {

using namespace hgq;

/// paq(x * kq(gain)), with a gain for each element of the last dim of x.
class HGain final : public HLayer {
 public:
  HGain(ConfigReader& c, const LayerArguments& arguments) : HLayer(c, arguments) {
    start_ = c.number("start", "first value of each gain", {.fallback = 1});
    const Node* const kq = c.node("kq_conf", "quantizer of the gains, over model.kernel_quantizer", "a quantizer",
                                  "model.kernel_quantizer");
    kq_config_ =
        QuantizerConfig::from_node(kq == nullptr ? Node() : *kq, arguments.defaults.kq, "HGain.kq_conf", c.errors());
    c.resolve("kq_conf", to_json(kq_config_));  // what model files keep of it
  }
  std::string_view kind() const override { return "HGain"; }
  std::string class_name() const override { return "mine>HGain"; }

  Shape build(std::span<const Shape> inputs, const BuildOptions& options) override {
    expect_inputs(inputs, 1);
    HGQ_CHECK(inputs[0].rank() > 0, ShapeError, where(), ": its input samples have shape ", inputs[0],
              ", expected a last dim, of channels");
    const Shape channels{inputs[0][-1]};
    check_weight(channels, options, where() + ": its gain");
    gain_ = Parameter(name() + "/gain", channels, trainable_);
    if (options.initialize) gain_.value.fill(static_cast<float>(start_));
    kq_ = Quantizer(kq_config_, Quantizer::Target::kKernel, channels, name() + "/");
    kq_.f.trainable = kq_.f.trainable && trainable_;
    kq_.settle_rounding(true);
    build_output(inputs[0], options);
    paq_.settle_rounding(false);
    return inputs[0];
  }

  std::vector<Parameter*> parameters() override { return {&gain_, &kq_.f, &paq_.f}; }
  std::vector<LayerWeight> file_weights() override {
    return file_order({{.file_name = name() + "/gain:0", .parameter = &gain_}},
                      {{.file_name = name() + "/kernel_bw:0", .parameter = &kq_.f},
                       {.file_name = name() + "/activation_bw:0", .parameter = &paq_.f}},
                      {}, {});
  }

  Signal call(Recording& recording, std::span<const Signal> inputs) override {
    HGQ_CHECK(inputs[0].bits.valid(), ConfigError, where(),
              ": its input has no known precision; put an HQuantize in front");
    Tape& tape = recording.tape;
    const Var f = kq_.clipped_f(tape);
    const Var gain = kq_.forward(tape, tape.parameter(gain_), f, recording.mode).value;
    if (recording.first_call) kq_.add_regularizer(tape, f);
    const Var bops = ops::sum(ops::multiply(inputs[0].bits, kq_.kernel_bits(gain, f)));
    recording.bops.push_back({name(), bops});
    tape.add_loss(ops::scale_by(bops, beta_), name() + "/bops");
    return quantize_output(recording, ops::multiply(inputs[0].value, gain));
  }

  ExactSignal exact(std::span<const ExactSignal> inputs, std::vector<ExactBops>& bops) override {
    HGQ_CHECK(!inputs[0].bits.empty(), ConfigError, where(),
              ": its input has no known precision; put an HQuantize in front");
    const std::vector<float> gains = quantized_gains();
    double total = 0;
    for (size_t e = 0; e < inputs[0].bits.size(); ++e)
      total += static_cast<double>(inputs[0].bits[e]) * significant_bits(gains[e % gains.size()]);
    bops.push_back({name(), total});
    return exact_output(false);
  }

  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& options) override {
    const std::vector<float> gains = quantized_gains();
    const size_t n = gains.size();
    std::vector<float> diagonal(n * n, 0.0F);
    for (size_t i = 0; i < n; ++i) diagonal[i * n + i] = gains[i];
    const Shape kernel{gain_.value.size(), gain_.value.size()};
    const ProxyRef product = builder.add_dense(builder.layer_name(), inputs[0], kernel, std::move(diagonal), {});
    return builder.add_quantizer(builder.layer_name() + "_quantizer", product, proxy_types(false),
                                 proxy_rounding(false), proxy_overflow(options));
  }

 private:
  /// As after training.
  std::vector<float> quantized_gains() const {
    std::vector<float> gains;
    const std::vector<int64_t> width = kq_.spread();
    for (size_t i = 0; i < width.size(); ++i)
      gains.push_back(
          quantize_value(gain_.value.values()[i], kq_.f.value.values()[static_cast<size_t>(width[i])], kq_.strategy()));
    return gains;
  }

  double start_ = 1;
  QuantizerConfig kq_config_;
  Quantizer kq_;
  Parameter gain_;
};

}  // namespace

void register_h_gain(hgq::LayerKinds& kinds) {
  kinds.layers.add({.name = "HGain", .doc = "x times a trained gain for each channel", .make = layer_of<HGain>});
}
