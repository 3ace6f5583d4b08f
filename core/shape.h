// The extents of a row-major array: neighbours along the last dimension lie side by side in memory.
//
//   Shape s{512, 64};   s.rank() == 2;   s[-1] == 64;   s.size() == 32768;   to_string(s) == "[512, 64]";
//
// A shape has at most Shape::kMaxRank dimensions, which are kept inline, so that shapes need no allocation. A shape of
// rank 0 is a scalar, of size 1.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace hgq {

class Shape {
 public:
  static constexpr int kMaxRank = 8;

  Shape() = default;
  /// Throws ShapeError for a negative extent or more than kMaxRank dimensions.
  Shape(std::initializer_list<int64_t> dims);
  explicit Shape(std::span<const int64_t> dims);

  int rank() const { return rank_; }
  /// Number of elements: the product of the extents; 1 for a scalar.
  int64_t size() const;
  /// The extent of a dimension; negative numbers count from the end. Throws ShapeError if there is no such dimension.
  int64_t operator[](int dim) const;
  void set(int dim, int64_t extent);
  std::span<const int64_t> dims() const { return {dims_.data(), static_cast<size_t>(rank_)}; }

  /// The shape without its first dimension, or with another dimension before the first or after the last. Throw
  /// ShapeError if there is no dimension to remove, or no room for another.
  Shape without_front() const;
  Shape with_front(int64_t extent) const;
  Shape with_back(int64_t extent) const;

  bool operator==(const Shape& other) const;

 private:
  int checked(int dim) const;

  std::array<int64_t, kMaxRank> dims_{};
  int rank_ = 0;
};

/// "[512, 64]"; "[]" for a scalar.
std::string to_string(const Shape& shape);

/// The number of elements from one neighbour to the next along each dimension of a contiguous row-major array.
std::array<int64_t, Shape::kMaxRank> row_major_strides(const Shape& shape);

}  // namespace hgq
