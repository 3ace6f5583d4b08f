// A page of HTML in one file: it needs no network, works without a script, is light or dark as the reader's system is,
// and prints. A small script adds what is under the mouse in a curve, and tables that can be sorted.
//
//   report::Page page{.title = "magic", .subtitle = "trained with hgq"};
//   page.sections.push_back({.id = "front", .title = "Front", .content = report::text("...")});
//   const std::string html = report::to_html(page);
//
// A policy in the page (CSP) lets no other script run and nothing be loaded, whatever names the files of a run hold.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hgq/report/markup.h"

namespace hgq::report {

struct Section {
  std::string id;  // of the link to it: letters and hyphens
  std::string title;
  Markup content;
};

struct Page {
  std::string title;
  std::string subtitle;
  Markup head;  // above the sections: headline numbers
  std::vector<Section> sections;
  std::string footer{};
};

std::string to_html(const Page& page);

/// A headline number: what it is, the number, and what must be known about it.
struct Headline {
  std::string name, value, note;
};
Markup headlines(const std::vector<Headline>& headlines);
/// A paragraph; a paragraph that stands out, for what went wrong or is missing.
Markup paragraph(std::string_view text);
Markup warning(std::string_view text);
/// Text as it is, in a box that scrolls: configs, commands.
Markup listing(std::string_view text);
/// Content that is folded away under a title.
Markup folded(std::string_view title, const Markup& content);

/// The style sheet and the script of every page (report/page_style.cpp, report/page_script.cpp).
std::string_view page_style();
std::string_view page_script();
/// The SHA-256 of the script in base64, by which the policy of the page knows it.
std::string_view page_script_hash();

}  // namespace hgq::report
