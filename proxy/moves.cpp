#include "hgq/proxy/moves.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq {
namespace {

template <typename From, typename To>
void copy_rows(const ProxyRows& rows, const std::vector<MoveSource>& sources, int input) {
  const ProxyBlock& block = *rows.in[static_cast<size_t>(input)];
  const From* in = block.data<From>();
  To* out = rows.out->data<To>();
  for (int64_t row = 0; row < rows.rows; ++row, in += block.row_size(), out += sources.size()) {
    for (size_t e = 0; e < sources.size(); ++e) {
      if (sources[e].input == input) out[e] = static_cast<To>(in[sources[e].element]);
    }
  }
}

}  // namespace

ProxyPlan move_plan(std::span<const ProxySignal* const> in, const Shape& shape, std::vector<MoveSource> sources,
                    std::string_view where) {
  ProxyPlan plan;
  plan.out.shape = shape;
  std::vector<Storage> storage;
  for (const ProxySignal* signal : in) {
    HGQ_CHECK(signal->fixed_point() == in[0]->fixed_point(), ShapeError, where,
              ": reads quantized values and values that are not; expected a FixedPointQuantizer before each input");
    storage.push_back(signal->storage);
    plan.out.storage = std::max(plan.out.storage, signal->storage);
  }
  for (const MoveSource& source : sources) {
    // A 0 that is inserted has the type of its neighbours.
    const HlsTypes& types = in[static_cast<size_t>(std::max(source.input, 0))]->hls;
    const auto element = source.input < 0 ? size_t{0} : static_cast<size_t>(source.element);
    plan.out.hls.push(types.k[element], types.i[element], types.f[element]);
  }
  if (plan.out.fixed_point()) {
    for (const MoveSource& source : sources) {
      if (source.input < 0) {
        plan.out.fraction.push_back(0);
        plan.out.low.push_back(0);
        plan.out.high.push_back(0);
        continue;
      }
      const ProxySignal& signal = *in[static_cast<size_t>(source.input)];
      const auto element = static_cast<size_t>(source.element);
      plan.out.fraction.push_back(signal.fraction[element]);
      plan.out.low.push_back(signal.low[element]);
      plan.out.high.push_back(signal.high[element]);
    }
  }
  const bool has_zeros = std::ranges::any_of(sources, [](const MoveSource& s) { return s.input < 0; });
  plan.operation = MoveOperation{sources};
  plan.compute = [sources = std::move(sources), storage, has_zeros, to = plan.out.storage](const ProxyRows& rows) {
    if (has_zeros)
      with_storage(to, [&](auto zero) {
        std::fill_n(rows.out->data<decltype(zero)>(), rows.rows * std::ssize(sources), decltype(zero){0});
      });
    for (size_t input = 0; input < storage.size(); ++input) {
      const int which = static_cast<int>(input);
      if (to == Storage::kFloat) {
        copy_rows<float, float>(rows, sources, which);
      } else if (to == Storage::kInt64) {
        copy_rows<int64_t, int64_t>(rows, sources, which);
      } else if (storage[input] == Storage::kInt64) {
        copy_rows<int64_t, Int128>(rows, sources, which);
      } else {
        copy_rows<Int128, Int128>(rows, sources, which);
      }
    }
  };
  return plan;
}

}  // namespace hgq
