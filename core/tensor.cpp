#include "hgq/core/tensor.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <new>

#include "hgq/core/error.h"

namespace hgq {
namespace {

template <typename View>
View neighbouring_rows(const View& view, int64_t first, int64_t count) {
  View result = view;
  const int64_t row = view.shape.without_front().size();
  result.data += first * row;
  result.shape.set(0, count);
  return result;
}

// Asks for large pages: with small pages, a pass over megabytes waits for the page table. This is only a hint; nothing
// depends on its success.
void advise_large_pages(std::byte* data, size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr size_t kPage = size_t{2} << 20;
  const auto address = reinterpret_cast<uintptr_t>(data);
  const uintptr_t first = (address + kPage - 1) / kPage * kPage;
  const uintptr_t last = (address + bytes) / kPage * kPage;
  if (first < last) madvise(data + (first - address), last - first, MADV_HUGEPAGE);
#endif
}

}  // namespace

ConstTensorView ConstTensorView::rows(int64_t first, int64_t count) const {
  return neighbouring_rows(*this, first, count);
}

TensorView TensorView::rows(int64_t first, int64_t count) const { return neighbouring_rows(*this, first, count); }

AlignedBuffer::AlignedBuffer(size_t bytes)
    : data_(static_cast<std::byte*>(::operator new[](std::max<size_t>(bytes, 1), std::align_val_t(kAlignment)))),
      size_(bytes) {
  advise_large_pages(data_.get(), bytes);
}

void AlignedBuffer::Free::operator()(std::byte* p) const { ::operator delete[](p, std::align_val_t(kAlignment)); }

Tensor::Tensor(const Shape& shape) : shape_(shape), buffer_(static_cast<size_t>(shape.size()) * sizeof(float)) {
  fill(0.0F);
}

Tensor::Tensor(const Shape& shape, std::span<const float> values)
    : shape_(shape), buffer_(static_cast<size_t>(shape.size()) * sizeof(float)) {
  HGQ_CHECK(static_cast<int64_t>(values.size()) == shape.size(), ShapeError, "a tensor of shape ", shape, " holds ",
            shape.size(), " values, not ", values.size());
  std::ranges::copy(values, data());
}

Tensor Tensor::clone() const { return empty() ? Tensor() : Tensor(shape_, values()); }

void Tensor::fill(float value) { std::ranges::fill(values(), value); }

}  // namespace hgq
