#include "hgq/core/printable.h"

#include <gtest/gtest.h>

#include <chrono>

#include "hgq/config/nearest_name.h"
#include "hgq/config/node.h"
#include "hgq/core/shell_word.h"

namespace hgq {
namespace printable_test {

TEST(Printable, ControlCharactersAndWhatIsNoTextAreReplaced) {
  EXPECT_EQ(printable("a\x1b[2Jb"), "a?[2Jb");
  EXPECT_EQ(printable(std::string_view("a\0b\n\t\x7f", 6)), "a?b???");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "?2J");  // a control character of two bytes
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "abc"),
            "?abc");  // turns the direction of writing
  EXPECT_EQ(printable("\xff\xc0\xaf\xed\xa0\x80"), "??????");
  EXPECT_EQ(printable("größe Ω 東京 🙂"), "größe Ω 東京 🙂");
  EXPECT_EQ(printable_text("a\tb\nc\r\x1b"), "a\tb\nc??");
}

TEST(Printable, LongNamesAndMessagesAreCut) {
  EXPECT_EQ(printable(std::string(1000000, 'a')), std::string(60, 'a') + "...");
  EXPECT_EQ(printable("ä" + std::string(100, 'a')), "ä" + std::string(59, 'a') + "...");
  const std::string cut = bounded_message("begin " + std::string(1000000, 'x') + " end\nnext");
  EXPECT_LT(cut.size(), 1200U);
  EXPECT_TRUE(cut.starts_with("begin xxx")) << cut;
  EXPECT_TRUE(cut.ends_with("x end\nnext")) << cut;
  std::string lines;
  for (int i = 0; i < 100000; ++i) lines += "line\n";
  EXPECT_LT(bounded_message(lines).size(), 1000U);
}

TEST(Printable, OfManyNamesSomeAreListed) {
  const std::vector<std::string> names(100000, "na\x1bme");
  EXPECT_LT(quoted_names(names).size(), 1000U);
  EXPECT_TRUE(quoted_names(names).starts_with("'na?me', 'na?me'"));
  EXPECT_TRUE(join_names(names).ends_with(" and 99960 more"));
}

TEST(ErrorList, OfManyErrorsTheFirstAreShownAndAllAreCountedInLittleTime) {
  const auto start = std::chrono::steady_clock::now();
  ErrorList errors;
  for (int i = 200000; i > 0; --i) errors.add("f.yaml:" + std::to_string(i) + ":1", "wrong");
  errors.add("f.yaml:7:1", "wrong");
  EXPECT_EQ(errors.size(), 200000U);
  const std::vector<std::string> messages = errors.messages();
  ASSERT_EQ(messages.size(), 51U);
  EXPECT_EQ(messages[0], "f.yaml:1:1: wrong");
  EXPECT_EQ(messages[49], "f.yaml:50:1: wrong");
  EXPECT_EQ(messages[50], "... and 199950 more errors");
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20.0);
}

TEST(Yaml, EscapesThatGiveControlCharactersAreRefused) {
  ErrorList errors;
  const Node node = Node::from_yaml("a: \"x\\0y\"\nb: \"\\e[2J\"\nc: \"tab\\t\"\n", "f", errors);
  ASSERT_EQ(errors.messages().size(), 2U);
  EXPECT_EQ(errors.messages()[0], "f:1:4: the text 'x?y' holds the control character 0; leave the escape out");
  EXPECT_EQ(errors.messages()[1], "f:2:4: the text '?[2J' holds the control character 27; leave the escape out");
  EXPECT_EQ(node["c"].text(), "tab\t");
}

TEST(ShellWord, IsQuotedWhereAShellWouldReadItOtherwise) {
  for (const char* const plain : {"runs/a_1.h5", "../x-y", "r\u00fcn"}) EXPECT_EQ(shell_word(plain), plain);
  EXPECT_EQ(shell_word("my run"), "\"my run\"");
  EXPECT_EQ(shell_word("it's"), "\"it's\"");
  EXPECT_EQ(shell_word(""), "\"\"");
  EXPECT_EQ(shell_word("a;b"), "\"a;b\"");
  EXPECT_EQ(shell_word("$a"), "'$a'");
  EXPECT_EQ(shell_word("`it's`"), "'`it'\\''s`'");
}

}  // namespace printable_test
}  // namespace hgq
