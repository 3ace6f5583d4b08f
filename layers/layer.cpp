#include "hgq/layers/layer.h"

#include "hgq/core/error.h"

namespace hgq {

std::string Layer::where() const { return concat("layer '", name_, "' (", kind(), ")"); }

void Layer::expect_inputs(std::span<const Shape> inputs, size_t count) const {
  HGQ_CHECK(inputs.size() == count, ShapeError, where(), ": has ", inputs.size(), " inputs, expected ", count);
}

}  // namespace hgq
