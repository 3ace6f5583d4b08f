// Products of float32 matrices with fixed shapes: an object is made once, and run in every step on any thread.
//
//   const Matmul forward({.m = 519, .k = 16, .n = 64});
//   forward.run(x, kernel, z);                                  // z[519, 64] = x[519, 16] · kernel[16, 64]
//
// A MatmulSpec (core/plain_matmul.h) gives shapes, transposition, strides and accumulation. dnnl.cpp is the only file
// that knows oneDNN. It takes what is fastest for the shape: register tiles of our own (core/tile_matmul.h) for the
// small and narrow products of which networks for FPGAs consist, and oneDNN for larger products. If hgq was compiled
// for any processor (HGQ_NATIVE=OFF), oneDNN computes all but the smallest products. The choice follows from the spec
// alone, so a product has the same bits in every run, on every thread, at every address.
//
// One thread computes one product, whatever OpenMP is set to: parallelism comes from running many chunks of rows at
// once. A build with HGQ_USE_DNNL=OFF runs plain_matmul.
#pragma once

#include <string>

#include "hgq/core/plain_matmul.h"

namespace hgq {

class Matmul {
 public:
  /// Throws ShapeError for a spec that checked() does not accept.
  explicit Matmul(const MatmulSpec& spec);

  /// C (+)= op(A) · op(B). May be called on several threads at once. The arrays need only the alignment of a float; C
  /// must not overlap A or B. Allocates nothing itself; oneDNN may.
  void run(const float* a, const float* b, float* c) const;

  /// The spec with every stride filled in.
  const MatmulSpec& spec() const { return spec_; }

 private:
  MatmulSpec spec_;
  bool by_tiles_;
  bool plain_ = false;
};

/// "oneDNN 2.6.3", or "plain loops" for a build without oneDNN; for reports.
std::string matmul_library();

}  // namespace hgq
