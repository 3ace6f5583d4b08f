// What is known about the values in a proxy model, and how the exact emulation computes them.
//
// A proxy is a network of ordinary Keras layers with FixedPointQuantizers between them. After a quantizer every value
// is an integer times a power of two, so the whole network can be computed in integers, bit by bit as in the FPGA.
// Before there are data, each layer makes a plan: from the ProxySignals of its inputs it derives that of its output,
//
//   value of element e = mantissa * 2^-fraction[e],   low[e] <= mantissa <= high[e],
//
// and so knows that 64 bits, or if necessary 128, hold every sum that can occur. ProxyPlan::compute then computes
// blocks of rows and needs no checks. The inputs of the model and the results of tanh, sigmoid and softmax are float32;
// only a quantizer, a layer that moves elements, or another function may read them.
//
// Example: a quantizer with k = 0, b = 3, i = 1 gives fraction 2, low 0, high 7: the values 0, 0.25, ... 1.75.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/fixed_point.h"
#include "hgq/core/shape.h"
#include "hgq/core/tensor.h"
#include "hgq/proxy/operation.h"

namespace hgq {

/// The type in which the elements of a value are stored.
enum class Storage : uint8_t { kFloat, kInt64, kInt128 };

/// Calls f with a value of the type of `storage`: float, int64_t or Int128.
template <typename F>
decltype(auto) with_storage(Storage storage, F&& f) {
  switch (storage) {
    case Storage::kFloat:
      return f(float{});
    case Storage::kInt64:
      return f(int64_t{});
    case Storage::kInt128:
      break;
  }
  return f(Int128{});
}

/// The type of each element as hls4ml 1.3.0 derives it, layer by layer (proxy-format.md 1.5): k, i without the sign, f.
/// It may be wider than the values that can occur, and narrower than the type of a quantizer. It matters where hls4ml
/// uses raw bits, as the index of a UnaryLUT.
struct HlsTypes {
  std::vector<int> k, i, f;

  void push(int sign, int integers, int fraction) {
    k.push_back(sign);
    i.push_back(integers);
    f.push_back(fraction);
  }
  void push_all(size_t count, int sign, int integers, int fraction) {
    for (size_t e = 0; e < count; ++e) push(sign, integers, fraction);
  }
  size_t size() const { return k.size(); }
};

/// The most dimensions of a sample in those layers of hls4ml that exist only for fixed numbers of dimensions.
inline constexpr int kMostHlsDims = 3;

/// The width of a value that is not quantized: more than any type of hls4ml has.
inline constexpr int kUnlimitedBits = 126;

/// What is known about a value before there are data. The vectors have an entry for each element of a sample,
/// row-major; `fraction`, `low` and `high` are empty if storage is kFloat.
struct ProxySignal {
  Shape shape;  // of one sample
  Storage storage = Storage::kFloat;
  std::vector<int> fraction;
  std::vector<Int128> low, high;  // magnitudes below 2^120
  HlsTypes hls;                   // of every element, for any storage

  bool fixed_point() const { return storage != Storage::kFloat; }
  /// Whether an element is always 0; its fraction has no meaning then.
  bool always_zero(int64_t e) const;
};

/// The bits of a mantissa without its sign: 3 for 7 and for -8.
int mantissa_bits(Int128 mantissa);

/// The storage for mantissas with magnitudes up to `magnitude`.
Storage storage_for(Int128 magnitude);

/// The values of one layer for a block of at most `max_rows` rows, row-major.
class ProxyBlock {
 public:
  ProxyBlock() = default;
  ProxyBlock(const ProxySignal& signal, int64_t max_rows);

  /// T is the type of the storage of the signal.
  template <typename T>
  T* data() const {
    return reinterpret_cast<T*>(buffer_.data());
  }
  int64_t row_size() const { return row_size_; }

 private:
  int64_t row_size_ = 0;
  AlignedBuffer buffer_;
};

/// The arguments of one call of ProxyPlan::compute: `rows` rows of each input, and where the output goes.
struct ProxyRows {
  int64_t rows = 0;
  std::span<const ProxyBlock* const> in;
  const ProxyBlock* out = nullptr;
  /// A quantizer adds the number of values that overflow to the first, and sets the entry of each such row in the
  /// second, which has `rows` entries.
  int64_t* overflows = nullptr;
  uint8_t* row_overflows = nullptr;
};

/// Computes a block of rows of one layer.
using ProxyFunction = std::function<void(const ProxyRows&)>;

/// Throws ShapeError if a layer has more than 2^22 elements: plans have an entry for each, and a file can claim any
/// shape.
void check_elements(int64_t elements, std::string_view where);

/// The same limit for the tables of all elements that windows read, and for kernels with zeros between groups: 2^25
/// entries.
void check_table(int64_t entries, std::string_view where);

/// How a layer is emulated: what is known about its output, the function that computes it, and what that function is.
struct ProxyPlan {
  ProxySignal out{};
  ProxyFunction compute{};
  ProxyOperation operation{};
};

}  // namespace hgq
