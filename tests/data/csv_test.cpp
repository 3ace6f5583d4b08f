#include "hgq/data/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "data_files.h"

namespace hgq {
namespace csv_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Csv : public ::testing::Test {
 protected:
  std::shared_ptr<const CsvTable> open(const std::string& content, const CsvOptions& options = {}) {
    return CsvTable::open(open_bytes(write_text(folder, "t.csv", content)), options);
  }
  std::vector<float> values(const std::string& content, const std::vector<std::string>& columns) {
    return all_values(*CsvTable::rows_of(open(content), columns, false));
  }
  std::string message(const std::string& content, const std::vector<std::string>& columns,
                      const CsvOptions& options = {}) {
    return message_of([&] { all_values(*CsvTable::rows_of(open(content, options), columns, false)); });
  }
  TemporaryFolder folder;
};

TEST_F(Csv, HeaderAndCommaAreFound) {
  const auto table = open("a,b,label\n1,2.5,0\n-3,1e2,1\n");
  EXPECT_THAT(table->names(), ElementsAre("a", "b", "label"));
  EXPECT_EQ(table->rows(), 2);
  const auto x = CsvTable::rows_of(table, {"b", "a"}, false);
  EXPECT_EQ(x->sample(), Shape{2});
  EXPECT_THAT(all_values(*x), ElementsAre(2.5F, 1, 100, -3));
}

TEST_F(Csv, OtherSeparatorsAreFound) {
  EXPECT_EQ(open("a;b\n1;2\n")->separator(), ';');
  EXPECT_EQ(open("a\tb\n1\t2\n")->separator(), '\t');
  EXPECT_EQ(open("1|2\n3|4\n")->separator(), '|');
  EXPECT_EQ(open("  1   2\n 3 4 \n")->separator(), ' ');
  EXPECT_EQ(open("1\n2\n")->columns(), 1);
  EXPECT_THAT(values("  1   2\n 3 4 \n", {"0:2"}), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(open("a;b\n1,5;2,5\n")->separator(), ';');
}

TEST_F(Csv, AFileWithoutHeaderHasNone) {
  EXPECT_THAT(open("1,2\n3,4\n")->names(), IsEmpty());
  EXPECT_THAT(open("5.1,setosa\n4.9,virginica\n")->names(), IsEmpty());
  EXPECT_EQ(open("5.1,setosa\n4.9,virginica\n")->rows(), 2);
}

TEST_F(Csv, SeparatorAndHeaderCanBeGiven) {
  const auto table = open("1 2;3\n4 5;6\n", {.separator = ' ', .header = true});
  EXPECT_THAT(table->names(), ElementsAre("1", "2;3"));
  EXPECT_EQ(table->rows(), 1);
}

TEST_F(Csv, ColumnsByNameNumberListAndRange) {
  const std::string text = "a,b,c,d\n0,1,2,3\n";
  EXPECT_THAT(values(text, {"1:3"}), ElementsAre(1, 2));
  EXPECT_THAT(values(text, {":2", "-1"}), ElementsAre(0, 1, 3));
  EXPECT_THAT(values(text, {"2:"}), ElementsAre(2, 3));
  EXPECT_THAT(values(text, {":-1"}), ElementsAre(0, 1, 2));
  EXPECT_THAT(values(text, {"d", "0"}), ElementsAre(3, 0));
  EXPECT_THAT(values("1,0\n7,8\n", {"0"}), ElementsAre(1, 7));
  // A name goes before a number.
  EXPECT_THAT(values("x,0\n7,8\n", {"0"}), ElementsAre(8));
}

TEST_F(Csv, QuotesLineEndsBlankLinesAndComments) {
  const std::string text = "\xef\xbb\xbf\"first, name\",\"say \"\"hi\"\"\"\r\n\r\n# a comment\r\n\"1\", 2 \r\n+3,\"4\"";
  const auto table = open(text);
  EXPECT_THAT(table->names(), ElementsAre("first, name", "say \"hi\""));
  EXPECT_THAT(all_values(*CsvTable::rows_of(table, {"0:2"}, false)), ElementsAre(1, 2, 3, 4));
  const auto labels = CsvTable::rows_of(open("1,\"two\nlines\"\n2,b\n"), {"1"}, true);
  EXPECT_THAT(labels->read_text(0, 2), ElementsAre("two\nlines", "b"));
}

TEST_F(Csv, ACommentMayBeTheHeader) {
  const auto table = open("# pt eta\n1.0 2.0\n3.0 4.0\n");
  EXPECT_THAT(table->names(), ElementsAre("pt", "eta"));
  EXPECT_EQ(table->rows(), 2);
  EXPECT_EQ(open("# made by hand\n1,2,3\n4,5,6\n")->columns(), 3);
}

TEST_F(Csv, LabelsAreTextWhereMostAre) {
  const auto text = CsvTable::rows_of(open("x,kind\n1,hadron\n2,7\n"), {"kind"}, true);
  EXPECT_TRUE(text->is_text());
  EXPECT_THAT(text->read_text(0, 2), ElementsAre("hadron", "7"));
  const auto numbers = CsvTable::rows_of(open("x,kind\n1,3\n2,7\n"), {"kind"}, true);
  EXPECT_FALSE(numbers->is_text());
  EXPECT_THAT(all_values(*numbers), ElementsAre(3, 7));
  // A slip of the pen in a column of numbers is not a class.
  EXPECT_THAT(message_of([&] { all_values(*CsvTable::rows_of(open("x,kind\n1,3\n2,1o\n"), {"kind"}, true)); }),
              HasSubstr("t.csv:3: column 'kind' holds '1o', expected a number"));
}

TEST_F(Csv, RowsAreReadByRangeAndNamedByLine) {
  std::string text = "a,b\n";
  for (int i = 0; i < 200000; ++i) text += concat(i, ",", i + 0.5, "\n");
  const auto rows = CsvTable::rows_of(open(text), {"0:2"}, false);
  ASSERT_EQ(rows->rows(), 200000);
  std::vector<float> out(4);
  rows->read(150001, 2, out);
  EXPECT_THAT(out, ElementsAre(150001, 150001.5F, 150002, 150002.5F));
  EXPECT_EQ(rows->row_name(1025), "line 1027");
  const std::vector<float> all = all_values(*rows);
  for (size_t i = 0; i < all.size(); i += 2) ASSERT_EQ(all[i], static_cast<float>(i / 2));
}

TEST_F(Csv, NumbersInEveryUsualSpelling) {
  const std::vector<float> read = values("1.5\n.5\n5.\n-1e-3\n+2E2\n1e-400\n1e400\n-inf\n", {"0"});
  EXPECT_THAT(std::vector<float>(read.begin(), read.begin() + 6), ElementsAre(1.5F, 0.5F, 5, -1e-3F, 200, 0));
  EXPECT_TRUE(std::isinf(read[6]) && std::isinf(read[7]));
  EXPECT_THAT(message("1\nnan\n", {"0"}), HasSubstr("t.csv:2: column 0 (from 0) holds 'nan', expected a number"));
  const std::string zeros(400, '0');
  EXPECT_EQ(number_of("0." + zeros + "1"), 0.0);
  EXPECT_EQ(number_of("-1e-99999999999999999999"), 0.0);
  EXPECT_EQ(number_of("0e99999999999999999999"), 0.0);
  EXPECT_EQ(number_of("1" + zeros), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_of("-1" + zeros + "e-5"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_of("0." + zeros + "1e1000"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(number_of("5e-324"), std::numeric_limits<double>::denorm_min());
  for (const char* text : {"1_000", "0x10", "1,5", "5.f", "--5", "+-5", "1e", "e5", ""})
    EXPECT_EQ(number_of(text), std::nullopt) << text;
}

TEST_F(Csv, RaggedRowsAreNamedByLine) {
  EXPECT_THAT(message("a,b,c\n1,2,3\n\n4,5\n", {"0"}),
              AllOf(HasSubstr("t.csv:4: has 2 fields, expected 3 as in line 1"), HasSubstr("separator ','")));
  EXPECT_THAT(message("1,2\n3,4,5\n", {"0"}), HasSubstr("t.csv:2: has 3 fields, expected 2"));
}

TEST_F(Csv, WhatIsNoNumberIsNamedByLineAndColumn) {
  EXPECT_THAT(message("a,b\n1,2\n3,x\n", {"a", "b"}), HasSubstr("t.csv:3: column 'b' holds 'x', expected a number"));
  EXPECT_THAT(message("1,2\n3,\n", {"0:2"}), HasSubstr("t.csv:2: column 1 (from 0) is empty, expected a number"));
  EXPECT_THAT(message("a;b\n1,5;2\n", {"a"}), HasSubstr("holds '1,5', expected a number (with a decimal point)"));
  EXPECT_THAT(message("a,b\n0x10,2\n", {"a"}, {.header = true}), HasSubstr("holds '0x10'"));
}

TEST_F(Csv, ColumnsThatAreNotThereAreNamed) {
  const std::string text = "quality,alcohol\n1,2\n";
  EXPECT_THAT(message(text, {"qualty"}),
              AllOf(HasSubstr("has no column 'qualty'; its columns are 'quality', 'alcohol'"),
                    HasSubstr("did you mean 'quality'?")));
  EXPECT_THAT(message(text, {"2"}), HasSubstr("has no column 2; its columns are 0 to 1"));
  EXPECT_THAT(message(text, {"0:3"}), HasSubstr("columns 0:3 are asked for, but there are 2"));
  EXPECT_THAT(message(text, {"1:1"}), HasSubstr("columns 1:1 are asked for"));
  EXPECT_THAT(message(text, {"99999999999999999999"}), HasSubstr("has no column '99999999999999999999'"));
  EXPECT_THAT(message("1,2\n3,4\n", {"a"}), HasSubstr("has no header, so there is no column 'a'"));
  EXPECT_THAT(message(text, {"0", "quality"}), HasSubstr("column 'quality' is chosen twice"));
  EXPECT_THAT(message("a,a\n1,2\n", {"a"}), HasSubstr("has the name 'a' 2 times; choose the column by its number"));
  EXPECT_THAT(message(text, {}), HasSubstr("no columns are chosen"));
}

TEST_F(Csv, FilesWithoutRowsAndOtherTexts) {
  EXPECT_THAT(message("a,b\n", {"0"}), HasSubstr("t.csv: has no rows below its header"));
  EXPECT_THAT(message("\n\n", {"0"}), HasSubstr("t.csv: has no rows"));
  EXPECT_THAT(message("1,\"2\n3,4\n", {"0"}), HasSubstr("t.csv:1: a quote is never closed"));
  EXPECT_THAT(message(std::string("1,2\n3\0,4\n", 9), {"0"}), HasSubstr("contains a zero byte"));
  EXPECT_THAT(message("\xff\xfe"
                      "1",
                      {"0"}),
              HasSubstr("UTF-16"));
}

}  // namespace csv_test
}  // namespace hgq
