#include "hgq/data/array_option.h"

#include <algorithm>
#include <filesystem>

#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

bool is_file(const std::string& path) {
  std::error_code ignored;
  return !path.empty() && std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored);
}

/// Cuts a text at the commas outside of [...].
std::vector<std::string> items_of(const std::string& text) {
  std::vector<std::string> items(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth <= 0) {
      items.emplace_back();
    } else {
      items.back() += c;
    }
  }
  return items;
}

/// Reads FILE, FILE:NAME or NAME; only an existing file counts as FILE.
void add_name(const std::string& item, const DataFile* data, ArraySpec& array) {
  if (data == nullptr || !data->has(item)) {
    if (is_file(item) && array.file.empty() && array.names.empty()) {
      array.file = item;
      return;
    }
    for (size_t colon = item.rfind(':'); colon != std::string::npos && colon > 0; colon = item.rfind(':', colon - 1)) {
      if (!is_file(item.substr(0, colon)) || !array.file.empty() || !array.names.empty()) continue;
      array.file = item.substr(0, colon);
      array.names.push_back(item.substr(colon + 1));
      return;
    }
  }
  array.names.push_back(item);
}

}  // namespace

std::vector<NamedArray> parse_arrays(const std::string& text, const DataFile* data, const std::string& option) {
  std::vector<NamedArray> arrays;
  const std::vector<std::string> items = is_file(text) ? std::vector<std::string>{text} : items_of(text);
  for (const std::string& item : items) {
    const bool known = (data != nullptr && data->has(item)) || is_file(item);
    const size_t equals = known ? std::string::npos : item.find('=');
    const bool begins = equals != std::string::npos;
    const std::string name = begins ? item.substr(equals + 1) : item;
    HGQ_CHECK(!name.empty() && equals != 0, ConfigError, option, " ", printable(text),
              ": expected NAME, FILE or FILE:NAME, columns a,b,c or 0:36, or LAYER=... for each of several layers");
    if (begins || arrays.empty()) arrays.push_back({begins ? item.substr(0, equals) : std::string(), {}});
    HGQ_CHECK(!begins || !arrays.front().name.empty(), ConfigError, option, " ", printable(text),
              ": several arrays need their layers: LAYER=NAME,LAYER=NAME");
    add_name(name, data, arrays.back().array);
  }
  for (NamedArray& named : arrays) named.array.place = option;
  return arrays;
}

}  // namespace hgq
