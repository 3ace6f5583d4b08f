#include "hgq/data/h5.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"

namespace hgq::h5 {
namespace h5_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

File sample() { return File::open(std::string(HGQ_SOURCE_DIR) + "/tests/data/files/h5py_types.h5"); }

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const FileError& error) {
    return error.what();
  }
  return "no FileError";
}

/// A file made with libhdf5 itself, for what the wrapper does not write.
void write_raw(const std::string& path, const auto& fill) {
  File::create(path).flush();
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  fill(file);
  H5Fclose(file);
}

class H5 : public ::testing::Test {
 protected:
  TemporaryFolder folder;
};

TEST_F(H5, EveryNumberTypeReadsAsFloatsDoublesAndIntegers) {
  const Group numbers = sample().group("numbers");
  EXPECT_EQ(numbers.names().size(), 22U);
  for (const std::string& name : numbers.names()) {
    const bool floating = name.find("_f") != std::string::npos;
    const Tensor x = numbers.read_floats(name);
    ASSERT_EQ(x.shape(), (Shape{6, 4})) << name;
    const std::vector<double> doubles = numbers.read_doubles(name);
    for (size_t i = 0; i < 24; ++i) {
      const double wanted = static_cast<double>(i) / (floating ? 4 : 1);
      EXPECT_EQ(x.values()[i], static_cast<float>(wanted)) << name;
      EXPECT_EQ(doubles[i], wanted) << name;
    }
    if (!floating) {
      const std::vector<int64_t> integers = numbers.read_integers(name);
      for (size_t i = 0; i < 24; ++i) EXPECT_EQ(integers[i], static_cast<int64_t>(i)) << name;
    }
    EXPECT_EQ(numbers.info(name).type, floating ? TypeClass::kFloat : TypeClass::kInteger) << name;
  }
}

TEST_F(H5, EveryHalfFloatIsExact) {
  const Tensor x = sample().read_floats("all_halves");
  for (int bits = 0; bits < 65536; ++bits) {
    const int exponent = (bits >> 10) & 31;
    const int mantissa = bits & 1023;
    const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
    const float read = x.values()[static_cast<size_t>(bits)];
    if (exponent == 31 && mantissa != 0) {
      EXPECT_TRUE(std::isnan(read)) << bits;
      continue;
    }
    const float wanted = exponent == 31  ? INFINITY
                         : exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                         : std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
    ASSERT_EQ(std::bit_cast<uint32_t>(read), std::bit_cast<uint32_t>(sign * wanted)) << bits;
  }
}

TEST_F(H5, ChunksAndFiltersGiveTheSameValues) {
  const File file = sample();
  const Tensor plain = file.read_floats("numbers/little_f32");
  for (const char* name : {"chunked", "gzip", "gzip_shuffle_fletcher", "lzf", "lzf_shuffle", "soft"}) {
    const Tensor x = file.read_floats(name);
    EXPECT_TRUE(std::ranges::equal(x.values(), plain.values())) << name;
  }
  EXPECT_EQ(file.info("gzip_shuffle_fletcher").chunk_rows, 2);
  EXPECT_EQ(file.info("numbers/little_f32").chunk_rows, 0);
}

TEST_F(H5, LzfRepeatsAndIncompressibleChunksAreDecoded) {
  const std::vector<int64_t> repeats = sample().read_integers("lzf_long");
  ASSERT_EQ(repeats.size(), 50000U);
  for (size_t i = 0; i < repeats.size(); ++i) ASSERT_EQ(repeats[i], static_cast<int64_t>(i % 1000 % 7)) << i;
  const std::vector<int64_t> noise = sample().read_integers("lzf_incompressible");
  EXPECT_THAT(std::vector<int64_t>(noise.begin(), noise.begin() + 4), ElementsAre(255, 228, 34, 121));
}

TEST_F(H5, RowsAreReadByRange) {
  const File file = sample();
  for (const char* name : {"numbers/little_f32", "gzip_shuffle_fletcher"}) {
    const Tensor x = file.read_floats(name, 2, 3);
    EXPECT_EQ(x.shape(), (Shape{3, 4}));
    EXPECT_EQ(x.values()[0], 2.0F);
    EXPECT_EQ(x.values()[11], 4.75F);
    EXPECT_EQ(file.read_floats(name, 6).shape(), (Shape{0, 4}));
  }
  EXPECT_THAT(message_of([&] { file.read_floats("chunked", 4, 3); }),
              HasSubstr("has 6 rows, rows 4 to 7 are asked for"));
}

TEST_F(H5, BooleansScalarsAndEmptyDatasets) {
  const File file = sample();
  EXPECT_THAT(file.read_integers("flags"), ElementsAre(1, 0, 1));
  EXPECT_EQ(file.read_floats("flags").values()[2], 1.0F);
  EXPECT_EQ(file.read_floats("scalar").shape(), Shape{});
  EXPECT_EQ(file.read_doubles("scalar")[0], 2.5);
  EXPECT_EQ(file.read_floats("nothing").shape(), Shape{0});
}

TEST_F(H5, TextOfBothKinds) {
  const File file = sample();
  EXPECT_THAT(file.read_strings("text_variable"), ElementsAre("gamma", "", "h\u00e4dron"));
  EXPECT_THAT(file.read_strings("text_fixed"), ElementsAre("gamma", "", "hadron"));
  EXPECT_THAT(file.read_strings("text_fixed", 2, 1), ElementsAre("hadron"));
  EXPECT_THAT(message_of([&] { file.read_floats("text_fixed"); }),
              HasSubstr("/text_fixed: holds text, expected numbers"));
  EXPECT_THAT(message_of([&] { file.read_strings("gzip"); }), HasSubstr("holds floating-point numbers, expected text"));
}

TEST_F(H5, ColumnsOfACompoundDataset) {
  const File file = sample();
  const Tensor x = file.read_floats("table[eta, pt]");
  EXPECT_EQ(x.shape(), (Shape{3, 2}));
  EXPECT_THAT(std::vector<float>(x.values().begin(), x.values().end()), ElementsAre(0.5F, 1, -0.5F, 2, 0.25F, 3));
  EXPECT_THAT(file.read_integers("table[charge]", 1, 1), ElementsAre(-1));
  const Tensor wide = file.read_floats("table[cov,charge]", 2, 1);
  EXPECT_THAT(std::vector<float>(wide.values().begin(), wide.values().end()), ElementsAre(8, 9, 10, 11, 1));
  EXPECT_THAT(file.info("table").columns, ElementsAre("pt", "eta", "charge", "cov", "name"));
  EXPECT_EQ(file.info("table[cov,charge]").shape, (Shape{3, 5}));
}

TEST_F(H5, ColumnErrorsNameTheColumns) {
  const File file = sample();
  EXPECT_THAT(
      message_of([&] { file.read_floats("table[pt,etta]"); }),
      AllOf(HasSubstr("has no column 'etta'"), HasSubstr("'pt', 'eta', 'charge'"), HasSubstr("did you mean 'eta'")));
  EXPECT_THAT(message_of([&] { file.read_floats("table[name]"); }),
              HasSubstr("column 'name' holds text, expected numbers"));
  EXPECT_THAT(message_of([&] { file.read_floats("table[pt,pt]"); }), HasSubstr("column 'pt' is asked for twice"));
  EXPECT_THAT(message_of([&] { file.read_floats("table"); }), HasSubstr("choose columns by [NAME,...] of 'pt', 'eta'"));
  EXPECT_THAT(message_of([&] { file.read_floats("gzip[a]"); }), HasSubstr("the dataset has no columns"));
}

TEST_F(H5, MissingNamesListWhatIsThere) {
  const File file = sample();
  EXPECT_THAT(message_of([&] { file.read_floats("gzp"); }),
              AllOf(HasSubstr("h5py_types.h5:/gzp: does not exist"), HasSubstr("'chunked'"),
                    HasSubstr("did you mean 'gzip'?")));
  EXPECT_THAT(message_of([&] { file.read_floats("numbers/litle_f32"); }), HasSubstr("did you mean 'little_f32'"));
  EXPECT_THAT(message_of([&] { file.read_floats("gzip/x"); }), HasSubstr("'gzip' is not a group"));
  EXPECT_THAT(message_of([&] { file.read_floats("dangling"); }), HasSubstr("is a link to nothing"));
  EXPECT_THAT(message_of([&] { file.read_floats("numbers"); }),
              HasSubstr("is a group, expected a dataset; it holds 'big_f16'"));
  EXPECT_THAT(message_of([&] { file.group("gzip"); }), HasSubstr("is not a group"));
  EXPECT_FALSE(file.has("gzip/x"));
  EXPECT_FALSE(file.has("dangling"));
  EXPECT_TRUE(file.has("/numbers/big_i8"));
}

TEST_F(H5, IntegersAreReadFromWholeFloatsOnly) {
  const File file = sample();
  {
    const std::vector<double> whole = {-3, 9007199254740992.0};
    File out = File::create(folder / "whole.h5");
    out.write_doubles("y", whole, Shape{2});
    out.flush();
  }
  EXPECT_THAT(File::open(folder / "whole.h5").read_integers("y"), ElementsAre(-3, int64_t{1} << 53));
  EXPECT_THAT(message_of([&] { file.read_integers("chunked"); }), HasSubstr("holds 0.25, expected an integer"));
  write_raw(folder / "big.h5", [](hid_t f) {
    const hsize_t one = 1;
    const uint64_t big = UINT64_MAX;
    const hid_t space = H5Screate_simple(1, &one, nullptr);
    const hid_t set = H5Dcreate2(f, "u", H5T_STD_U64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, &big);
    H5Dclose(set);
    H5Sclose(space);
  });
  EXPECT_THAT(message_of([&] { File::open(folder / "big.h5").read_integers("u"); }), HasSubstr("18446744073709551615"));
}

TEST_F(H5, AttributesThatH5pyWrites) {
  const File file = sample();
  EXPECT_THAT(file.attribute_strings("fixed"), ElementsAre("a", "bc"));
  EXPECT_EQ(file.attribute_string("one"), "text");
  EXPECT_TRUE(file.attribute_strings("empty").empty());
  EXPECT_EQ(file.attribute_integer("number"), 3);
  EXPECT_THAT(message_of([&] { file.attribute_string("two"); }),
              AllOf(HasSubstr("attribute 'two': does not exist"), HasSubstr("'number'")));
  EXPECT_THAT(message_of([&] { file.attribute_string("fixed"); }), HasSubstr("holds 2 values, expected one"));
  EXPECT_THAT(message_of([&] { file.attribute_strings("number"); }), HasSubstr("holds integers, expected text"));
  EXPECT_THAT(message_of([&] { file.attribute_double("one"); }), HasSubstr("holds text, expected numbers"));
}

TEST_F(H5, FilesThatAreNoHdf5AreNamed) {
  EXPECT_THAT(message_of([&] { File::open(folder / "none.h5"); }), HasSubstr("none.h5: there is no such file"));
  EXPECT_THAT(message_of([&] { File::open(folder / ""); }), HasSubstr("is a folder, expected an HDF5 file"));
  std::ofstream(folder / "empty.h5");
  EXPECT_THAT(message_of([&] { File::open(folder / "empty.h5"); }), HasSubstr("is empty"));
  std::ofstream(folder / "text.h5") << "a,b\n1,2\n";
  EXPECT_THAT(message_of([&] { File::open(folder / "text.h5"); }), HasSubstr("is not an HDF5 file"));
  EXPECT_FALSE(File::looks_like_hdf5(folder / "text.h5"));
  EXPECT_THAT(message_of([&] { File::create(folder / "no/such/folder.h5").flush(); }), HasSubstr("there is no folder"));
}

TEST_F(H5, ACutOffFileIsAnError) {
  const std::string whole = std::string(HGQ_SOURCE_DIR) + "/tests/data/files/h5py_types.h5";
  for (const uintmax_t size : {20U, 600U, 3000U, 20000U}) {
    const std::string path = folder / std::to_string(size);
    std::filesystem::copy_file(whole, path);
    std::filesystem::resize_file(path, size);
    EXPECT_THAT(message_of([&] { File::open(path).read_floats("gzip"); }), HasSubstr("damaged or cut off")) << size;
  }
}

TEST_F(H5, AMissingFilterIsNamed) {
  const std::string path = folder / "blosc.h5";
  write_raw(path, [](hid_t f) {
    // An optional filter may be unknown when the dataset is made; its number stays in the file.
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t extents[2] = {8, 4};
    H5Pset_chunk(creation, 2, extents);
    H5Pset_filter(creation, 32001, H5Z_FLAG_OPTIONAL, 0, nullptr);
    const hid_t space = H5Screate_simple(2, extents, nullptr);
    const hid_t set = H5Dcreate2(f, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ASSERT_GE(set, 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(creation);
  });
  EXPECT_THAT(message_of([&] { File::open(path).read_floats("x"); }),
              HasSubstr("blosc.h5:/x: needs the filter blosc (number 32001), which this libhdf5 does not have"));
}

TEST_F(H5, AClaimedShapeTakesNoMemory) {
  const std::string path = folder / "huge.h5";
  write_raw(path, [](hid_t f) {
    const auto make = [f](const char* name, std::vector<hsize_t> extents) {
      const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
      const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
      const std::vector<hsize_t> chunk(extents.size(), 1);
      H5Pset_chunk(creation, static_cast<int>(extents.size()), chunk.data());
      const hid_t set = H5Dcreate2(f, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
      ASSERT_GE(set, 0);
      H5Dclose(set);
      H5Pclose(creation);
      H5Sclose(space);
    };
    make("overflow", {hsize_t{1} << 60U, 1024});
    make("huge", {hsize_t{1} << 50U});
    make("unfilled", {hsize_t{1} << 30U});
    make("rank", std::vector<hsize_t>(9, 2));
  });
  const File file = File::open(path);
  EXPECT_THAT(message_of([&] { file.read_floats("overflow"); }),
              HasSubstr("claims the shape [1152921504606846976, 1024]"));
  EXPECT_THAT(message_of([&] { file.read_floats("huge"); }),
              HasSubstr("claims 4.0 PiB of values, but the file holds 0 bytes"));
  EXPECT_THAT(message_of([&] { file.read_floats("unfilled"); }), HasSubstr("claims 4.0 GiB of values"));
  EXPECT_THAT(message_of([&] { file.read_floats("rank"); }), HasSubstr("has 9 dims; at most 8"));
}

}  // namespace h5_test
}  // namespace hgq::h5
