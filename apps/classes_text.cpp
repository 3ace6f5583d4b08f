#include "hgq/apps/classes_text.h"

#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {

std::string classes_text(const ClassMap& classes, const std::string& output, int64_t count) {
  constexpr size_t kMost = 100;
  if (classes.empty() || classes.is_identity()) return "";
  std::string text = "classes:";
  for (size_t i = 0; i < std::min(kMost, classes.names.size()); ++i)
    text += concat(i == 0 ? " " : ", ", printable(classes.names[i]), " -> ", i);
  if (classes.names.size() > kMost) text += concat(", ... ", classes.names.size(), " in all");
  if (count > classes.size())
    text += concat("; output '", output, "' distinguishes ", count, " classes, of which the last ",
                   count - classes.size(), " will have no rows");
  return text;
}

}  // namespace hgq
