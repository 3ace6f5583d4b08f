// Layers without weights that only move values: their inputs' bits move along (quantization.md 2.4). PPermute,
// PReshape, PFlatten, PConcatenate, PDropout. Pooling is in pooling.cpp.
#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/passive_layer.h"

namespace hgq {
namespace {

class PReshapeLayer final : public PassiveLayer {
 public:
  explicit PReshapeLayer(ConfigReader& c) : PassiveLayer(c) {
    target_ = c.integers("target_shape", "shape of a sample; one dim may be -1", {}, {.required = true, .min = -1});
  }
  std::string_view kind() const override { return "PReshape"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    int64_t known = 1;
    int64_t open = 0;
    bool fits = true;
    for (const int64_t d : target_) {
      fits = fits && !__builtin_mul_overflow(known, d < 0 ? 1 : d, &known);
      open += d < 0 ? 1 : 0;
    }
    const int64_t size = inputs[0].size();
    HGQ_CHECK(fits && open <= 1 && (open == 0 ? known == size : known > 0 && size % known == 0), ShapeError, where(),
              ": its input has shape ", inputs[0], " (", size, " values), which does not fit target_shape ",
              nlohmann::json(target_).dump());
    for (const int64_t d : target_) output_ = output_.with_back(d < 0 ? size / known : d);
    return output_;
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& /*options*/) override {
    return builder.add_reshape(builder.layer_name(), inputs[0], {output_.dims().begin(), output_.dims().end()});
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override { return ops::reshape(inputs[0], output_); }

 private:
  std::vector<int64_t> target_;
};

class PFlattenLayer final : public PassiveLayer {
 public:
  explicit PFlattenLayer(ConfigReader& c) : PassiveLayer(c) {
    c.choice("data_format", "order of the dims", {"channels_last"}, "channels_last");
  }
  std::string_view kind() const override { return "PFlatten"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    return output_ = Shape{inputs[0].size()};
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& /*options*/) override {
    return builder.add_flatten(builder.layer_name(), inputs[0]);
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override { return ops::reshape(inputs[0], output_); }
};

class PPermuteLayer final : public PassiveLayer {
 public:
  explicit PPermuteLayer(ConfigReader& c) : PassiveLayer(c) {
    dims_ = c.integers("dims", "order of a sample's dims, counted from 1", {},
                       {.required = true, .min = 1, .max = Shape::kMaxRank});
  }
  std::string_view kind() const override { return "PPermute"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    std::vector<int64_t> sorted = dims_;
    std::ranges::sort(sorted);
    bool valid = static_cast<int>(dims_.size()) == inputs[0].rank();
    for (size_t i = 0; valid && i < sorted.size(); ++i) valid = sorted[i] == static_cast<int64_t>(i) + 1;
    HGQ_CHECK(valid, ShapeError, where(), ": dims ", nlohmann::json(dims_).dump(),
              " do not name each dim of its input of shape ", inputs[0], " once, counted from 1");
    for (const int64_t d : dims_) output_ = output_.with_back(inputs[0][static_cast<int>(d) - 1]);
    return output_;
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& /*options*/) override {
    return builder.add_permute(builder.layer_name(), inputs[0], dims_);
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override {
    std::vector<int> from_zero;
    for (const int64_t d : dims_) from_zero.push_back(static_cast<int>(d) - 1);
    return ops::permute(inputs[0], from_zero);
  }

 private:
  std::vector<int64_t> dims_;
};

class PConcatenateLayer final : public PassiveLayer {
 public:
  explicit PConcatenateLayer(ConfigReader& c) : PassiveLayer(c) {
    axis_ = c.integer("axis", "dim to join along, the batch counted as 0",
                      {.fallback = -1, .min = -Shape::kMaxRank, .max = Shape::kMaxRank});
    if (axis_ == 0) c.error("axis", "found 0, the batch; expected 1, 2 ... or a negative dim");
  }
  std::string_view kind() const override { return "PConcatenate"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    HGQ_CHECK(inputs.size() >= 2, ShapeError, where(), ": has ", inputs.size(), " input, expected at least 2");
    output_ = inputs[0];
    dim_ = static_cast<int>(axis_ < 0 ? axis_ + output_.rank() : axis_ - 1);
    HGQ_CHECK(dim_ >= 0 && dim_ < output_.rank(), ShapeError, where(), ": axis ", axis_,
              " is none of its input's, samples of shape ", output_);
    int64_t total = 0;
    for (const Shape& shape : inputs) {
      bool fits = shape.rank() == output_.rank();
      for (int d = 0; fits && d < shape.rank(); ++d) fits = d == dim_ || shape[d] == output_[d];
      HGQ_CHECK(fits, ShapeError, where(), ": its inputs have shapes ", inputs[0], " and ", shape,
                ", expected the same but along axis ", axis_);
      total += shape[dim_];
    }
    output_.set(dim_, total);
    return output_;
  }
  ProxyRef to_proxy(ProxyBuilder& builder, std::span<const ProxyRef> inputs, const ProxyOptions& /*options*/) override {
    return builder.add_concatenate(builder.layer_name(), {inputs.begin(), inputs.end()}, axis_);
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override { return ops::concatenate(inputs, dim_); }

 private:
  int64_t axis_ = -1;
  int dim_ = 0;
};

class PDropoutLayer final : public PassiveLayer {
 public:
  explicit PDropoutLayer(ConfigReader& c) : PassiveLayer(c) {
    c.known("noise_shape", nullptr);
    c.known("seed", nullptr);
    rate_ = c.number("rate", "share of values set to 0 in training",
                     {.required = true, .min = 0, .max = 1, .below_max = true});
  }
  std::string_view kind() const override { return "PDropout"; }
  Shape build(std::span<const Shape> inputs, const BuildOptions& /*options*/) override {
    expect_inputs(inputs, 1);
    return output_ = inputs[0];
  }
  Signal call(Recording& recording, std::span<const Signal> inputs) override {
    if (recording.mode != Mode::kTrain || rate_ == 0) return inputs[0];
    return {ops::dropout(inputs[0].value, static_cast<float>(rate_)), inputs[0].bits};
  }
  ProxyRef to_proxy(ProxyBuilder& /*builder*/, std::span<const ProxyRef> inputs,
                    const ProxyOptions& /*options*/) override {
    return inputs[0];
  }

 protected:
  Var pass(const std::vector<Var>& inputs) const override { return ops::scale(inputs[0], 1.0F); }

 private:
  double rate_ = 0;
};

}  // namespace

void register_passive(LayerKinds& kinds) {
  kinds.layers.add({.name = "PReshape", .doc = "another shape for the same values", .make = layer_of<PReshapeLayer>});
  kinds.layers.add({.name = "PFlatten", .doc = "all values in one dim", .make = layer_of<PFlattenLayer>});
  kinds.layers.add({.name = "PPermute", .doc = "another order of the dims", .make = layer_of<PPermuteLayer>});
  kinds.layers.add({.name = "PConcatenate", .doc = "joins inputs along a dim", .make = layer_of<PConcatenateLayer>});
  kinds.layers.add({.name = "PDropout", .doc = "sets values to 0 in training", .make = layer_of<PDropoutLayer>});
}

}  // namespace hgq
