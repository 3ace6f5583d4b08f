#include "hgq/core/shape.h"

#include <algorithm>

#include "hgq/core/error.h"

namespace hgq {

Shape::Shape(std::initializer_list<int64_t> dims) : Shape(std::span<const int64_t>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const int64_t> dims) {
  HGQ_CHECK(dims.size() <= static_cast<size_t>(kMaxRank), ShapeError, "a shape has at most ", kMaxRank, " dims, not ",
            dims.size());
  for (const int64_t extent : dims) {
    HGQ_CHECK(extent >= 0, ShapeError, "a dim of a shape cannot be ", extent);
    dims_[static_cast<size_t>(rank_++)] = extent;
  }
}

int64_t Shape::size() const {
  int64_t product = 1;
  for (const int64_t extent : dims()) {
    if (extent == 0) return 0;
  }
  for (const int64_t extent : dims()) {
    HGQ_CHECK(!__builtin_mul_overflow(product, extent, &product), ShapeError, "shape ", *this,
              " has more than 2^63 values");
  }
  return product;
}

int Shape::checked(int dim) const {
  const int index = dim < 0 ? dim + rank_ : dim;
  HGQ_CHECK(index >= 0 && index < rank_, ShapeError, "shape ", *this, " has no dim ", dim);
  return index;
}

int64_t Shape::operator[](int dim) const { return dims_[static_cast<size_t>(checked(dim))]; }

void Shape::set(int dim, int64_t extent) { dims_[static_cast<size_t>(checked(dim))] = extent; }

Shape Shape::without_front() const {
  HGQ_CHECK(rank_ > 0, ShapeError, "a scalar has no first dimension to remove");
  return Shape(dims().subspan(1));
}

Shape Shape::with_front(int64_t extent) const {
  Shape result{extent};
  for (const int64_t d : dims()) result = result.with_back(d);
  return result;
}

Shape Shape::with_back(int64_t extent) const {
  HGQ_CHECK(rank_ < kMaxRank, ShapeError, "shape ", *this, " cannot have another dimension: the limit is ", kMaxRank);
  Shape result = *this;
  result.dims_[static_cast<size_t>(result.rank_++)] = extent;
  return result;
}

bool Shape::operator==(const Shape& other) const { return std::ranges::equal(dims(), other.dims()); }

std::string to_string(const Shape& shape) {
  std::string out = "[";
  for (int i = 0; i < shape.rank(); ++i) out += concat(i == 0 ? "" : ", ", shape[i]);
  return out + "]";
}

std::array<int64_t, Shape::kMaxRank> row_major_strides(const Shape& shape) {
  std::array<int64_t, Shape::kMaxRank> strides{};
  int64_t stride = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[static_cast<size_t>(i)] = stride;
    stride *= shape[i];
  }
  return strides;
}

}  // namespace hgq
