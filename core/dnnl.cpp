#include "hgq/core/dnnl.h"

#include "hgq/core/error.h"
#include "hgq/core/one_openmp_thread.h"
#include "hgq/core/tile_matmul.h"

#ifdef HGQ_USE_DNNL
#include <dnnl.h>
#endif

namespace hgq {

#ifdef HGQ_USE_DNNL
namespace {

void library_matmul(const MatmulSpec& s, const float* a, const float* b, float* c) {
  const OneOpenMpThread guard;  // otherwise oneDNN divides the product among threads
  for (int64_t term = 0; term < s.terms; ++term) {
    const dnnl_status_t status = dnnl_sgemm(s.transpose_a ? 'T' : 'N', s.transpose_b ? 'T' : 'N', s.m, s.n, s.k, 1.0F,
                                            a + term * s.term_stride_a, s.row_stride_a, b + term * s.term_stride_b,
                                            s.row_stride_b, s.accumulate || term > 0 ? 1.0F : 0.0F, c, s.row_stride_c);
    HGQ_CHECK(status == dnnl_success, RunError, "oneDNN could not multiply matrices of ", s.m, " x ", s.k, " and ", s.k,
              " x ", s.n, " (status ", static_cast<int>(status), ")");
  }
}

}  // namespace

Matmul::Matmul(const MatmulSpec& spec) : spec_(checked(spec)), by_tiles_(tiles_suit(spec_)) {
  // oneDNN requires rows that do not overlap.
  plain_ = !by_tiles_ && spec_.row_stride_a < (spec_.transpose_a ? spec_.m : spec_.k);
}

void Matmul::run(const float* a, const float* b, float* c) const {
  if (by_tiles_) return tile_matmul(spec_, a, b, c);
  plain_ ? plain_matmul(spec_, a, b, c) : library_matmul(spec_, a, b, c);
}

std::string matmul_library() {
  const dnnl_version_t& v = *dnnl_version();
  return concat("oneDNN ", v.major, ".", v.minor, ".", v.patch);
}

#else

Matmul::Matmul(const MatmulSpec& spec) : spec_(checked(spec)), by_tiles_(false) {}

void Matmul::run(const float* a, const float* b, float* c) const { plain_matmul(spec_, a, b, c); }

std::string matmul_library() { return "plain loops"; }

#endif

}  // namespace hgq
