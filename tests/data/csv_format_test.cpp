#include "hgq/data/csv_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_files.h"
#include "hgq/data/csv.h"

namespace hgq {
namespace csv_format_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::unique_ptr<Bytes> bytes(const std::string& content) {
  return memory_bytes("t.csv", {content.begin(), content.end()});
}

std::shared_ptr<const CsvTable> open(const std::string& content, const CsvOptions& options = {}) {
  return CsvTable::open(bytes(content), options);
}

char separator(const std::string& content) { return find_csv_format(*bytes(content), {}).format.separator; }

bool has_header(const std::string& content) { return find_csv_format(*bytes(content), {}).first_is_header; }

std::string message(const std::string& content, const CsvOptions& options = {}) {
  return message_of([&] { open(content, options); });
}

TEST(CsvFormat, TheSeparatorThatMakesMostNumbersCutsTheFile) {
  EXPECT_EQ(separator("1,2,3,x|y\n4,5,6,z|w\n"), ',');
  EXPECT_EQ(separator("1,2,3,\"x;y\"\n4,5,6,\"z;w\"\n"), ',');
  EXPECT_EQ(separator("1,5;2,5;3\n2,5;3,5;4\n"), ';');
  EXPECT_EQ(separator("2024-01-01 10:00,5,6\n2024-01-01 10:01,7,8\n"), ',');
  EXPECT_EQ(separator("a b c,1\nd e f,2\n"), ',');
  EXPECT_EQ(separator("1\t\t2\n3\t\t5\n"), '\t');
  EXPECT_EQ(separator("1, 2, 3\n4, 5, 6\n"), ',');
  EXPECT_EQ(separator("a;b\n1,5;2,5\n"), ';');
  EXPECT_EQ(separator("red wine\twhite, dry\nrose\tdry, cheap\n"), '\t');
  EXPECT_EQ(separator("5\n7\n"), ',');
}

TEST(CsvFormat, AFirstLineOfExcelGivesTheSeparator) {
  const auto table = open("\xef\xbb\xbfsep=;\r\na;b\r\n1;2\r\n3;4\r\n");
  EXPECT_EQ(table->separator(), ';');
  EXPECT_THAT(table->names(), ElementsAre("a", "b"));
  EXPECT_EQ(table->rows(), 2);
  EXPECT_THAT(table->note(), HasSubstr("the first line gives the separator"));
  EXPECT_EQ(open("sep=|\n1|2,5\n")->separator(), '|');
}

TEST(CsvFormat, AHeaderIsTextAboveAllNumbers) {
  EXPECT_TRUE(has_header("a,b\n1,2\n"));
  EXPECT_TRUE(has_header(",a,b\n0,1,2\n1,2,3\n"));        // pandas with its index
  EXPECT_TRUE(has_header("kind,pt\nmuon,1\nmuon,2\n"));   // a column of text does not matter
  EXPECT_TRUE(has_header("label,1x1,1x2\n5,0,0\n"));      // MNIST
  EXPECT_TRUE(has_header("label,0,1,2\n5,0.5,1.5,2\n"));  // names, then columns without names
  EXPECT_TRUE(has_header("a,b\n?,2\n1,?\n"));
  EXPECT_FALSE(has_header("1,2\n3,4\n"));
  EXPECT_FALSE(has_header("5.1,setosa\n4.9,virginica\n"));
  for (const char* missing : {"?", "NA", "N/A", "null", "-", "", "nan", "None", "1,5"})
    EXPECT_FALSE(has_header(concat("1;2;", missing, ";0\n3;4;5;1\n6;7;8;0\n"))) << missing;
}

TEST(CsvFormat, WhatMayBeAHeaderOrARowIsAsked) {
  EXPECT_THAT(message("1,2,x,0.5\n3,4,5,1\n"),
              AllOf(HasSubstr("t.csv:1: column 2 (from 0) holds 'x' above numbers"), HasSubstr("csv: {header: true}")));
  EXPECT_THAT(message("1o\n2\n3\n"), HasSubstr("it is no name"));
  EXPECT_THAT(message("a,NA\n1,2\n3,4\n"), HasSubstr("csv: {header: false}"));
  EXPECT_EQ(open("1,2,x,0.5\n3,4,5,1\n", {.header = true})->rows(), 1);
  EXPECT_EQ(open("1,2,x,0.5\n3,4,5,1\n", {.header = false})->rows(), 2);
}

TEST(CsvFormat, ANumericHeaderIsTold) {
  const auto table = open("0,1,2,3\n1.5,2,3,4\n5,6,7,8\n");
  EXPECT_EQ(table->rows(), 3);
  EXPECT_THAT(table->note(),
              AllOf(HasSubstr("3 rows of 4 columns, no header, separator ','"),
                    HasSubstr("line 1 is 0, 1, ..., 3, as pandas writes"), HasSubstr("csv: {header: true}")));
  EXPECT_THAT(open("name,2019,2020\nx,1.5,2\ny,3,4\n")->note(), HasSubstr("header"));
  EXPECT_THAT(open("0.5,1,2\n3,4,5\n")->note(), Not(HasSubstr("pandas")));
  const auto told = open("0,1,2,3\n1.5,2,3,4\n5,6,7,8\n", {.header = true});
  EXPECT_EQ(told->rows(), 2);
  EXPECT_THAT(told->note(), HasSubstr("2 rows of 4 columns, header (0, 1, 2, 3), separator ','"));
  EXPECT_THAT(open("5,6\n1,2\n", {.header = true})->note(), HasSubstr("holds numbers, and is the header because"));
}

TEST(CsvFormat, CommentsAnywhereAreCountedAndTold) {
  for (const char* text : {"# made by x\na,b,c,y\n1,2,3,4\n5,6,7,8\n", "# licence\n# a,b,c,y\n1,2,3,4\n5,6,7,8\n",
                           "a,b,c,y\n# it's \"so\n1,2,3,4\n  # and so\n5,6,7,8\n"}) {
    const auto table = open(text);
    EXPECT_THAT(table->names(), ElementsAre("a", "b", "c", "y")) << text;
    EXPECT_EQ(table->rows(), 2) << text;
    EXPECT_THAT(table->note(), HasSubstr("left out as"));
  }
  EXPECT_EQ(open("# made by x\na,b,c,y\n1,2,3,4\n", {.header = true})->rows(), 1);
  const std::string rows = "tag,a,b\n#1,2,3\n2,4,5\n#3,6,7\n";
  EXPECT_EQ(open(rows)->rows(), 1);
  EXPECT_THAT(open(rows)->note(), HasSubstr("2 lines that begin with # left out as comments"));
  EXPECT_EQ(open(rows, {.comment = ""})->rows(), 3);
  EXPECT_EQ(open("% x\n1,2\n%3,4\n5,6\n", {.comment = "%"})->rows(), 2);
  EXPECT_EQ(open("// x\n1,2\n", {.comment = "//"})->rows(), 1);
}

TEST(CsvFormat, ASeparatorAtTheEndOfEveryLineBeginsNoColumn) {
  const auto table = open("a,b,\n1,2,\n3,4,\n");
  EXPECT_THAT(table->names(), ElementsAre("a", "b"));
  EXPECT_EQ(table->columns(), 2);
  EXPECT_THAT(table->note(), HasSubstr("does not begin another column"));
  EXPECT_EQ(open("a,b,label\n1,2,\n3,4,\n")->columns(), 3);
}

TEST(CsvFormat, LineEndsOfAllSystems) {
  for (const char* end : {"\n", "\r\n", "\r"}) {
    const auto table = open(concat("a,b", end, "1,2", end, end, "3,\"x", end, "y\"", end));
    EXPECT_EQ(table->rows(), 2);
    EXPECT_THAT(all_values(*CsvTable::rows_of(table, {"a"}, false)), ElementsAre(1, 3));
    EXPECT_EQ(CsvTable::rows_of(table, {"a"}, false)->row_name(1), "line 4");
  }
}

TEST(CsvFormat, StrayQuotesAreCharactersOrNamedByLine) {
  const auto table = open("a,kind\n1,5\" pipe\n2,6\" pipe\n3,x\n");
  EXPECT_EQ(table->rows(), 3);
  EXPECT_THAT(CsvTable::rows_of(table, {"kind"}, true)->read_text(0, 2), ElementsAre("5\" pipe", "6\" pipe"));
  EXPECT_THAT(message("a,b\n1,2\n3,\"4\n5,6\n"), HasSubstr("t.csv:3: a quote is never closed"));
  EXPECT_THAT(message("a,b\n1,2\n3,\"4\"5\n5,6\n"), HasSubstr("t.csv:3: there is text after a closing quote"));
  EXPECT_THAT(message("a;b\n1;2\n3;\"4\n5;6\n"), HasSubstr("t.csv:3: a quote is never closed"));
}

TEST(CsvFormat, RowsWithMissingValuesAreLeftOutWhereAsked) {
  const std::string text = "a,b,kind\n1,2,x\n?,3,y\n4,NA,x\n5,6,\n7,8,-\n";
  const auto table = open(text, {.missing = CsvMissing::kDrop});
  EXPECT_EQ(table->rows(), 2);
  EXPECT_THAT(all_values(*CsvTable::rows_of(table, {"a", "b"}, false)), ElementsAre(1, 2, 7, 8));
  EXPECT_EQ(CsvTable::rows_of(table, {"a"}, false)->row_name(1), "line 6");
  EXPECT_THAT(table->note(), HasSubstr("3 of 5 rows left out, since a value is missing (lines 3, 4, 5"));
  EXPECT_THAT(message("a,b\n1,\n2,\n", {.header = true, .missing = CsvMissing::kDrop}),
              HasSubstr("has no rows below its header but 2 that lack a value"));
  EXPECT_THAT(message_of([&] { all_values(*CsvTable::rows_of(open(text), {"a"}, false)); }),
              AllOf(HasSubstr("t.csv:3: column 'a' holds '?', expected a number"), HasSubstr("missing: drop")));
}

TEST(CsvFormat, TablesOfTextAloneHaveNoHeaderButANote) {
  const auto table = open("kind,name\nx,a\ny,b\n");
  EXPECT_THAT(table->names(), IsEmpty());
  EXPECT_THAT(table->note(), HasSubstr("if it is a header, say csv: {header: true}"));
}

}  // namespace csv_format_test
}  // namespace hgq
