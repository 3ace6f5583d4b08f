#include "hgq/proxy/qkeras/activation_layers.h"

#include <algorithm>
#include <cmath>

#include "hgq/autograd/expression.h"
#include "hgq/core/error.h"
#include "hgq/data/keras_activation.h"
#include "hgq/proxy/qkeras/kernel_layers.h"

namespace hgq {
namespace {

constexpr int kFreeTableBits = 11;  // Keras loads tables of so many bits

/// How many bits before the point, without the sign, the input of a monotone function needs: for larger inputs the
/// quantized values are those at the ends.
int integer_bits_that_matter(const QKerasActivation& activation, const HlsType& in) {
  const auto at = [&](double x) {
    const auto y = static_cast<float>(activation.table->value(x));
    return quantize(static_cast<double>(y), *activation.type, Rounding::kRndConv, activation.overflow).mantissa;
  };
  const double step = std::ldexp(1.0, -in.f);
  const double most = std::ldexp(1.0, in.i);
  int bits = std::max(0, 1 - in.f);
  while (bits < in.i) {
    const double cut = std::ldexp(1.0, bits);
    if (at(cut - step) == at(most - step) && (in.k == 0 || at(-cut) == at(-most))) break;
    ++bits;
  }
  return bits;
}

}  // namespace

QKerasQuantizer qkeras_activation_key(const KerasNode& node, ErrorList& errors) {
  const Node& written = node.config["activation"];
  const Node activation = plain_activation(written);
  const std::string where = concat(qkeras_layer(node), ": activation");
  if (written.is_map() && activation.is_scalar() && is_expression(activation.text())) {
    errors.add(node.config.place(), concat(where, " ", printable(written["class_name"].text()), " (", activation.text(),
                                           "): a proxy has only the plain ReLU; use quantized_relu(BITS, INTEGER)"));
    return {};
  }
  return read_qkeras_quantizer(activation, where, errors);
}

QuantizerTypes qkeras_type(const Kbi& type) {
  return {.shape = {1},
          .k = {static_cast<int8_t>(type.k)},
          .b = {static_cast<int8_t>(type.b)},
          .i = {static_cast<int8_t>(type.i)}};
}

std::vector<std::pair<std::string_view, ProxyRef>> add_qkeras_table(ProxyBuilder& builder,
                                                                    const QKerasActivation& activation, ProxyRef input,
                                                                    const std::string& name,
                                                                    const std::string& quantizer_name) {
  constexpr std::string_view kQuantizer = "FixedPointQuantizer";
  std::vector<std::pair<std::string_view, ProxyRef>> added;
  builder.begin_layer(name);
  HlsType in = builder.lut_input_type(input);
  if (in.bits() > kFreeTableBits) {
    const int needed = integer_bits_that_matter(activation, in);
    if (needed < in.i && in.k + needed + in.f <= kMaxFixedBits) {
      const Kbi type{.k = in.k, .b = in.k + needed + in.f, .i = in.k + needed};
      input = builder.add_quantizer(name + "_range", input, qkeras_type(type), Rounding::kTrn, Overflow::kSat);
      added.emplace_back(kQuantizer, input);
      in = builder.lut_input_type(input);
    }
  }
  HGQ_CHECK(in.bits() > 0, ConfigError, "its input is always 0, expected one from which a table can be made");
  HGQ_CHECK(in.bits() <= kMaxTableBits, ConfigError, "its input has ", in.bits(), " bits, so its table would have 2^",
            in.bits(), " entries, and can have 2^", kMaxTableBits,
            "; put QActivation('quantized_bits(BITS, INTEGER)') before it");
  const QuantizerTypes types = qkeras_type(*activation.type);
  const ProxyRef table =
      builder.add_unary_lut(name, input, activation.table, types, Rounding::kRndConv, activation.overflow);
  added.emplace_back("UnaryLUT", table);
  added.emplace_back(kQuantizer,
                     builder.add_quantizer(quantizer_name, table, types, Rounding::kRndConv, activation.overflow));
  return added;
}

}  // namespace hgq
