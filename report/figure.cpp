#include "hgq/report/figure.h"

#include "hgq/core/error.h"

namespace hgq::report {
namespace {

/// A path as a relative address: whatever a folder is called, it is never another scheme or host.
std::string href_of(const std::string& path) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out = path.starts_with('/') ? "file://" : "./";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += concat('%', kDigits[byte >> 4U], kDigits[byte & 15U]);
    }
  }
  return out;
}

}  // namespace

Markup to_markup(const Table& table) {
  Markup head;
  for (const Column& column : table.columns)
    head += element("th", {{"scope", "col"}, {"class", column.is_number ? "n" : ""}}, column.name);
  Markup body;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    const std::vector<std::string>& row = table.rows[r];
    Markup cells;
    for (size_t i = 0; i < row.size(); ++i)
      cells += element("td", {{"class", i < table.columns.size() && table.columns[i].is_number ? "n" : ""}},
                       i == 0 && r < table.links.size() && !table.links[r].empty()
                           ? element("a", {{"href", href_of(table.links[r])}}, row[i])
                           : text(row[i]));
    body += element("tr", {}, cells) + Markup::trusted("\n");
  }
  Markup content;
  if (!table.caption.empty()) content += element("caption", {}, table.caption);
  content += element("thead", {}, element("tr", {}, head)) + element("tbody", {}, body);
  return element("div", {{"class", "scroll"}, {"tabindex", "0"}}, element("table", {}, content));
}

Markup to_markup(const Figure& figure) {
  Markup content = element("figcaption", {}, figure.title);
  content += element("div", {{"class", "scroll"}}, figure.drawing);
  if (!figure.caption.empty()) content += element("p", {{"class", "note"}}, figure.caption);
  if (!figure.table.columns.empty()) {
    content += element("details", {}, element("summary", {}, "Table") + to_markup(figure.table));
  }
  return element("figure", {{"class", figure.is_wide ? "wide" : ""}}, content) + Markup::trusted("\n");
}

Markup pair(const Markup& left, const Markup& right) {
  return element("div", {{"class", "pair"}}, element("div", {}, left) + element("div", {}, right));
}

Markup grid(const std::vector<Figure>& figures) {
  Markup content;
  for (const Figure& figure : figures) content += to_markup(figure);
  return element("div", {{"class", "figures"}}, content);
}

}  // namespace hgq::report
