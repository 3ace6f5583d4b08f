#include "hgq/autograd/sharing.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq {

Sharing Sharing::of(const Shape& sample, const Shape& f, int leading) {
  bool fits = f.rank() == sample.rank() + leading;
  for (int i = 0; fits && i < leading; ++i) fits = f[i] == 1;
  for (int i = 0; fits && i < sample.rank(); ++i) fits = f[i + leading] == 1 || f[i + leading] == sample[i];
  HGQ_CHECK(fits, ShapeError, "quantize: bit widths of shape ", f, " do not fit values of shape ", sample);
  int first = 0;
  while (first < sample.rank() && f[first + leading] == 1) ++first;
  first = std::min(first, std::max(sample.rank() - 1, 0));
  Sharing s;
  s.f_size = f.size();
  s.period = 1;
  for (int i = first; i < sample.rank(); ++i) s.period *= sample[i];
  const auto strides = row_major_strides(f);
  s.index.resize(static_cast<size_t>(s.period));
  for (int64_t e = 0; e < s.period; ++e) {
    int64_t rest = e;
    int64_t at = 0;
    for (int i = sample.rank() - 1; i >= first; --i) {
      if (f[i + leading] != 1) at += rest % sample[i] * strides[static_cast<size_t>(i + leading)];
      rest /= sample[i];
    }
    s.index[static_cast<size_t>(e)] = static_cast<int32_t>(at);
  }
  return s;
}

}  // namespace hgq
