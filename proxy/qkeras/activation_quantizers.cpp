#include "hgq/proxy/qkeras/activation_quantizers.h"

#include <algorithm>
#include <cmath>

#include "hgq/config/config_scalar.h"
#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/proxy/activations.h"

namespace hgq {
namespace {

void refuse_noise(QKerasArguments& arguments) {
  if (arguments.number("qnoise_factor", 1) != 1)
    arguments.error("qnoise_factor is not 1, so its values are only partly quantized; set it to 1 and save again");
}

QKerasActivation of_bits(const QKerasQuantizer& quantizer, Overflow overflow, ErrorList& errors) {
  QKerasArguments arguments(quantizer, errors);
  const int64_t bits = arguments.integer("bits", 8, 1, kMaxFixedBits);
  const int64_t integer = arguments.integer("integer", 0, 0, kMaxQKerasInteger);
  const bool symmetric = arguments.flag("symmetric", false);
  const int keep_negative = arguments.flag("keep_negative", true) ? 1 : 0;
  arguments.refuse_later_scales();
  const std::string* const scaling = arguments.text("alpha");
  const auto written = scaling == nullptr ? std::nullopt : decimal_number(Node::scalar(*scaling));  // "1"
  if (scaling != nullptr && !written && *scaling != "None") {
    arguments.error(concat("alpha is '", printable(*scaling),
                           "': its scale depends on the data, which a fixed-point type cannot; use alpha=1"));
  } else if (const double alpha = written              ? *written
                                  : scaling != nullptr ? 1
                                                       : arguments.number("alpha", 1);
             alpha != 1) {
    arguments.error(concat("alpha is ", alpha, ": scaled values are not fixed-point numbers; use alpha=1"));
  }
  if (bits == keep_negative)
    arguments.error(
        "has one bit with a sign, so it gives -1 and 1 and never 0, which a fixed-point type cannot; use 2 bits");
  refuse_noise(arguments);
  return {.function = "linear",
          .type = Kbi{.k = keep_negative, .b = static_cast<int>(bits), .i = static_cast<int>(integer) + keep_negative},
          .overflow = symmetric ? Overflow::kSatSym : overflow};
}

QKerasActivation of_relu(const QKerasQuantizer& quantizer, ErrorList& errors) {
  QKerasArguments arguments(quantizer, errors);
  const int64_t bits = arguments.integer("bits", 8, 1, kMaxFixedBits);
  const int64_t integer = arguments.integer("integer", 0, 0, kMaxQKerasInteger);
  if (arguments.flag("use_sigmoid", false))
    arguments.error("use_sigmoid takes the sigmoid, not the ReLU; a proxy has no such quantizer");
  if (arguments.number("negative_slope", 0) != 0)
    arguments.error("negative_slope is not 0; hls4ml's quantizers have no leaky ReLU; use 0");
  if (arguments.given("relu_upper_bound") && !arguments.flag("is_quantized_clip", true))
    arguments.error("relu_upper_bound counts, as is_quantized_clip is False; a proxy is bounded by bits and integer");
  refuse_noise(arguments);
  return {.function = "relu",
          .type = Kbi{.k = 0, .b = static_cast<int>(bits), .i = static_cast<int>(integer)},
          .overflow = Overflow::kSat};
}

/// QKeras' own sigmoid, unless a quantizer asks for the real sigmoid.
double hard_sigmoid(double x) { return std::clamp(0.5 * x + 0.5, 0.0, 1.0); }

/// Without use_real_tanh the function is 2 hard_sigmoid(x) - 1, which is x limited to -1 ... 1, as a saturating type
/// does by itself.
QKerasActivation of_tanh(const QKerasQuantizer& quantizer, ErrorList& errors) {
  QKerasArguments arguments(quantizer, errors);
  const int64_t bits = arguments.integer("bits", 8, 1, kMaxFixedBits);
  QKerasActivation out{.type = Kbi{.k = 1, .b = static_cast<int>(bits), .i = 1},
                       .overflow = arguments.flag("symmetric", false) ? Overflow::kSatSym : Overflow::kSat};
  if (!arguments.flag("use_real_tanh", false)) return out;
  out.function = "tanh";
  out.table = std::make_shared<ops::UnaryFunction>(
      ops::UnaryFunction{.name = "tanh", .value = [](double x) { return std::tanh(x); }});
  return out;
}

QKerasActivation of_sigmoid(const QKerasQuantizer& quantizer, ErrorList& errors) {
  QKerasArguments arguments(quantizer, errors);
  const int64_t bits = arguments.integer("bits", 8, 1, kMaxFixedBits);
  const bool real = arguments.flag("use_real_sigmoid", false);
  const double least = arguments.flag("symmetric", false) ? std::ldexp(1.0, -static_cast<int>(bits)) : 0.0;
  QKerasActivation out{.function = real ? "sigmoid" : "hard_sigmoid",
                       .type = Kbi{.k = 0, .b = static_cast<int>(bits), .i = 0},
                       .overflow = Overflow::kSat};
  out.table = std::make_shared<ops::UnaryFunction>(ops::UnaryFunction{
      .name = out.function,
      .value = [real, least](double x) { return std::max(real ? 1 / (1 + std::exp(-x)) : hard_sigmoid(x), least); }});
  return out;
}

/// Why any other quantizer cannot be used after a layer.
std::string reason(const QKerasQuantizer& quantizer) {
  if (quantizer.is("quantized_po2") || quantizer.is("quantized_relu_po2"))
    return "gives powers of two, which as activations have no fixed-point type in hls4ml";
  if (quantizer.name.ends_with("ternary")) return "gives -1, 0 and 1 beyond a threshold, not by rounding";
  if (quantizer.name.ends_with("binary")) return "gives the sign, which is never 0 and not a rounding";
  if (quantizer.is("bernoulli")) return "draws its values at random";
  if (quantizer.name.starts_with("quantized_")) return "has no counterpart in a proxy";
  return concat("is no activation of a proxy", suggestion(quantizer.name, ProxyActivation::functions()));
}

}  // namespace

QKerasActivation qkeras_activation(const QKerasQuantizer& quantizer, Overflow overflow, ErrorList& errors) {
  if (quantizer.name.empty()) return {};
  if (quantizer.is("quantized_bits")) return of_bits(quantizer, overflow, errors);
  if (quantizer.is("quantized_relu")) return of_relu(quantizer, errors);
  if (quantizer.is("quantized_tanh")) return of_tanh(quantizer, errors);
  if (quantizer.is("quantized_sigmoid")) return of_sigmoid(quantizer, errors);
  if (std::ranges::count(ProxyActivation::functions(), quantizer.name) > 0)
    return {.function = quantizer.name, .type = {}, .overflow = Overflow::kSat};
  errors.add(quantizer.place, concat(quantizer.where, " ", quantizer.written, ": ", reason(quantizer),
                                     "; use quantized_bits(BITS, INTEGER) or quantized_relu(BITS, INTEGER)"));
  return {};
}

}  // namespace hgq
