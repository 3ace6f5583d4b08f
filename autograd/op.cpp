#include "hgq/autograd/op.h"

#include <algorithm>

namespace hgq {

int64_t Op::partial_floats(int output) const { return output_sizes[static_cast<size_t>(output)]; }

void Op::combine(const OpContext& /*c*/, int output, float* into, const float* from) const {
  const int64_t n = partial_floats(output);
  for (int64_t i = 0; i < n; ++i) into[i] += from[i];
}

void Op::finish(const OpContext& c) const {
  for (size_t o = 0; o < output_sizes.size(); ++o) {
    if (c.partial[o] != nullptr) std::copy_n(c.partial[o], output_sizes[o], c.out[o]);
  }
}

}  // namespace hgq
