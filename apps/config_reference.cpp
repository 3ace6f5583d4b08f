#include "hgq/apps/config_reference.h"

#include <algorithm>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {
namespace {

struct Section {
  std::string name;
  std::vector<const KeyDoc*> keys;
};

/// The text for a cell of a table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string code(const std::string& text) {
  return text.empty() || text == "required" ? cell(text) : concat("`", cell(text), "`");
}

std::vector<Section> by_section(std::span<const KeyDoc> docs) {
  std::vector<Section> sections;
  for (const KeyDoc& doc : docs) {
    auto section =
        std::find_if(sections.begin(), sections.end(), [&](const Section& s) { return s.name == doc.section; });
    if (section == sections.end()) section = sections.insert(section, {doc.section, {}});
    const auto same = [&](const KeyDoc* other) { return other->key == doc.key; };
    if (std::none_of(section->keys.begin(), section->keys.end(), same)) section->keys.push_back(&doc);
  }
  return sections;
}

}  // namespace

std::string config_reference(std::span<const KeyDoc> docs, std::string_view intro) {
  std::string page;
  for (const Section& section : by_section(docs)) {
    if (!page.empty()) page += '\n';
    page += concat("## ", section.name.empty() ? std::string("Top level") : section.name, "\n\n");
    if (!intro.empty()) page += concat(intro, "\n\n");
    page += "| key | type | default | |\n|---|---|---|---|\n";
    for (const KeyDoc* key : section.keys) {
      page += concat("| ", code(key->key), " | ", cell(key->type), " | ", code(key->fallback), " | ", cell(key->doc),
                     " |\n");
    }
  }
  return page;
}

}  // namespace hgq
