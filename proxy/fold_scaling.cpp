#include "hgq/proxy/fold_scaling.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "hgq/config/node.h"
#include "hgq/core/error.h"
#include "hgq/proxy/conv.h"
#include "hgq/proxy/dense.h"
#include "hgq/proxy/quantizer.h"

namespace hgq {
namespace {

/// The exponent of the power of two by which an element is divided no more; none where it is 0 whatever the input is.
using Exponents = std::vector<std::optional<int>>;

/// The s of 2^s; nothing for another number.
std::optional<int> exponent_of(double divisor) {
  int exponent = 0;
  if (!(divisor > 0) || std::frexp(divisor, &exponent) != 0.5) return std::nullopt;
  return exponent - 1;
}

bool is_scaled(const Exponents& exponents) {
  return std::ranges::any_of(exponents, [](const std::optional<int>& e) { return e.value_or(0) != 0; });
}

class InputFolding {
 public:
  InputFolding(ProxyModel& proxy, std::span<const Scaling> scaling)
      : proxy_(proxy), scaling_(scaling), plans_(plan_layers(proxy)) {}

  /// The layers that take the place of others, by index.
  std::vector<std::pair<int, std::unique_ptr<ProxyLayer>>> run() {
    HGQ_CHECK(scaling_.size() <= proxy_.inputs().size(), ShapeError, "scaling of ", scaling_.size(),
              " inputs for a proxy with ", proxy_.inputs().size());
    for (size_t i = 0; i < plans_.size(); ++i) {
      exponents_.emplace_back(static_cast<size_t>(plans_[i].out.shape.size()), 0);
      const auto input = std::ranges::find(proxy_.inputs(), static_cast<int>(i)) - proxy_.inputs().begin();
      if (static_cast<size_t>(input) < proxy_.inputs().size()) {
        if (static_cast<size_t>(input) < scaling_.size()) begin(i, scaling_[static_cast<size_t>(input)]);
      } else {
        follow(i);
      }
    }
    for (const int output : proxy_.outputs()) {
      if (is_scaled(exponents_[static_cast<size_t>(output)]))
        refuse(static_cast<size_t>(output), "its scaled inputs are an output of the network");
    }
    errors_.throw_if_any();
    return std::move(made_);
  }

 private:
  void refuse(size_t layer, const std::string& why) {
    const ProxyLayer& l = proxy_.layer(static_cast<int>(layer));
    errors_.add(concat("layer '", l.name(), "' (", l.class_name(), ")"),
                concat("the scaling of the inputs is not folded: ", why));
  }

  /// Keeps a message for each input, not for each of its features.
  void begin(size_t layer, const Scaling& scaling) {
    if (scaling.empty()) return;
    scaling.check(plans_[layer].out.shape, proxy_.layer(static_cast<int>(layer)).name());
    const size_t features = scaling.offset.size();
    for (size_t f = 0; f < features; ++f) {
      const std::optional<int> exponent = exponent_of(scaling.divisor[f]);
      if (!exponent || scaling.offset[f] != 0) {
        return refuse(layer, concat("feature ", f, " is scaled as (x - ", scaling.offset[f], ") / ", scaling.divisor[f],
                                    "; expected no offset and a power of two, which 'data.scale: power_of_two' fits"));
      }
      for (size_t e = f; e < exponents_[layer].size(); e += features) exponents_[layer][e] = *exponent;
    }
  }

  const Exponents& of_parent(size_t layer, int parent) const {
    return exponents_[static_cast<size_t>(proxy_.layers()[layer].parents[static_cast<size_t>(parent)])];
  }

  void follow(size_t layer) {
    const ProxyLayer& l = proxy_.layer(static_cast<int>(layer));
    if (const auto* const move = std::get_if<MoveOperation>(&plans_[layer].operation)) {
      for (size_t e = 0; e < move->sources.size(); ++e) {
        const MoveSource& source = move->sources[e];
        exponents_[layer][e] =
            source.input < 0 ? std::nullopt : of_parent(layer, source.input)[static_cast<size_t>(source.element)];
      }
      return;
    }
    const std::vector<int>& parents = proxy_.layers()[layer].parents;
    const bool reads_scaled =
        std::ranges::any_of(parents, [&](int parent) { return is_scaled(exponents_[static_cast<size_t>(parent)]); });
    if (!reads_scaled) return;
    if (const ProxyQuantizer* const quantizer = l.as_quantizer()) return fold_types(layer, *quantizer);
    if (std::holds_alternative<ReluOperation>(plans_[layer].operation)) {
      exponents_[layer] = of_parent(layer, 0);
      return;
    }
    const auto* const product = std::get_if<ProductOperation>(&plans_[layer].operation);
    if (product == nullptr) {
      return refuse(layer,
                    "it reads the scaled inputs, which only quantizers, ReLU, dense layers, convolutions and layers "
                    "that move elements can");
    }
    fold_kernel(layer, l, *product);
  }

  void fold_types(size_t layer, const ProxyQuantizer& quantizer) {
    exponents_[layer] = of_parent(layer, 0);
    const Exponents& exponents = exponents_[layer];
    const Shape& sample = plans_[layer].out.shape;
    QuantizerTypes types = quantizer.types();
    std::vector<size_t> indices = quantizer.type_indices(sample);
    std::vector<std::optional<int>> moved(types.k.size());
    if (!shared(exponents, indices, moved)) {  // values of several scales share a type: each gets its own
      QuantizerTypes own{.shape = sample.with_front(1), .k = {}, .b = {}, .i = {}};
      for (const size_t index : indices) {
        own.k.push_back(types.k[index]);
        own.b.push_back(types.b[index]);
        own.i.push_back(types.i[index]);
      }
      types = std::move(own);
      moved = exponents;
    }
    for (size_t t = 0; t < moved.size(); ++t) {
      if (types.b[t] == 0) continue;
      const int i = types.i[t] + moved[t].value_or(0);
      if (i < std::numeric_limits<int8_t>::min() || i > std::numeric_limits<int8_t>::max())
        return refuse(layer, concat("a type would have ", i, " integer bits; a file holds -128 to 127"));
      types.i[t] = static_cast<int8_t>(i);
    }
    made_.emplace_back(static_cast<int>(layer),
                       std::make_unique<ProxyQuantizer>(quantizer.name(), std::move(types), quantizer.rounding(),
                                                        quantizer.overflow(), quantizer.overrides()));
  }

  /// The one exponent of all elements with the same index, into `common`. False if there are two.
  static bool shared(const Exponents& exponents, std::span<const size_t> indices, Exponents& common) {
    for (size_t e = 0; e < indices.size(); ++e) {
      if (!exponents[e]) continue;
      std::optional<int>& one = common[indices[e]];
      if (one && *one != *exponents[e]) return false;
      one = exponents[e];
    }
    return true;
  }

  void fold_kernel(size_t layer, const ProxyLayer& l, const ProductOperation& product) {
    const auto rows = static_cast<size_t>(product.inputs);
    Exponents of_row(rows);
    const Exponents& in = of_parent(layer, 0);
    for (size_t s = 0; s < product.source.size(); ++s) {
      if (product.source[s] < 0) continue;
      const std::optional<int>& exponent = in[static_cast<size_t>(product.source[s])];
      std::optional<int>& one = of_row[s % rows];
      if (exponent && one && *one != *exponent)
        return refuse(layer, "one of its weights meets inputs of different scales");
      if (exponent) one = exponent;
    }
    const auto* const dense = dynamic_cast<const ProxyDense*>(&l);
    const auto* const conv = dynamic_cast<const ProxyConv*>(&l);
    if (dense == nullptr && (conv == nullptr || conv->options().groups != 1))
      return refuse(layer, "it is no dense layer and no convolution of one group");
    std::vector<float> kernel = dense != nullptr ? dense->kernel() : conv->kernel();
    const size_t units = kernel.size() / rows;
    for (size_t k = 0; k < kernel.size(); ++k) {
      const float weight = kernel[k];
      const int exponent = of_row[k / units].value_or(0);
      kernel[k] = std::ldexp(weight, -exponent);
      if (std::ldexp(kernel[k], exponent) != weight)
        return refuse(layer, concat("its weight ", weight, " divided by 2^", exponent, " is no float32 number"));
    }
    if (dense != nullptr) {
      made_.emplace_back(static_cast<int>(layer),
                         std::make_unique<ProxyDense>(l.name(), Shape{product.inputs, static_cast<int64_t>(units)},
                                                      std::move(kernel), dense->bias()));
    } else {
      made_.emplace_back(static_cast<int>(layer),
                         std::make_unique<ProxyConv>(l.name(), conv->options(), conv->kernel_shape(), std::move(kernel),
                                                     conv->bias()));
    }
  }

  ProxyModel& proxy_;
  std::span<const Scaling> scaling_;
  std::vector<ProxyPlan> plans_;
  std::vector<Exponents> exponents_;
  std::vector<std::pair<int, std::unique_ptr<ProxyLayer>>> made_;
  ErrorList errors_;
};

}  // namespace

ProxyModel fold_scaling(ProxyModel proxy, std::span<const Scaling> scaling) {
  auto made = InputFolding(proxy, scaling).run();
  for (auto& [index, layer] : made) proxy.replace(index, std::move(layer));
  return proxy;
}

std::vector<Scaling> inverse(std::vector<Scaling> scaling) {
  for (Scaling& s : scaling) {
    for (double& divisor : s.divisor) divisor = 1 / divisor;
  }
  return scaling;
}

}  // namespace hgq
