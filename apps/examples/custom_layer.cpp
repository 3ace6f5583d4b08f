// hgq-train with your own layer, loss, metric and callback. Configs name them like those of hgq:
//
//   model:
//     layers: [HQuantize, PSelect: {columns: [0, 2, 3]}, HGain, HDense: {units: 16, activation: relu}, HDense: {units: 1}]
//   train: {loss: {asinh_mse: {scale: 0.5}}, metrics: [{within: {tolerance: 0.1}}], epochs: 50}
//   callbacks: [FreeBOPs, StopBelowBOPs: {limit: 2000}]
//
// and check, training, resume, export, predict, verify and reference know them. docs/adding-a-layer.md explains it line
// by line; tests/install builds this file against an installed hgq and runs it.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <nlohmann/json.hpp>

#include "h_gain.h"
#include "hgq/apps/hgq_train_main.h"
#include "hgq/callbacks/saved_state.h"
#include "hgq/hgq.h"
#include "hgq/layers/passive_layer.h"

namespace {

using namespace hgq;

/// Some columns of the last dimension of its input.
class PSelect final : public PassiveLayer {
 public:
  explicit PSelect(ConfigReader& c) : PassiveLayer(c) {
    columns_ = c.integers("columns", "numbers of the columns, counted from 0", {}, {.required = true, .min = 0});
  }
  std::string_view kind() const override { return "PSelect"; }
  std::string class_name() const override { return "mine>PSelect"; }

  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    const Shape& input = inputs[0];
    const bool fits = input.rank() > 0 && std::ranges::all_of(columns_, [&](int64_t c) { return c < input[-1]; });
    HGQ_CHECK(fits, ShapeError, where(), ": its input samples have shape ", input, ", which lacks some of its columns");
    width_ = input[-1];
    output_ = input;
    output_.set(-1, std::ssize(columns_));
    return output_;
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& /*options*/) override {
    const auto units = std::ssize(columns_);
    std::vector<float> kernel(static_cast<size_t>(width_ * units), 0.0F);
    for (int64_t j = 0; j < units; ++j) kernel[static_cast<size_t>(columns_[static_cast<size_t>(j)] * units + j)] = 1;
    return builder.add_dense(builder.layer_name(), inputs[0], Shape{width_, units}, std::move(kernel), {});
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override {
    std::vector<int64_t> source;
    for (int64_t row = 0; row < output_.size() / std::ssize(columns_); ++row) {
      for (const int64_t c : columns_) source.push_back(row * width_ + c);
    }
    return ops::gather(inputs[0], output_, std::move(source));
  }

 private:
  std::vector<int64_t> columns_;
  int64_t width_ = 0;
};

/// Mean squared error of asinh(x / scale): relative errors count for large values, absolute ones for small values.
class AsinhMse final : public Loss {
 public:
  explicit AsinhMse(ConfigReader& c)
      : Loss(c),
        scale_(c.number("scale", "where the square becomes one of logarithms",
                        {.fallback = 1, .min = 0, .above_min = true})) {}
  std::string_view name() const override { return "asinh_mse"; }
  Var record(const OutputVars& o) const override {
    const auto asinh = std::make_shared<const ops::UnaryFunction>(
        ops::UnaryFunction{.name = "asinh",
                           .value = [scale = scale_](double x) { return std::asinh(x / scale); },
                           .derivative = [scale = scale_](double x, double) { return 1 / std::hypot(x, scale); }});
    return ops::mean_squared_error(ops::unary(o.prediction, asinh), ops::unary(o.target, asinh), o.weights);
  }

 private:
  double scale_;
};

LossPtr make_asinh_mse(ConfigReader& c) { return std::make_shared<AsinhMse>(c); }

/// The share of the predictions whose error is at most `tolerance`.
class Within final : public Metric {
 public:
  explicit Within(ConfigReader& c)
      : Metric(c), tolerance_(c.number("tolerance", "largest error", {.required = true, .min = 0})) {}
  std::string_view name() const override { return "within"; }
  Var record(const OutputVars& o, TargetKind /*targets*/) const override {
    const auto inside = std::make_shared<const ops::UnaryFunction>(ops::UnaryFunction{
        .name = "within",
        .value = [tolerance = tolerance_](double error) { return std::abs(error) <= tolerance ? 1.0 : 0.0; }});
    const Var found = ops::unary(ops::subtract(o.prediction, o.target), inside);
    return ops::mean_absolute_error(found, ops::scale(o.target, 0), o.weights);
  }

 private:
  double tolerance_;
};

MetricPtr make_within(ConfigReader& c) { return std::make_shared<Within>(c); }

/// Ends the training once `bops` has been below `limit` for `patience` epochs in a row.
class StopBelowBops final : public Callback {
 public:
  StopBelowBops(double limit, int64_t patience) : limit_(limit), patience_(patience) {}
  std::string_view name() const override { return "StopBelowBOPs"; }
  std::vector<WatchedMetric> watches() const override { return {{.name = "bops", .key = "limit"}}; }
  void on_epoch_end(Training& t) override {
    const double* const bops = t.logs.find("bops");
    epochs_ = bops != nullptr && *bops < limit_ ? epochs_ + 1 : 0;
    if (epochs_ < patience_) return;
    t.stop = true;
    t.stop_reason = concat("StopBelowBOPs: bops is ", *bops);
  }
  // Its state is in checkpoints, so that a resumed run stops at the same epoch as a run without interruption.
  nlohmann::json state() const override { return {{"epochs", epochs_}}; }
  void restore(const nlohmann::json& state) override {
    epochs_ = SavedState(state, "StopBelowBOPs").integer("epochs", 0, 1 << 30);
  }

 private:
  double limit_;
  int64_t patience_;
  int64_t epochs_ = 0;
};

std::unique_ptr<Callback> make_stop_below_bops(ConfigReader& c, const CallbackContext& /*context*/) {
  const double limit = c.number("limit", "BOPs to fall below", {.required = true, .min = 0});
  const int64_t patience = c.integer("patience", "epochs in a row", {.fallback = 3, .min = 1});
  return std::make_unique<StopBelowBops>(limit, patience);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    hgq::Registry registry;
    registry.layers.add({.name = "PSelect", .doc = "some columns of each sample", .make = hgq::layer_of<PSelect>});
    register_h_gain(registry);
    registry.losses.add({.name = "asinh_mse", .doc = "mean squared error of asinh(x / scale)", .make = make_asinh_mse});
    registry.metrics.add({.name = "within", .doc = "share of errors up to a tolerance", .make = make_within});
    registry.callbacks.add({.name = "StopBelowBOPs",
                            .doc = "ends the training when the network is small enough",
                            .make = make_stop_below_bops});
    return hgq::hgq_train_main(argc, argv, registry);
  } catch (const std::exception& e) {  // a name that is taken
    std::fprintf(stderr, "custom_layer: %s\n", e.what());
    return 2;
  }
}
