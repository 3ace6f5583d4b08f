#include "hgq/report/page.h"

#include "hgq/core/error.h"

namespace hgq::report {
namespace {

// Patterns that the style sheet names. The drawing that holds them takes no room.
constexpr std::string_view kPatterns =
    R"X(<svg width="0" height="0" aria-hidden="true" class="patterns"><defs>)X"
    R"X(<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">)X"
    R"X(<rect width="5" height="5" class="hatch-ground"/><line x1="0" y1="0" x2="0" y2="5" class="hatch-line"/></pattern>)X"
    R"X(</defs></svg>)X";

}  // namespace

std::string to_html(const Page& page) {
  const std::string policy = concat("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-",
                                    page_script_hash(), "'; base-uri 'none'; form-action 'none'");
  Markup head = empty_element("meta", {{"charset", "utf-8"}});
  head += empty_element("meta", {{"http-equiv", "Content-Security-Policy"}, {"content", policy}});
  head += empty_element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  head += empty_element("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  head += empty_element("link", {{"rel", "icon"}, {"href", "data:,"}});
  head += element("title", {}, page.title);
  head += element("style", {}, Markup::trusted(std::string(page_style())));

  Markup links;
  Markup sections;
  for (const Section& section : page.sections) {
    links += element("a", {{"href", "#" + section.id}}, section.title) + Markup::trusted(" ");
    sections += element("section", {{"id", section.id}, {"aria-labelledby", section.id + "-title"}},
                        element("h2", {{"id", section.id + "-title"}}, section.title) + section.content) +
                Markup::trusted("\n");
  }
  Markup body = Markup::trusted(std::string(kPatterns));
  body += element("header", {}, element("h1", {}, page.title) + element("p", {{"class", "note"}}, page.subtitle));
  body += element("nav", {{"aria-label", "Sections"}}, links);
  body += element("main", {}, page.head + sections);
  if (!page.footer.empty()) body += element("footer", {}, page.footer);
  body += element("script", {}, Markup::trusted(std::string(page_script())));
  return "<!DOCTYPE html>\n" +
         element("html", {{"lang", "en"}},
                 element("head", {}, head) + Markup::trusted("\n") + element("body", {}, body))
             .str() +
         "\n";
}

Markup headlines(const std::vector<Headline>& headlines) {
  Markup content;
  for (const Headline& headline : headlines) {
    content += element("div", {{"class", "card"}},
                       element("dt", {}, headline.name) + element("dd", {{"class", "value"}}, headline.value) +
                           (headline.note.empty() ? Markup() : element("dd", {{"class", "note"}}, headline.note)));
  }
  return element("dl", {{"class", "cards"}}, content);
}

Markup paragraph(std::string_view text) { return element("p", {}, text); }
Markup warning(std::string_view text) { return element("p", {{"class", "warning"}}, text); }
Markup listing(std::string_view text) { return element("pre", {{"class", "scroll"}, {"tabindex", "0"}}, text); }
Markup folded(std::string_view title, const Markup& content) {
  return element("details", {}, element("summary", {}, title) + content);
}

}  // namespace hgq::report
