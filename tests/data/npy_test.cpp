#include "hgq/data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "data_files.h"
#include "hgq/data/binary_rows.h"
#include "hgq/data/zip_file.h"

namespace hgq {
namespace npy_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Npy : public ::testing::Test {
 protected:
  std::unique_ptr<RowSource> open(const std::string& content) {
    return open_npy(open_bytes(write_text(folder, "x.npy", content)));
  }
  TemporaryFolder folder;
};

TEST_F(Npy, WhatIsWrittenReadsBack) {
  const std::vector<float> values = {1.5F, -0.0F, std::numeric_limits<float>::denorm_min(), 3e38F, 0.1F, 7};
  write_npy(folder / "x.npy", ConstTensorView{values.data(), Shape{3, 2}});
  const Tensor x = read_npy(folder / "x.npy");
  EXPECT_EQ(x.shape(), (Shape{3, 2}));
  EXPECT_EQ(raw(std::vector<float>(x.values().begin(), x.values().end())), raw(values));
  write_npy(folder / "scalar.npy", ConstTensorView{values.data(), Shape{}});
  EXPECT_EQ(read_npy(folder / "scalar.npy").shape(), Shape{});
  EXPECT_EQ(read_npy(folder / "scalar.npy").values()[0], 1.5F);
}

TEST_F(Npy, TheHeaderIsThatOfNumpy) {
  const std::string header = npy_header("<f4", Shape{3});
  EXPECT_EQ(header.size() % 64, 0U);
  EXPECT_EQ(header.substr(0, 8), std::string("\x93NUMPY\1\0", 8));
  EXPECT_THAT(header, HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"));
  EXPECT_THAT(npy_header("<f4", Shape{}), HasSubstr("'shape': (), }"));
  EXPECT_THAT(npy_header("<f4", (Shape{2, 3}), true), HasSubstr("'fortran_order': True, 'shape': (2, 3), }"));
}

TEST_F(Npy, EveryTypeInBothByteOrders) {
  const auto check = [&]<typename T>(const std::string& type, const std::vector<T>& values) {
    std::vector<float> wanted;
    for (const T value : values) wanted.push_back(static_cast<float>(value));
    const Shape shape{static_cast<int64_t>(values.size())};
    EXPECT_EQ(all_values(*open(npy_header("<" + type, shape) + raw(values))), wanted) << type;
    EXPECT_EQ(all_values(*open(npy_header(">" + type, shape) + swapped(values))), wanted) << type;
  };
  check("i1", std::vector<int8_t>{-128, 0, 127});
  check("u1", std::vector<uint8_t>{0, 200, 255});
  check("i2", std::vector<int16_t>{-32768, 1, 32767});
  check("u2", std::vector<uint16_t>{0, 40000});
  check("i4", std::vector<int32_t>{-70000, 70000});
  check("u4", std::vector<uint32_t>{0, 4000000000U});
  check("i8", std::vector<int64_t>{-(int64_t{1} << 40), 5});
  check("u8", std::vector<uint64_t>{uint64_t{1} << 63U, 5});
  check("f4", std::vector<float>{0.1F, -2});
  check("f8", std::vector<double>{0.1, 1e30});
  EXPECT_THAT(all_values(*open(npy("|b1", Shape{2}, std::vector<uint8_t>{1, 0}))), ElementsAre(1, 0));
  EXPECT_THAT(all_values(*open(npy("<f2", Shape{3}, std::vector<uint16_t>{0x3c00, 0xc000, 0x0001}))),
              ElementsAre(1, -2, 0x1p-24F));
}

TEST_F(Npy, HalvesAreExact) {
  EXPECT_EQ(half_to_float(0x7bff), 65504.0F);
  EXPECT_EQ(half_to_float(0x0400), 0x1p-14F);
  EXPECT_TRUE(std::signbit(half_to_float(0x8000)));
  EXPECT_TRUE(std::isinf(half_to_float(0x7c00)));
  EXPECT_TRUE(std::isnan(half_to_float(0x7e00)));
}

TEST_F(Npy, FortranOrderIsTurned) {
  std::string file = npy_header("<f4", (Shape{2, 3}), true) + raw(std::vector<float>{1, 4, 2, 5, 3, 6});
  EXPECT_THAT(all_values(*open(file)), ElementsAre(1, 2, 3, 4, 5, 6));
  // numpy: np.arange(24).reshape(2, 3, 4) in Fortran order
  std::vector<float> turned;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) turned.push_back(static_cast<float>(i * 12 + j * 4 + k));
    }
  }
  const std::vector<float> values = all_values(*open(npy_header("<f4", (Shape{2, 3, 4}), true) + raw(turned)));
  for (size_t i = 0; i < 24; ++i) EXPECT_EQ(values[i], static_cast<float>(i));
}

TEST_F(Npy, RowsAreReadByRangeAcrossPieces) {
  std::vector<int32_t> values(600000);  // more than one piece of 1 MiB
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int32_t>(i);
  const auto rows = open(npy("<i4", (Shape{300000, 2}), values));
  std::vector<float> out(2);
  rows->read(299999, 1, out);
  EXPECT_THAT(out, ElementsAre(599998, 599999));
  const std::vector<float> all = all_values(*rows);
  for (size_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], static_cast<float>(i));
}

TEST_F(Npy, TextsAreLabels) {
  std::vector<uint32_t> points = {'a', 'b', 0, 0xe4, 0x1f600, 'c'};
  const auto unicode = open(npy("<U3", Shape{2}, points));
  EXPECT_TRUE(unicode->is_text());
  EXPECT_THAT(unicode->read_text(0, 2), ElementsAre("ab", "\u00e4\U0001f600c"));
  const auto bytes = open(npy_header("|S4", Shape{2}) + std::string("ab\0\0wxyz", 8));
  EXPECT_THAT(bytes->read_text(1, 1), ElementsAre("wxyz"));
  EXPECT_THAT(message_of([&] { all_values(*bytes); }), HasSubstr("holds text, expected numbers"));
}

TEST_F(Npy, HeadersOfVersionTwoAndOfOtherSpellings) {
  const std::string dict = "{\"shape\":(2L,) , 'fortran_order' : False,'descr':\"<f4\"}";
  const std::string file =
      std::string("\x93NUMPY\2\0", 8) + little(dict.size(), 4) + dict + raw(std::vector<float>{1, 2});
  EXPECT_THAT(all_values(*open(file)), ElementsAre(1, 2));
}

TEST_F(Npy, WhatCanNotBeReadIsNamed) {
  const auto message = [&](const std::string& content) { return message_of([&] { all_values(*open(content)); }); };
  const std::vector<float> four = {1, 2, 3, 4};
  const std::string good = npy("<f4", (Shape{2, 2}), four);
  EXPECT_THAT(message(good.substr(0, good.size() - 1)),
              AllOf(HasSubstr("x.npy: is cut off"), HasSubstr("needs 16 bytes of values, but there are 15")));
  EXPECT_THAT(message(good.substr(0, 40)), HasSubstr("is cut off"));
  EXPECT_THAT(message(good.substr(0, 7)), HasSubstr("is cut off"));
  EXPECT_THAT(message(npy("|O", Shape{1}, four)), HasSubstr("holds Python objects"));
  EXPECT_THAT(message(npy("<c8", Shape{2}, four)), HasSubstr("holds values of the type '<c8'"));
  EXPECT_THAT(message(npy("<f4", Shape{}, four)), HasSubstr("holds a single value, expected rows"));
  EXPECT_THAT(message(std::string("\x93NUMPY\7\0\2\0{}", 12)), HasSubstr("of version 7"));
  const auto with_dict = [](const std::string& dict) {
    return std::string("\x93NUMPY\1\0", 8) + little(dict.size(), 2) + dict;
  };
  EXPECT_THAT(message(with_dict("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999, 9999999999), }")),
              HasSubstr("more values than fit into any memory"));
  EXPECT_THAT(message(with_dict("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000,), }")),
              HasSubstr("is cut off"));
  EXPECT_THAT(message(with_dict("{'descr': '<f4', 'fortran_order': True, 'shape': (1000000, 1000000), }")),
              HasSubstr("is cut off"));
  EXPECT_THAT(message(with_dict("{'descr': '<f4', 'fortran_order': False, 'shape': (2, -2), }")),
              HasSubstr("the shape in its header cannot be read"));
  EXPECT_THAT(message(with_dict("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2")),
              HasSubstr("the shape in its header cannot be read"));
  EXPECT_THAT(message(with_dict("{'descr': '<f4', 'shape': (2, 2), }")),
              HasSubstr("its header has no 'fortran_order'"));
  EXPECT_THAT(message(with_dict("{'descr': '<f4, 'fortran_order': No, 'shape': (2, 2), }")),
              HasSubstr("cannot be read"));
  EXPECT_THAT(message(with_dict("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }")),
              HasSubstr("a table of named columns"));
  EXPECT_THAT(message(with_dict("{'descr': '<U9999999999', 'fortran_order': False, 'shape': (2,), }")),
              HasSubstr("is cut off"));
  EXPECT_THAT(message(with_dict("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }")),
              HasSubstr("has 9 dims; at most 8"));
}

TEST_F(Npy, ZipMembersStoredAndDeflated) {
  std::vector<float> values(10000);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 17);
  const std::string member = npy("<f4", (Shape{1000, 10}), values);
  for (const bool deflated : {false, true}) {
    const ZipFile file(open_bytes(write_text(
        folder, "x.npz", zip({{"x.npy", member}, {"y.npy", npy("<i4", Shape{2}, std::vector<int>{1, 2})}}, deflated))));
    EXPECT_THAT(file.names(), ElementsAre("x.npy", "y.npy"));
    EXPECT_EQ(all_values(*open_npy(file.member("x.npy"))), values);
    EXPECT_THAT(all_values(*open_npy(file.member("y.npy"))), ElementsAre(1, 2));
    EXPECT_FALSE(file.has("z.npy"));
  }
}

TEST_F(Npy, BadZipFilesAreNamed) {
  const std::string member = npy("<f4", Shape{1000}, std::vector<float>(1000, 2));
  const auto message = [&](const std::string& content) {
    return message_of(
        [&] { all_values(*open_npy(ZipFile(open_bytes(write_text(folder, "x.npz", content))).member("x.npy"))); });
  };
  for (const bool deflated : {false, true}) {
    const std::string good = zip({{"x.npy", member}}, deflated);
    EXPECT_EQ(message(good), "no error");
    EXPECT_THAT(message(good.substr(0, good.size() - 30)),
                HasSubstr("without its directory at the end; it is cut off"));
    std::string wrong = good;
    wrong[deflated ? 60 : 3000] = static_cast<char>(wrong[deflated ? 60 : 3000] ^ 0x55);
    EXPECT_THAT(message(wrong), deflated ? ::testing::AnyOf(HasSubstr("cannot be unpacked"), HasSubstr("checksum"))
                                         : ::testing::AnyOf(HasSubstr("checksum"), HasSubstr("checksum")));
    // The directory, 46 bytes and the name, stands in front of the last 22 bytes.
    const size_t directory = good.size() - 22 - 46 - 5;
    const auto changed = [&](size_t at, uint64_t value, int bytes) {
      std::string out = good;
      out.replace(directory + at, static_cast<size_t>(bytes), little(value, bytes));
      return message(out);
    };
    EXPECT_THAT(changed(8, 1, 2), HasSubstr("is encrypted"));
    EXPECT_THAT(changed(10, 14, 2), HasSubstr("is packed by method 14"));
    EXPECT_THAT(changed(20, 0x7fffffff, 4), HasSubstr("do not fit the file"));
    EXPECT_THAT(changed(42, 5, 4), HasSubstr("does not begin at the offset in the directory"));
    EXPECT_THAT(changed(0, 0, 4), HasSubstr("its directory is damaged"));
    if (deflated) {
      EXPECT_THAT(changed(24, 0xf0000000, 4), HasSubstr("claims to unpack to 3.8 GiB"));
      EXPECT_THAT(changed(24, 4000, 4), HasSubstr("unpacks to more than the 4000 bytes"));
    }
  }
  EXPECT_THAT(message(zip({}, false)), HasSubstr("x.npz:x.npy: does not exist"));
}

}  // namespace npy_test
}  // namespace hgq
