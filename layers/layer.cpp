#include "hgq/layers/layer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {

Layer::Layer(ConfigReader& c) : keys_(c.resolved()), name_(c.text("name", "name of the layer", "")) {}

nlohmann::json Layer::config() const {
  nlohmann::json json = *keys_;
  json["name"] = name_;
  return json;
}

std::string Layer::where() const { return concat("layer '", name_, "' (", kind(), ")"); }

void Layer::expect_inputs(std::span<const Shape> inputs, size_t count) const {
  HGQ_CHECK(inputs.size() == count, ShapeError, where(), ": has ", inputs.size(), " inputs, expected ", count);
}

void check_weight(const Shape& shape, const BuildOptions& options, const std::string& where) {
  HGQ_CHECK(shape.size() <= options.most_values, ShapeError, where, " would have shape ", shape, ", more than the ",
            std::max<int64_t>(options.most_values, 0), " values that ",
            options.initialize ? "this machine's memory has room for" : "the model file has for it");
}

}  // namespace hgq
