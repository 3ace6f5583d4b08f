// Float32 arrays, row-major and contiguous: a Tensor owns its memory; TensorView and ConstTensorView refer to the
// memory of others.
//
// The memory of a Tensor starts on a 64-byte boundary (a cache line, and the widest vector register). A Tensor can only
// be moved, so that no large array is copied by accident; `clone()` copies it. Views are a pointer and a shape, passed
// by value.
//
//   Tensor x(Shape{512, 16});            // zeros
//   TensorView part = x.view().rows(0, 128);
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "hgq/core/shape.h"

namespace hgq {

inline constexpr size_t kAlignment = 64;

struct ConstTensorView {
  const float* data = nullptr;
  Shape shape;

  int64_t size() const { return shape.size(); }
  std::span<const float> values() const { return {data, static_cast<size_t>(size())}; }
  /// The `count` entries of the first dimension from `first` on. The range is not checked.
  ConstTensorView rows(int64_t first, int64_t count) const;
};

struct TensorView {
  float* data = nullptr;
  Shape shape;

  int64_t size() const { return shape.size(); }
  std::span<float> values() const { return {data, static_cast<size_t>(size())}; }
  TensorView rows(int64_t first, int64_t count) const;
  operator ConstTensorView() const { return {data, shape}; }  // NOLINT(google-explicit-constructor)
};

/// A block of aligned memory; its contents are not initialized.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t bytes);
  std::byte* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  std::unique_ptr<std::byte[], Free> data_;
  size_t size_ = 0;
};

class Tensor {
 public:
  Tensor() = default;
  /// Zeros.
  explicit Tensor(const Shape& shape);
  Tensor(const Shape& shape, std::span<const float> values);
  Tensor(Tensor&&) = default;
  Tensor& operator=(Tensor&&) = default;
  Tensor(const Tensor&) = delete;
  Tensor& operator=(const Tensor&) = delete;

  Tensor clone() const;

  const Shape& shape() const { return shape_; }
  int64_t size() const { return shape_.size(); }
  bool empty() const { return buffer_.data() == nullptr; }
  float* data() { return reinterpret_cast<float*>(buffer_.data()); }
  const float* data() const { return reinterpret_cast<const float*>(buffer_.data()); }
  std::span<float> values() { return {data(), static_cast<size_t>(size())}; }
  std::span<const float> values() const { return {data(), static_cast<size_t>(size())}; }
  TensorView view() { return {data(), shape_}; }
  ConstTensorView view() const { return {data(), shape_}; }
  void fill(float value);

 private:
  Shape shape_;
  AlignedBuffer buffer_;
};

/// A tensor with its name, as files and reports contain it.
struct NamedTensor {
  std::string name;
  Tensor value;
};

}  // namespace hgq
