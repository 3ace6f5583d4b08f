// A proxy layer as a program of one's own could have it: exact, and of a class that nothing in hgq knows.
#pragma once

#include <algorithm>
#include <string>

#include "hgq/proxy/layer.h"
#include "hgq/proxy/package_types.h"

namespace hgq {

/// Half of every value: the mantissas stay, there is one more fractional bit.
class HalfProxyLayer : public ProxyLayer {
 public:
  using ProxyLayer::ProxyLayer;
  std::string_view class_name() const override { return "Half"; }
  Node config(bool /*only_child*/) const override { return base_config(true); }
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override {
    ProxyPlan plan;
    plan.out = fixed_input(in);
    for (int& fraction : plan.out.fraction) ++fraction;
    for (int& f : plan.out.hls.f) ++f;
    for (int& i : plan.out.hls.i) --i;
    plan.compute = [storage = plan.out.storage](const ProxyRows& rows) {
      with_storage(storage, [&](auto element) {
        using T = decltype(element);
        std::copy_n(rows.in[0]->data<T>(), rows.rows * rows.out->row_size(), rows.out->data<T>());
      });
    };
    return plan;
  }
  HlsType package_type(std::span<const HlsType> in) const override {
    const HlsType type = widest(in);
    return {.k = type.k, .i = type.i - 1, .f = type.f + 1};
  }
  std::string firmware_note(const ProxySignal& input) const override {
    return input.shape.rank() > 1 ? "hls4ml halves rows only" : "";
  }
  std::string why_inexact() const override { return "'" + name() + "' halves"; }
};

}  // namespace hgq
