#include "hgq/deploy/scaling_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "hgq/deploy/csv_field.h"

namespace hgq {
namespace {

std::string lines_of(const std::string& what, std::span<const std::string> layers, std::span<const Scaling> scaling) {
  std::string text;
  for (size_t i = 0; i < std::min(layers.size(), scaling.size()); ++i) {
    for (size_t f = 0; f < scaling[i].offset.size(); ++f)
      text += fmt::format("{},{},{},{}\n", csv_field(layers[i]), f, scaling[i].offset[f], scaling[i].divisor[f]);
  }
  return text.empty() ? "" : what + ",feature,offset,divisor\n" + text;
}

}  // namespace

std::string scaling_csv(std::span<const std::string> inputs, std::span<const Scaling> scaling) {
  return lines_of("input", inputs, scaling);
}

std::string output_scaling_csv(std::span<const std::string> outputs, std::span<const Scaling> scaling) {
  return lines_of("output", outputs, scaling);
}

}  // namespace hgq
