#include "hgq/proxy/activations.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/proxy/activation_tables.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/package_types.h"
#include "hgq/proxy/softmax_tables.h"
#include "hgq/proxy/unary_lut.h"

namespace hgq {
namespace {

ProxyPlan relu_plan(const ProxySignal& input) {
  ProxyPlan plan;
  plan.out = input;
  for (Int128& low : plan.out.low) low = std::max<Int128>(low, 0);
  for (Int128& high : plan.out.high) high = std::max<Int128>(high, 0);
  for (int& k : plan.out.hls.k) k = 0;
  plan.operation = ReluOperation{};
  with_storage(input.storage, [&](auto element) {
    using T = decltype(element);
    plan.compute = [](const ProxyRows& rows) {
      const T* in = rows.in[0]->data<T>();
      std::transform(in, in + rows.rows * rows.out->row_size(), rows.out->data<T>(),
                     [](T v) { return std::max(v, T{}); });
    };
  });
  return plan;
}

ProxyPlan copy_plan(const ProxySignal& input) {
  ProxyPlan plan;
  plan.out = input;
  MoveOperation move;
  for (int64_t e = 0; e < input.shape.size(); ++e) move.sources.push_back({0, e});
  plan.operation = std::move(move);
  with_storage(input.storage, [&](auto element) {
    using T = decltype(element);
    plan.compute = [](const ProxyRows& rows) {
      std::copy_n(rows.in[0]->data<T>(), rows.rows * rows.out->row_size(), rows.out->data<T>());
    };
  });
  return plan;
}

double relu(double v) { return std::max(v, 0.0); }

double sigmoid(double v) { return 1 / (1 + std::exp(-v)); }

double hyperbolic_tangent(double v) { return std::tanh(v); }

void sigmoid_of(std::span<double> values) { std::ranges::transform(values, values.begin(), sigmoid); }

void tanh_of(std::span<double> values) { std::ranges::transform(values, values.begin(), hyperbolic_tangent); }

void softmax_of(std::span<double> values) {
  const double largest = *std::ranges::max_element(values);
  double sum = 0;
  for (double& v : values) sum += v = std::exp(v - largest);
  for (double& v : values) v /= sum;
}

/// Computes a function of the values along the last dimension, in place.
using Function = void (*)(std::span<double>);

/// `fraction` is empty for floats.
template <typename T>
ProxyFunction activation_function(Function function, int64_t last_dim, std::vector<int> fraction) {
  return [function, last_dim, fraction = std::move(fraction)](const ProxyRows& rows) {
    const T* in = rows.in[0]->data<T>();
    auto* out = rows.out->data<float>();
    const auto n = static_cast<size_t>(rows.out->row_size());
    std::vector<double> values(n);
    for (int64_t row = 0; row < rows.rows; ++row, in += n, out += n) {
      for (size_t e = 0; e < n; ++e) {
        values[e] =
            fraction.empty() ? static_cast<double>(in[e]) : std::ldexp(static_cast<double>(in[e]), -fraction[e]);
      }
      for (size_t e = 0; e < n; e += static_cast<size_t>(last_dim)) {
        function({values.data() + e, static_cast<size_t>(last_dim)});
      }
      std::ranges::transform(values, out, [](double v) { return static_cast<float>(v); });
    }
  };
}

/// For a function of one number that hls4ml reads from its table.
template <typename T>
ProxyFunction table_function(HlsFunction function, int table_fraction, std::vector<int> fraction) {
  return [function, table_fraction, fraction = std::move(fraction)](const ProxyRows& rows) {
    const T* in = rows.in[0]->data<T>();
    auto* out = rows.out->data<float>();
    const auto n = static_cast<size_t>(rows.out->row_size());
    for (int64_t row = 0; row < rows.rows; ++row, in += n, out += n) {
      for (size_t e = 0; e < n; ++e)
        out[e] = hls_table_value(function, table_fraction, std::ldexp(static_cast<double>(in[e]), -fraction[e]));
    }
  };
}

ProxyPlan function_plan(const ProxySignal& input, Function function) {
  ProxyPlan plan;
  plan.out.shape = input.shape;
  for (size_t e = 0; e < input.hls.size(); ++e) {
    const int sign = function == tanh_of ? input.hls.k[e] : 0;
    // Softmax has the type of both of hls4ml's tables, ap_fixed<18, 8>.
    const bool softmax = function == softmax_of;
    plan.out.hls.push(sign, softmax ? 16 : std::min(input.hls.i[e], 1), softmax ? 20 : kUnlimitedBits);
  }
  const int64_t last_dim = input.shape.rank() == 0 ? 1 : input.shape[-1];
  with_storage(input.storage, [&](auto element) {
    plan.compute = activation_function<decltype(element)>(function, last_dim, input.fraction);
  });
  if (function == softmax_of) {
    plan.operation = SoftmaxOperation{};
  } else {
    plan.operation = ScalarOperation{[function](double v) {
      function({&v, 1});
      return static_cast<double>(static_cast<float>(v));
    }};
  }
  return plan;
}

/// Computes the function from hls4ml's table; if there is none, the function itself.
ProxyPlan table_plan(const ProxySignal& input, HlsFunction function) {
  ProxyPlan plan = function_plan(input, function == HlsFunction::kTanh ? tanh_of : sigmoid_of);
  if (!input.fixed_point() || !hls_table_problem(function, input.hls).empty()) return plan;
  const int table_fraction = std::ranges::max(input.hls.f);
  with_storage(input.storage, [&](auto element) {
    plan.compute = table_function<decltype(element)>(function, table_fraction, input.fraction);
  });
  plan.operation = ScalarOperation{[function, table_fraction](double v) {
    return static_cast<double>(hls_table_value(function, table_fraction, v));
  }};
  return plan;
}

std::string table_note(HlsFunction function, const ProxySignal& input) {
  const bool is_tanh = function == HlsFunction::kTanh;
  const std::string name = is_tanh ? "tanh" : "sigmoid";
  if (!input.fixed_point()) return "";
  const std::string problem = hls_table_problem(function, input.hls);
  if (!problem.empty()) return concat("hls4ml 1.3.0 cannot compute its ", name, ": ", problem);
  const int bits = std::ranges::max(input.hls.k) + std::ranges::max(input.hls.i) + std::ranges::max(input.hls.f);
  return concat("hls4ml computes ", name, " from its own table, which has 10 fractional bits and inputs from ",
                is_tanh ? "-4 to 4" : "-8 to 8", ", as do predict and verify here; the model does not. ",
                bits <= kMaxTableBits ? concat("With unary_lut_max_table_size ", int64_t{1} << std::max(bits, 0),
                                               " it becomes a UnaryLUT, which is exact")
                                      : "With fewer bits before it, it becomes a UnaryLUT, which is exact");
}

}  // namespace

bool is_plain_relu(ConfigReader& reader) {
  return !reader.has("max_value") && reader.number("negative_slope", "slope below 0", {}) == 0 &&
         reader.number("threshold", "where the function begins", {}) == 0;
}

std::unique_ptr<ProxyLayer> ProxyRelu::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (ReLU)"), errors);
  const bool plain = is_plain_relu(reader);
  errors.throw_if_any();
  HGQ_CHECK(plain, FileError, node.config.place(), ": layer '", node.name,
            "' (ReLU) has a max_value, negative_slope or threshold; a proxy can only hold the plain max(x, 0)");
  return std::make_unique<ProxyRelu>(node.name);
}

Node ProxyRelu::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("max_value", Node());
  config.set("negative_slope", Node::scalar("0.0"));
  config.set("threshold", Node::scalar("0.0"));
  return config;
}

ProxyPlan ProxyRelu::plan(std::span<const ProxySignal* const> in) const { return relu_plan(only_input(in)); }

HlsType ProxyRelu::package_type(std::span<const HlsType> in) const { return package_function(relu, widest(in)); }

ProxyActivation::ProxyActivation(std::string name, std::string function)
    : ProxyLayer(std::move(name)), function_(std::move(function)) {
  HGQ_CHECK(std::ranges::find(functions(), function_) != functions().end(), ShapeError, where(),
            ": a proxy cannot hold the function '", function_, "' as such; it can hold ", join_names(functions()));
}

std::unique_ptr<ProxyLayer> ProxyActivation::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (Activation)"), errors);
  const std::string function = reader.choice("activation", "the function", functions(), "");
  errors.throw_if_any();
  return std::make_unique<ProxyActivation>(node.name, function);
}

const std::vector<std::string>& ProxyActivation::functions() {
  static const std::vector<std::string> kFunctions{"linear", "relu", "sigmoid", "softmax", "tanh"};
  return kFunctions;
}

Node ProxyActivation::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("activation", Node::string(function_));
  return config;
}

ProxyPlan ProxyActivation::plan(std::span<const ProxySignal* const> in) const {
  const ProxySignal& input = only_input(in);
  if (function_ == "linear") return copy_plan(input);
  if (function_ == "relu") return relu_plan(input);
  if (function_ == "sigmoid") return table_plan(input, HlsFunction::kSigmoid);
  if (function_ == "tanh") return table_plan(input, HlsFunction::kTanh);
  return softmax_table_ > 0 ? softmax_tables_plan(input, softmax_table_, where()) : function_plan(input, softmax_of);
}

HlsType ProxyActivation::package_type(std::span<const HlsType> in) const {
  if (function_ == "softmax") return {.k = 0, .i = 1, .f = kPackageUnknownBits};
  if (function_ == "tanh") return package_function(hyperbolic_tangent, widest(in));
  if (function_ == "sigmoid") return package_function(sigmoid, widest(in));
  if (function_ == "relu") return package_function(relu, widest(in));
  return widest(in);
}

std::string ProxyActivation::firmware_note(const ProxySignal& input) const {
  if (function_ == "softmax") return "hls4ml computes softmax from tables, and so does predict --softmax-table";
  if (function_ == "tanh") return table_note(HlsFunction::kTanh, input);
  if (function_ == "sigmoid") return table_note(HlsFunction::kSigmoid, input);
  return "";
}

std::string ProxyActivation::why_inexact() const {
  if (function_ == "tanh" || function_ == "sigmoid")
    return concat("'", name(), "' is hls4ml's own table of ", function_,
                  ": entries of 10 fractional bits, for inputs from ", function_ == "tanh" ? "-4 to 4" : "-8 to 8",
                  "; a larger unary_lut_max_table_size, or fewer bits before it, give it an exact table");
  if (function_ == "softmax")
    return concat("'", name(),
                  "' computes softmax in float32: the last digits depend on the library, and the value "
                  "is at a tie of the quantizer");
  return "";
}

void register_activations(ProxyKinds& kinds) {
  kinds.proxy_layers.add({.name = "ReLU", .make = ProxyRelu::read});
  kinds.proxy_layers.add({.name = "Activation", .make = ProxyActivation::read});
}

}  // namespace hgq
