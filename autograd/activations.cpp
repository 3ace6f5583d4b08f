#include "hgq/autograd/activations.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>

#include "hgq/autograd/executor.h"
#include "hgq/core/error.h"
#include "hgq/core/vector_math.h"

namespace hgq {
namespace {

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
// Computed in double, so that only the rounding of the result to float32 is left.
void sigmoids(std::span<const float> x, float* y) {
  for (size_t i = 0; i < x.size(); ++i) y[i] = static_cast<float>(1.0 / (1.0 + fast_exp(-static_cast<double>(x[i]))));
}
void tanhs(std::span<const float> x, float* y) {
  for (size_t i = 0; i < x.size(); ++i) {
    const auto v = static_cast<double>(x[i]);
    const double quotient = 1.0 - 2.0 / (fast_exp(2.0 * v) + 1.0);
    const double series = v * (1.0 - v * v * (1.0 / 3.0));  // here the difference would lose too many digits
    y[i] = static_cast<float>(std::abs(v) < 1e-3 ? series : quotient);
  }
}
void sigmoid_slopes(std::span<const float> x, const float* y, float* slope) {
  for (size_t i = 0; i < x.size(); ++i) slope[i] = y[i] * (1.0F - y[i]);
}
void tanh_slopes(std::span<const float> x, const float* y, float* slope) {
  for (size_t i = 0; i < x.size(); ++i) slope[i] = 1.0F - y[i] * y[i];
}
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

std::vector<ops::UnaryFunction> built_in() {
  constexpr double kSeluScale = 1.05070098735548049342;
  constexpr double kSeluAlpha = 1.67326324235437728482;
  return {
      {"sigmoid", sigmoid, [](double, double y) { return y * (1.0 - y); }, sigmoids, sigmoid_slopes},
      {"tanh", [](double x) { return std::tanh(x); }, [](double, double y) { return 1.0 - y * y; }, tanhs, tanh_slopes},
      {"elu", [](double x) { return x > 0 ? x : std::expm1(x); },
       [](double x, double y) { return x > 0 ? 1.0 : y + 1.0; }},
      {"selu", [](double x) { return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x)); },
       [](double x, double) { return kSeluScale * (x > 0 ? 1.0 : kSeluAlpha * std::exp(x)); }},
      {"softplus", softplus, [](double x, double) { return sigmoid(x); }},
      {"softsign", [](double x) { return x / (1.0 + std::abs(x)); },
       [](double x, double) { return 1.0 / ((1.0 + std::abs(x)) * (1.0 + std::abs(x))); }},
      {"swish", [](double x) { return x * sigmoid(x); }, [](double x, double y) { return y + sigmoid(x) * (1.0 - y); }},
      {"silu", [](double x) { return x * sigmoid(x); }, [](double x, double y) { return y + sigmoid(x) * (1.0 - y); }},
      {"relu6", [](double x) { return std::clamp(x, 0.0, 6.0); },
       [](double x, double) { return x > 0 && x < 6 ? 1.0 : 0.0; }},
      {"gelu", [](double x) { return 0.5 * x * (1.0 + std::erf(x / std::numbers::sqrt2)); },
       [](double x, double) {
         return 0.5 * (1.0 + std::erf(x / std::numbers::sqrt2)) +
                x * std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
       }},
      {"exponential", [](double x) { return std::exp(x); }, [](double, double y) { return y; }},
      {"hard_sigmoid", [](double x) { return std::clamp(0.2 * x + 0.5, 0.0, 1.0); },
       [](double x, double) { return std::abs(x) < 2.5 ? 0.2 : 0.0; }},
      {"leaky_relu", [](double x) { return x > 0 ? x : 0.2 * x; }, [](double x, double) { return x > 0 ? 1.0 : 0.2; }},
      {"mish", [](double x) { return x * std::tanh(softplus(x)); },
       [](double x, double) {
         const double t = std::tanh(softplus(x));
         return t + x * (1.0 - t * t) * sigmoid(x);
       }},
      {"square", [](double x) { return x * x; }, [](double x, double) { return 2.0 * x; }},
      {"exp", [](double x) { return std::exp(x); }, [](double, double y) { return y; }},
      {"sin", [](double x) { return std::sin(x); }, [](double x, double) { return std::cos(x); }},
  };
}

/// A recorded function on a tape of its own, for single values. Only one thread at a time runs it.
class PointTape {
 public:
  explicit PointTape(const std::function<Var(Var)>& record) : workers_(1) {
    y_ = ops::scale(record(tape_.input("x", Shape{1})), 1.0F);  // a separate value, even if the function is x itself
    tape_.keep(y_);
    executor_ = std::make_unique<Executor>(tape_, workers_, ExecutorOptions{.gradients = false});
  }
  float value(float x) {
    const std::scoped_lock lock(mutex_);
    const ConstTensorView in{&x, Shape{1, 1}};
    executor_->forward({&in, 1});
    return executor_->rows_of(y_).data[0];
  }

 private:
  Workers workers_;
  Tape tape_;
  Var y_;
  std::unique_ptr<Executor> executor_;
  std::mutex mutex_;
};

}  // namespace

ops::UnaryFunction to_unary(TapeFunction function) {
  HGQ_CHECK(!function.name.empty() && function.record, ConfigError,
            "a function needs a name, and a function that records it");
  ops::UnaryFunction unary;
  unary.name = std::move(function.name);
  const auto point = std::make_shared<PointTape>(function.record);  // shared by copies of the function
  unary.value = [point](double x) { return static_cast<double>(point->value(static_cast<float>(x))); };
  unary.record = std::move(function.record);
  return unary;
}

FunctionTable::FunctionTable() {
  for (ops::UnaryFunction& function : built_in()) add(std::move(function));
}

void FunctionTable::add(ops::UnaryFunction function) {
  HGQ_CHECK(!function.name.empty() && (function.value || function.record), ConfigError,
            "a function needs a name, and one of `value` and `record`");
  const auto same = [&](const auto& other) { return other->name == function.name; };
  functions_.erase(std::remove_if(functions_.begin(), functions_.end(), same), functions_.end());
  functions_.push_back(std::make_shared<const ops::UnaryFunction>(std::move(function)));
}

std::shared_ptr<const ops::UnaryFunction> FunctionTable::find(std::string_view name) const {
  for (const auto& function : functions_) {
    if (function->name == name) return function;
  }
  return nullptr;
}

std::vector<std::string> FunctionTable::names() const {
  std::vector<std::string> names;
  for (const auto& function : functions_) names.push_back(function->name);
  return names;
}

}  // namespace hgq
