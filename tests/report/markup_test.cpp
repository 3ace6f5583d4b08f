// Text from files never becomes markup.
#include "hgq/report/markup.h"

#include <gtest/gtest.h>

#include "hgq/report/page.h"

namespace hgq::report {
namespace markup_test {

TEST(Markup, TextIsEscaped) {
  EXPECT_EQ(text(R"(<script>"a" & 'b'</script>)").str(),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
}

TEST(Markup, ControlCharactersAndBrokenBytesAreReplaced) {
  EXPECT_EQ(escaped("a\x1b[2Jb"), "a\uFFFD[2Jb");
  EXPECT_EQ(escaped(std::string_view("\0x", 2)), "\uFFFDx");
  EXPECT_EQ(escaped("\xff\xc3"), "\uFFFD\uFFFD");
  EXPECT_EQ(escaped("\u202Eevil"), "\uFFFD\uFFFD\uFFFDevil");
  EXPECT_EQ(escaped("tab\tline\nµ β 🙂"), "tab\tline\nµ β 🙂");
}

TEST(Markup, AttributesAreEscapedAndEmptyOnesLeftOut) {
  EXPECT_EQ(element("p", {{"title", "\"><b>"}, {"class", ""}}, "x").str(), "<p title=\"&quot;&gt;&lt;b&gt;\">x</p>");
  EXPECT_EQ(empty_element("br").str(), "<br/>");
}

TEST(Markup, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(shortened("µµµµ", 3), "µµ…");
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(characters("µm…"), 3U);
}

TEST(Page, HoldsItsSectionsAndNoForeignMarkup) {
  Page page{.title = "</title><script>alert(1)</script>",
            .subtitle = "s",
            .head = {},
            .sections = {{"front", "A & B", text("<img src=x>")}},
            .footer = "f"};
  const std::string html = to_html(page);
  EXPECT_TRUE(html.starts_with("<!DOCTYPE html>"));
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_NE(html.find("href=\"#front\">A &amp; B</a>"), std::string::npos);
  EXPECT_NE(html.find(page_script_hash()), std::string::npos);
}

}  // namespace markup_test
}  // namespace hgq::report
