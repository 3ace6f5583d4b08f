// The mean and the centred products of many rows, from those of blocks of rows, in double. Each block is centred about
// its own mean (Chan, Golub, LeVeque 1983), so that a large mean costs no precision.
#pragma once

#include <cstdint>

namespace hgq {

/// Adds a block of `rows` rows to a lane. A lane contains the count of its rows, their mean [n], and the sums of
/// products of values about that mean [product_count]; so does the block. As the two means differ, `add(weight,
/// lane_mean, lane_products)` must add to `lane_products` the products of the block and weight * (mean - lane_mean)
/// (mean - lane_mean)' in the form that the products have; it is not called for the first block. A block without rows
/// changes nothing.
template <typename T, typename Add>
void merge_moments(double* lane, double rows, const T* mean, int64_t n, const T* products, int64_t product_count,
                   const Add& add) {
  if (rows == 0) return;
  const double total = lane[0] + rows;
  const double weight = lane[0] * rows / total;
  double* const lane_mean = lane + 1;
  double* const lane_products = lane_mean + n;
  if (weight > 0) {
    add(weight, lane_mean, lane_products);
  } else {
#pragma omp simd
    for (int64_t i = 0; i < product_count; ++i) lane_products[i] += static_cast<double>(products[i]);
  }
  for (int64_t i = 0; i < n; ++i) lane_mean[i] += (static_cast<double>(mean[i]) - lane_mean[i]) * (rows / total);
  lane[0] = total;
}

}  // namespace hgq
