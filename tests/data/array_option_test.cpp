#include "hgq/data/array_option.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_files.h"

namespace hgq {
namespace array_option_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ArrayOption : public ::testing::Test {
 protected:
  std::vector<NamedArray> parse(const std::string& text) { return parse_arrays(text, data.get(), "--inputs"); }
  TemporaryFolder folder;
  std::string csv = write_text(folder, "t.csv", "pt,eta,kind\n1,2,0\n3,4,1\n");
  std::string npy_file = write_text(folder, "y.npy", npy("<f4", Shape{2}, std::vector<float>{1, 2}));
  std::unique_ptr<DataFile> data = DataFile::open(csv, {});
};

TEST_F(ArrayOption, NamesAndColumns) {
  EXPECT_THAT(parse("group/x")[0].array.names, ElementsAre("group/x"));
  EXPECT_THAT(parse("pt,eta")[0].array.names, ElementsAre("pt", "eta"));
  EXPECT_THAT(parse("0:2,kind")[0].array.names, ElementsAre("0:2", "kind"));
  EXPECT_THAT(parse("table[pt,eta]")[0].array.names, ElementsAre("table[pt,eta]"));
  EXPECT_EQ(parse("pt")[0].name, "");
  EXPECT_EQ(parse("pt")[0].array.file, "");
}

TEST_F(ArrayOption, Layers) {
  const auto two = parse("muon=table[pt,eta],mask=a,b");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].name, "muon");
  EXPECT_THAT(two[0].array.names, ElementsAre("table[pt,eta]"));
  EXPECT_EQ(two[1].name, "mask");
  EXPECT_THAT(two[1].array.names, ElementsAre("a", "b"));
}

TEST_F(ArrayOption, Files) {
  const auto alone = parse(npy_file);
  EXPECT_EQ(alone[0].array.file, npy_file);
  EXPECT_THAT(alone[0].array.names, IsEmpty());
  const auto columns = parse(csv + ":0:2,kind");
  EXPECT_EQ(columns[0].array.file, csv);
  EXPECT_THAT(columns[0].array.names, ElementsAre("0:2", "kind"));
  const auto layers = parse(concat("a=", npy_file, ",b=", csv, ":pt"));
  EXPECT_EQ(layers[0].array.file, npy_file);
  EXPECT_EQ(layers[1].array.file, csv);
  EXPECT_THAT(layers[1].array.names, ElementsAre("pt"));
  // What is no file is a name, which the data file then says it does not have.
  EXPECT_THAT(parse("no/such.npy")[0].array.names, ElementsAre("no/such.npy"));
}

TEST_F(ArrayOption, OtherForms) {
  const auto message = [this](const std::string& text) { return message_of([&] { parse(text); }); };
  EXPECT_THAT(message(""), HasSubstr("expected NAME, FILE or FILE:NAME"));
  EXPECT_THAT(message("=x"), HasSubstr("expected NAME, FILE or FILE:NAME"));
  EXPECT_THAT(message("a="), HasSubstr("expected NAME, FILE or FILE:NAME"));
  EXPECT_THAT(message("pt,a=eta"), HasSubstr("several arrays need their layers"));
}

}  // namespace array_option_test
}  // namespace hgq
