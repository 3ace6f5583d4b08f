#include "hgq/proxy/signal.h"

#include <bit>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr int64_t kMostElements = int64_t{1} << 22U;
constexpr int64_t kMostTableEntries = int64_t{1} << 25U;
constexpr int kInt64Bits = 62;  // one bit is kept for the half that rounding adds

}  // namespace

void check_elements(int64_t elements, std::string_view where) {
  HGQ_CHECK(elements <= kMostElements, ShapeError, where, ": has ", elements, " values a sample, more than ",
            kMostElements);
}

void check_table(int64_t entries, std::string_view where) {
  HGQ_CHECK(entries <= kMostTableEntries, ShapeError, where, ": reads ", entries, " values a sample, more than ",
            kMostTableEntries);
}

bool ProxySignal::always_zero(int64_t e) const {
  const auto index = static_cast<size_t>(e);
  return low[index] == 0 && high[index] == 0;
}

int mantissa_bits(Int128 mantissa) {
  const Int128 magnitude = mantissa < 0 ? ~mantissa : mantissa;
  const auto upper = static_cast<uint64_t>(magnitude >> 64);
  const auto lower = static_cast<uint64_t>(magnitude);
  return upper != 0 ? 128 - std::countl_zero(upper) : 64 - std::countl_zero(lower);
}

Storage storage_for(Int128 magnitude) {
  return mantissa_bits(magnitude) <= kInt64Bits - 1 ? Storage::kInt64 : Storage::kInt128;
}

ProxyBlock::ProxyBlock(const ProxySignal& signal, int64_t max_rows) : row_size_(signal.shape.size()) {
  const size_t bytes = with_storage(signal.storage, [](auto element) { return sizeof(element); });
  buffer_ = AlignedBuffer(bytes * static_cast<size_t>(row_size_ * max_rows));
}

}  // namespace hgq
