// HDF5 files that are written: in memory and on the disk.
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
#include "hgq/data/h5.h"

namespace hgq::h5 {
namespace h5_write_test {

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

class H5Write : public ::testing::Test {
 protected:
  TemporaryFolder folder;
};

TEST_F(H5Write, WhatIsWrittenReadsBack) {
  const std::string path = folder / "out.h5";
  Tensor x(Shape{2, 3});
  std::iota(x.values().begin(), x.values().end(), 0.5F);
  {
    File out = File::create(path);
    out.write_floats("a/b/kernel:0", x.view());
    out.write_floats("scalar", ConstTensorView{x.data(), Shape{}});
    const std::vector<int8_t> i8 = {-1, 2};
    out.write_int8("i8", i8, Shape{2});
    const std::vector<int32_t> i32 = {-70000};
    out.write_int32("i32", i32, Shape{1});
    const std::vector<int64_t> i64 = {int64_t{1} << 40};
    out.write_int64("i64", i64, Shape{});
    const std::vector<double> f64 = {0.1, 0.2};
    out.write_doubles("f64", f64, Shape{2, 1});
    const std::vector<std::string> texts = {"b", "\u00e4"};
    out.write_strings("texts", texts);
    out.write_floats("none", ConstTensorView{x.data(), Shape{0, 4}});
    Group g = out.create_group("g/h");
    g.set_attribute("names", texts);
    g.set_attribute("names", std::vector<std::string>{"later"});
    g.set_attribute("nobody", std::vector<std::string>{});
    g.set_attribute("long", std::string(100000, 'j'));
    g.set_attribute("rate", 0.1);
    g.set_attribute("epoch", int64_t{7});
    EXPECT_THROW(out.write_int8("i8", i8, Shape{2}), FileError);
    EXPECT_THROW(out.write_int8("i9", i8, Shape{3}), ShapeError);
    out.flush();
  }
  const File in = File::open(path);
  EXPECT_TRUE(std::ranges::equal(in.read_floats("a/b/kernel:0").values(), x.values()));
  EXPECT_EQ(in.read_floats("scalar").shape(), Shape{});
  EXPECT_THAT(in.read_integers("i8"), ElementsAre(-1, 2));
  EXPECT_THAT(in.read_integers("i32"), ElementsAre(-70000));
  EXPECT_THAT(in.read_integers("i64"), ElementsAre(int64_t{1} << 40));
  EXPECT_THAT(in.read_doubles("f64"), ElementsAre(0.1, 0.2));
  EXPECT_THAT(in.read_strings("texts"), ElementsAre("b", "\u00e4"));
  EXPECT_EQ(in.read_floats("none").shape(), (Shape{0, 4}));
  const Group g = in.group("g/h");
  EXPECT_EQ(g.place(), path + ":/g/h");
  EXPECT_THAT(g.attribute_strings("names"), ElementsAre("later"));
  EXPECT_TRUE(g.attribute_strings("nobody").empty());
  EXPECT_EQ(g.attribute_string("long").size(), 100000U);
  EXPECT_EQ(g.attribute_double("rate"), 0.1);
  EXPECT_EQ(g.attribute_integer("epoch"), 7);
  EXPECT_THAT(g.attribute_names(), ElementsAre("epoch", "long", "names", "nobody", "rate"));
}

TEST_F(H5Write, EqualContentIsAnEqualFile) {
  const auto bytes = [&](const std::string& path) {
    {
      File out = File::create(path);
      const std::vector<float> x = {1, 2};
      out.write_floats("a/x", ConstTensorView{x.data(), Shape{2}});
      out.create_group("b").set_attribute("t", std::string("text"));
      out.flush();
    }
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string first = bytes(folder / "1.h5");
  EXPECT_GT(first.size(), 500U);
  EXPECT_EQ(first, bytes(folder / "2.h5"));
}

/// The exit code of a child that writes a file larger than the system lets it: 0 where that was a RunError, and left
/// nothing. A limit on the size of files stands in for a full disk.
int write_on_a_full_disk(const std::string& folder, const auto& write) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write(folder + "/d.h5");
    } catch (const RunError&) {
      _exit(std::filesystem::is_empty(folder) ? 0 : 2);
    }
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(H5Write, AFullDiskIsARunErrorAndNoCrash) {
  // libhdf5 crashes when it closes a file that it cannot write.
  const Tensor x(Shape{100000});
  EXPECT_EQ(write_on_a_full_disk(folder.path(),
                                 [&](const std::string& path) {
                                   File out = File::create(path);
                                   out.write_floats("x", x.view());
                                   out.flush();
                                 }),
            0);
  EXPECT_EQ(write_on_a_full_disk(folder.path(),
                                 [&](const std::string& path) {
                                   File out = File::create_on_disk(path);
                                   out.create_floats("x", x.shape());
                                   out.write_rows("x", 0, x.view());
                                 }),
            0);
  EXPECT_EQ(write_on_a_full_disk(folder.path(),
                                 [&](const std::string& path) {
                                   File out = File::create_on_disk(path);
                                   for (int i = 0; i < 100; ++i) out.create_group(concat("group", i));
                                   out.flush();
                                 }),
            0);
}

TEST_F(H5Write, AFileOnTheDiskIsThatInMemory) {
  Tensor x(Shape{3000, 7});
  std::iota(x.values().begin(), x.values().end(), 0.0F);
  const std::vector<std::string> labels{"a", "b"};
  const auto fill = [&](File& file, const auto& write) {
    file.create_group("y").set_attribute("layers", labels);
    write(file, "y/0");
    write(file, "y/1");
    file.flush();
  };
  File in_memory = File::create(folder / "memory.h5");
  fill(in_memory, [&](File& file, const std::string& path) { file.write_floats(path, x.view()); });
  File on_disk = File::create_on_disk(folder / "disk.h5");
  fill(on_disk, [&](File& file, const std::string& path) {
    file.create_floats(path, x.shape());
    for (const int64_t first : {2000, 0, 1000}) file.write_rows(path, first, x.view().rows(first, 1000));
  });
  EXPECT_FALSE(std::filesystem::exists(folder / "disk.h5.part"));
  const File read = File::open(folder / "disk.h5");  // checks the seal
  for (const char* const path : {"y/0", "y/1"})
    EXPECT_TRUE(std::ranges::equal(read.read_floats(path).values(), x.values()));
  EXPECT_EQ(read.group("y").attribute_strings("layers"), labels);
  EXPECT_EQ(read.checksum(""), File::open(folder / "memory.h5").checksum(""));
}

TEST_F(H5Write, AFileOnTheDiskIsNotThereUntilItIsWhole) {
  const std::string path = folder / "d.h5";
  std::ofstream(path) << "old";
  {
    File out = File::create_on_disk(path);
    out.create_floats("x", Shape{4});
    out.write_rows("x", 0, Tensor(Shape{4}).view());
    EXPECT_EQ(std::filesystem::file_size(path), 3U);
    EXPECT_THAT(message_of([&] { File::create_on_disk(path); }), HasSubstr("another program is writing this file"));
  }
  EXPECT_EQ(std::filesystem::file_size(path), 3U);
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
}

TEST_F(H5Write, AFileInMemoryTouchesNoFileOfItsName) {
  const std::string path = folder / "d.h5";
  std::ofstream(path) << "old";
  {
    File out = File::create(path);
    out.write_floats("x", Tensor(Shape{4}).view());
    EXPECT_EQ(out.content().substr(1, 3), "HDF");
  }
  EXPECT_EQ(std::filesystem::file_size(path), 3U);
}

TEST_F(H5Write, AGroupKeepsItsFileOpen) {
  const Group numbers = [] { return sample().group("numbers"); }();
  EXPECT_EQ(numbers.read_floats("big_f16").values()[1], 0.25F);
}

}  // namespace h5_write_test
}  // namespace hgq::h5
