// IDX files, the format of MNIST and Fashion-MNIST: two zero bytes, a type, a rank, big-endian sizes, then the values
// in C order.
#pragma once

#include <memory>

#include "hgq/data/bytes.h"
#include "hgq/data/row_source.h"

namespace hgq {

/// Whether the first four bytes can be those of an IDX file.
bool looks_like_idx(const Bytes& bytes);

/// Throws FileError if the header is wrong, or if values are missing at the end.
std::unique_ptr<RowSource> open_idx(const std::shared_ptr<const Bytes>& bytes);

}  // namespace hgq
