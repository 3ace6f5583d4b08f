// Files that an HDF5 file names: external links, sources of virtual datasets, external storage; and values that were
// never written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <filesystem>

#include "data_files.h"
#include "hgq/data/h5.h"
#include "hgq/data/loaders.h"

namespace hgq::h5 {
namespace h5_external_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Raw {
 public:
  explicit Raw(const std::string& path) {
    File::create(path).flush();
    file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  }
  ~Raw() { H5Fclose(file); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  hid_t file;
};

/// A dataset `name` of `rows` rows of two numbers.
void add_rows(const std::string& path, const std::string& name, int64_t rows, float value) {
  Tensor x(Shape{rows, 2});
  std::ranges::fill(x.values(), value);
  File out = File::create(path);
  out.write_floats(name, x.view());
  out.flush();
}

struct Part {
  std::string file, set;
  hsize_t from, to;  // rows of the virtual dataset
  hsize_t source_rows;
  hsize_t source_from = 0;  // a part of the source, where it is longer than the rows
};

/// A virtual dataset `x` of `rows` rows of two numbers.
void add_virtual(const std::string& path, hsize_t rows, const std::vector<Part>& parts) {
  const Raw raw(path);
  const std::array<hsize_t, 2> extents = {rows, 2};
  const hid_t space = H5Screate_simple(2, extents.data(), nullptr);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  for (const Part& part : parts) {
    const std::array<hsize_t, 2> start = {part.from, 0};
    const std::array<hsize_t, 2> count = {part.to - part.from, 2};
    const std::array<hsize_t, 2> source = {part.source_rows, 2};
    H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr);
    const hid_t source_space = H5Screate_simple(2, source.data(), nullptr);
    const std::array<hsize_t, 2> first = {part.source_from, 0};
    if (part.source_rows != count[0])
      H5Sselect_hyperslab(source_space, H5S_SELECT_SET, first.data(), nullptr, count.data(), nullptr);
    ASSERT_GE(H5Pset_virtual(creation, space, part.file.c_str(), part.set.c_str(), source_space), 0);
    H5Sclose(source_space);
  }
  H5Sselect_all(space);
  const hid_t set = H5Dcreate2(raw.file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ASSERT_GE(set, 0);
  H5Dclose(set);
  H5Pclose(creation);
  H5Sclose(space);
}

/// A virtual dataset `x` whose blocks of 32 rows come from files with the numbers of the blocks.
void add_pattern(const std::string& path, const std::string& pattern) {
  const Raw raw(path);
  const std::array<hsize_t, 2> extents = {32, 2};
  const std::array<hsize_t, 2> most = {H5S_UNLIMITED, 2};
  const std::array<hsize_t, 2> start = {0, 0};
  const std::array<hsize_t, 2> count = {H5S_UNLIMITED, 1};
  const hid_t space = H5Screate_simple(2, extents.data(), most.data());
  const hid_t source = H5Screate_simple(2, extents.data(), nullptr);
  H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), extents.data(), count.data(), extents.data());
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  ASSERT_GE(H5Pset_virtual(creation, space, pattern.c_str(), "a", source), 0);
  H5Sselect_all(space);
  H5Dclose(H5Dcreate2(raw.file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  H5Pclose(creation);
  H5Sclose(source);
  H5Sclose(space);
}

class External : public ::testing::Test {
 protected:
  External() { std::filesystem::create_directory(folder / "in"); }
  std::string reading(const std::string& path, const std::string& name = "x", bool anywhere = false) {
    return message_of([&] { File::open(path, {}, anywhere).read_floats(name); });
  }
  std::string in(const std::string& name) { return folder / ("in/" + name); }
  TemporaryFolder folder;
};

TEST_F(External, StorageInAnotherFileIsNeverRead) {
  const std::string secret = write_text(folder, "secret", std::string(64, 's'));
  {
    const Raw raw(in("d.h5"));
    const hsize_t rows = 4;
    const hid_t space = H5Screate_simple(1, &rows, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, secret.c_str(), 0, H5F_UNLIMITED);
    H5Dclose(H5Dcreate2(raw.file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Pclose(creation);
    H5Sclose(space);
  }
  EXPECT_THAT(reading(in("d.h5")), AllOf(HasSubstr("d.h5:/x: its values are in another file"), HasSubstr("secret")));
  EXPECT_THAT(reading(in("d.h5"), "x", true), HasSubstr("external storage"));
  EXPECT_THAT(message_of([&] { File::open(in("d.h5")).read_doubles("x"); }), HasSubstr("external storage"));
}

TEST_F(External, LinksLeadOnlyToFilesInTheFolder) {
  add_rows(folder / "out.h5", "g/x", 3, 1);
  add_rows(in("beside.h5"), "g/x", 3, 2);
  std::filesystem::create_symlink(folder / "out.h5", in("symlink.h5"));
  {
    const Raw raw(in("d.h5"));
    const auto link = [&](const std::string& file, const char* object, const char* name) {
      ASSERT_GE(H5Lcreate_external(file.c_str(), object, raw.file, name, H5P_DEFAULT, H5P_DEFAULT), 0);
    };
    link("beside.h5", "/g/x", "beside");
    link("beside.h5", "/g", "group");
    link("beside.h5", "/g/none", "nowhere");
    link("../out.h5", "/g/x", "up");
    link(folder / "out.h5", "/g/x", "absolute");
    link("symlink.h5", "/g/x", "symlink");
    link("../out.h5", "/g", "up_group");
    link("none.h5", "/x", "missing");
    H5Lcreate_soft("/up_group/x", raw.file, "soft", H5P_DEFAULT, H5P_DEFAULT);
  }
  EXPECT_EQ(reading(in("d.h5"), "beside"), "no error");
  EXPECT_EQ(reading(in("d.h5"), "group/x"), "no error");
  EXPECT_THAT(reading(in("d.h5"), "nowhere"), HasSubstr("is a link to nothing"));
  for (const char* name : {"up", "absolute", "symlink", "up_group/x", "soft"}) {
    EXPECT_THAT(reading(in("d.h5"), name),
                AllOf(HasSubstr("an external link on this path leads to"), HasSubstr("a file outside of the folder"),
                      HasSubstr("--allow-external")))
        << name;
    EXPECT_EQ(reading(in("d.h5"), name, true), "no error") << name;
  }
  EXPECT_THAT(reading(in("d.h5"), "missing"), HasSubstr("'none.h5', which is not there"));
  EXPECT_THAT(message_of([&] { File::open(in("d.h5")).group("up_group"); }), HasSubstr("outside of the folder"));
}

TEST_F(External, AVirtualDatasetHasAllItsSources) {
  add_rows(in("a.h5"), "a", 32, 1);
  add_rows(in("b.h5"), "a", 16, 2);
  add_rows(folder / "out.h5", "a", 32, 3);
  add_virtual(in("whole.h5"), 48, {{"a.h5", "a", 0, 32, 32}, {"b.h5", "/a", 32, 48, 16}});
  const File whole = File::open(in("whole.h5"));
  EXPECT_EQ(whole.read_floats("x").values()[95], 2);
  EXPECT_EQ(whole.info("x").stored_bytes, 48 * 8);
  EXPECT_THAT(whole.info("x").note, IsEmpty());

  add_virtual(in("no_file.h5"), 64, {{"a.h5", "a", 0, 32, 32}, {"c.h5", "a", 32, 64, 32}});
  EXPECT_THAT(reading(in("no_file.h5")),
              AllOf(HasSubstr("takes rows 32 to 63 from the dataset 'a' of 'c.h5'"), HasSubstr("which is not there")));
  add_virtual(in("no_set.h5"), 64, {{"a.h5", "a", 0, 32, 32}, {"a.h5", "b", 32, 64, 32}});
  EXPECT_THAT(reading(in("no_set.h5")),
              AllOf(HasSubstr("takes rows 32 to 63 from a.h5:/b"), HasSubstr("does not exist")));
  add_virtual(in("short.h5"), 64, {{"a.h5", "a", 0, 32, 32}, {"b.h5", "a", 32, 64, 32}});
  EXPECT_THAT(reading(in("short.h5")), HasSubstr("takes 64 values from b.h5:/a, which has the shape [16, 2]"));
  add_virtual(in("parts.h5"), 16, {{"a.h5", "a", 0, 10, 32, 22}, {"b.h5", "a", 10, 16, 16, 10}});
  EXPECT_EQ(reading(in("parts.h5")), "no error");
  add_virtual(in("beyond.h5"), 16, {{"a.h5", "a", 0, 10, 64, 30}, {"b.h5", "a", 10, 16, 16, 10}});
  EXPECT_THAT(reading(in("beyond.h5")), HasSubstr("takes row 39 from a.h5:/a, which has the shape [32, 2]"));
  add_virtual(in("up.h5"), 32, {{"../out.h5", "a", 0, 32, 32}});
  EXPECT_THAT(reading(in("up.h5")), HasSubstr("a file outside of the folder"));
  EXPECT_EQ(reading(in("up.h5"), "x", true), "no error");
  add_pattern(in("pattern.h5"), "a%b.h5");
  EXPECT_THAT(reading(in("pattern.h5")), HasSubstr("names its sources by a pattern, 'a%b.h5'"));
  add_virtual(in("itself.h5"), 32, {{".", "x", 0, 32, 32}});
  EXPECT_THAT(reading(in("itself.h5")), HasSubstr("without an end"));
  add_virtual(in("gap.h5"), 64, {{"a.h5", "a", 0, 32, 32}});
  EXPECT_THAT(File::open(in("gap.h5")).info("x").note,
              HasSubstr("64 of 128 values come from no source of this virtual dataset, and are read as 0"));
}

TEST_F(External, WhatWasNeverWrittenIsTold) {
  const hsize_t rows = 40;
  {
    const Raw raw(in("d.h5"));
    const hid_t space = H5Screate_simple(1, &rows, nullptr);
    H5Dclose(H5Dcreate2(raw.file, "never", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const hsize_t chunk = 10;
    H5Pset_chunk(creation, 1, &chunk);
    const float fill = 7;
    H5Pset_fill_value(creation, H5T_NATIVE_FLOAT, &fill);
    const hid_t set = H5Dcreate2(raw.file, "parts", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    const hsize_t start = 12;
    const hsize_t count = 3;
    const std::vector<float> values(3, 1);
    const hid_t memory = H5Screate_simple(1, &count, nullptr);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, nullptr, &count, nullptr);
    ASSERT_GE(H5Dwrite(set, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, values.data()), 0);
    H5Sclose(memory);
    H5Dclose(set);
    H5Pclose(creation);
    H5Sclose(space);
  }
  DataFiles files;
  const RowSet set = open_rows({.file = in("d.h5"),
                                .inputs = {{"a", {.names = {"never"}}}, {"b", {.names = {"parts"}}}},
                                .targets = {{"", {.names = {"never"}}}}},
                               files);
  EXPECT_THAT(set.notes,
              ElementsAre(HasSubstr("d.h5:/never: was never written: all 40 rows are read as 0"),
                          HasSubstr("d.h5:/parts: 3 of 4 chunks were never written; their values are read as 7")));
}

}  // namespace h5_external_test
}  // namespace hgq::h5
