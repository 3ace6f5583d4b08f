// Text and markup are two types here, so that the name of a layer or a file can never become markup by accident.
//
//   report::Markup cell = report::element("td", {{"class", "name"}}, report::text(layer));    // layer: any bytes
//   cell += report::empty_element("br");
//   std::puts(cell.str().c_str());
//
// text() makes the five characters that mean something in HTML harmless, and replaces control characters and bytes that
// are not UTF-8 by U+FFFD. What is written is at once HTML and XML.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace hgq::report {

class Markup {
 public:
  Markup() = default;
  /// Markup of our own, taken as it is: never of anything that a file holds.
  static Markup trusted(std::string markup);
  Markup& operator+=(const Markup& other);
  const std::string& str() const { return markup_; }
  bool empty() const { return markup_.empty(); }

 private:
  std::string markup_;
};

Markup operator+(Markup a, const Markup& b);

/// The text itself, for the inside of an element.
Markup text(std::string_view text);

struct Attribute {
  std::string_view name;
  std::string value;  // any text
};

/// <name attributes>content</name>. Attributes with an empty value are left out.
Markup element(std::string_view name, std::initializer_list<Attribute> attributes, const Markup& content);
/// The same for plain text.
Markup element(std::string_view name, std::initializer_list<Attribute> attributes, std::string_view content);
/// <name attributes/>, for elements that hold nothing.
Markup empty_element(std::string_view name, std::initializer_list<Attribute> attributes = {});

/// The characters that text() writes: without markup, control characters and broken UTF-8.
std::string escaped(std::string_view text);
/// At most `most` characters of the text, the last of them "…" if some are left out.
std::string shortened(std::string_view text, size_t most);
/// The number of characters of a text in UTF-8.
size_t characters(std::string_view text);

}  // namespace hgq::report
