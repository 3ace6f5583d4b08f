#include "hgq/apps/output_map.h"

#include <algorithm>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {

bool OutputMap::is_by_output(const Node& value) const {
  if (!value.is_map() || value.find("class_name") != nullptr) return false;
  const auto is_output = [&](const auto& entry) { return std::ranges::find(outputs, entry.first) != outputs.end(); };
  return value.entries().size() > 1 || std::ranges::any_of(value.entries(), is_output);
}

void OutputMap::check(const std::string& name, const Node& value, ErrorList& errors) const {
  if (!outputs_are_known || std::ranges::find(outputs, name) != outputs.end()) return;
  errors.add(value.key_place(), concat(section, ": '", printable(name), "' is no output", suggestion(name, outputs)));
}

}  // namespace hgq
