#include "hgq/rtl/demand.h"

#include <algorithm>
#include <variant>

namespace hgq::rtl {
namespace {

void need(int& demand, int top) { demand = std::max(demand, top); }

/// Hands the demands of a layer's output on to what it reads.
class Reader {
 public:
  Reader(const std::vector<int>& wanted, std::span<std::vector<int>* const> in) : wanted_(wanted), in_(in) {}

  void operator()(const std::monostate& /*unknown*/) const { everything(); }
  void operator()(const SoftmaxOperation& /*softmax*/) const { everything(); }
  void operator()(const MoveOperation& move) const {
    for (size_t e = 0; e < wanted_.size(); ++e) {
      const MoveSource& source = move.sources[e];
      if (source.input >= 0)
        need(in_[static_cast<size_t>(source.input)]->at(static_cast<size_t>(source.element)), wanted_[e]);
    }
  }
  void operator()(const ProductOperation& product) const {
    const auto inputs = static_cast<size_t>(product.inputs);
    const auto units = static_cast<size_t>(product.units);
    for (size_t p = 0; p * inputs < product.source.size(); ++p) {
      for (size_t k = 0; k < inputs; ++k) {
        const int64_t source = product.source[p * inputs + k];
        if (source < 0) continue;
        bool read = false;
        for (size_t j = 0; j < units && !read; ++j)
          read = wanted_[p * units + j] != kNoDemand && product.kernel[k * units + j] != 0.0F;
        if (read) need(in_[0]->at(static_cast<size_t>(source)), kFullDemand);
      }
    }
  }
  void operator()(const QuantizeOperation& quantize) const {
    const bool needs_sign = quantize.overflow != Overflow::kWrap || quantize.rounding == Rounding::kTrnZero ||
                            quantize.rounding == Rounding::kRndZero || quantize.rounding == Rounding::kRndInf;
    for (size_t e = 0; e < wanted_.size(); ++e) {
      const Kbi& type = quantize.types[e];
      if (type.b == 0 || wanted_[e] == kNoDemand) continue;
      need(in_[0]->at(e), needs_sign ? kFullDemand : std::min(type.i, wanted_[e]));
    }
  }
  void operator()(const ReluOperation& /*relu*/) const { element_by_element(); }
  void operator()(const ScalarOperation& /*function*/) const { element_by_element(); }
  void operator()(const SumOperation& /*sum*/) const {
    for (std::vector<int>* const part : in_) {
      for (size_t e = 0; e < wanted_.size(); ++e) need(part->at(e), wanted_[e]);
    }
  }
  void operator()(const WindowOperation& window) const {
    size_t begin = 0;
    for (size_t e = 0; e < window.ends.size(); ++e) {
      for (; begin < window.ends[e]; ++begin) {
        if (wanted_[e] != kNoDemand) need(in_[0]->at(static_cast<size_t>(window.from[begin])), kFullDemand);
      }
    }
  }

 private:
  void everything() const {
    for (std::vector<int>* const part : in_) std::ranges::fill(*part, kFullDemand);
  }
  /// The result depends on the sign, or on any bit.
  void element_by_element() const {
    for (size_t e = 0; e < wanted_.size(); ++e) {
      if (wanted_[e] != kNoDemand) need(in_[0]->at(e), kFullDemand);
    }
  }

  const std::vector<int>& wanted_;
  std::span<std::vector<int>* const> in_;
};

}  // namespace

std::vector<std::vector<int>> demands(const ProxyModel& model, std::span<const ProxyPlan> plans) {
  std::vector<std::vector<int>> wanted;
  for (const ProxyPlan& plan : plans) wanted.emplace_back(static_cast<size_t>(plan.out.shape.size()), kNoDemand);
  for (const int output : model.outputs()) std::ranges::fill(wanted[static_cast<size_t>(output)], kFullDemand);
  for (size_t layer = plans.size(); layer-- > 0;) {
    std::vector<std::vector<int>*> in;
    for (const int parent : model.layers()[layer].parents) in.push_back(&wanted[static_cast<size_t>(parent)]);
    if (!in.empty()) std::visit(Reader(wanted[layer], in), plans[layer].operation);
  }
  return wanted;
}

}  // namespace hgq::rtl
