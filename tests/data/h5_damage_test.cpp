// libhdf5 crashes on some damaged files. Whatever is done to a file, it must be read or refused by an exception.
#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "data_files.h"
#include "hgq/core/rng.h"
#include "hgq/data/h5.h"
#include "hgq/data/h5_probe.h"

namespace hgq::h5 {
namespace h5_damage_test {

TEST(H5Damage, ACrashAnAbortAndAHangAreSurvived) {
  EXPECT_TRUE(survives([] {}, 10));
  EXPECT_TRUE(survives([] { throw FileError("reported elsewhere"); }, 10));
  EXPECT_FALSE(survives([] { std::raise(SIGKILL); }, 10));
  EXPECT_FALSE(survives([] { _exit(0); }, 10));
  EXPECT_FALSE(survives(
      [] {
        volatile bool on = true;
        while (on) {
        }
      },
      1));
}

TEST(H5Damage, AChildThatTakesAllMemoryIsStopped) {
  EXPECT_FALSE(survives(
      [] {
        std::vector<std::vector<char>> taken;
        while (true) taken.emplace_back(std::size_t{64} << 20U, 'x');
      },
      60));
}

TEST(H5Damage, ChunksLargerThanTheFileAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "d.h5";
  File::create(path).flush();
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk = hsize_t{1} << 29U;
  H5Pset_chunk(creation, 1, &chunk);
  const hsize_t extent = 4;
  const hsize_t most = H5S_UNLIMITED;
  const hid_t space = H5Screate_simple(1, &extent, &most);
  H5Dclose(H5Dcreate2(file, "x", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, creation, H5P_DEFAULT));
  H5Sclose(space);
  H5Pclose(creation);
  H5Fclose(file);
  EXPECT_NE(message_of([&] { File::open(path).read_floats("x"); }).find("claims chunks of 2.0 GiB"), std::string::npos);
}

TEST(H5Damage, ManyReferencesToOneLongTextAreRefused) {
  // 4 MB of file, 64 GB of text.
  const TemporaryFolder folder;
  const std::string path = folder / "d.h5";
  File::create(path).flush();
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  const hsize_t count = 60000;
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  const hid_t set = H5Dcreate2(file, "x", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const std::string text(std::size_t{1} << 20U, 'a');
  std::vector<const char*> texts(count, "");
  texts[0] = text.c_str();
  H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data());
  const auto first = static_cast<size_t>(H5Dget_offset(set));
  H5Dclose(set);
  H5Sclose(space);
  H5Tclose(type);
  H5Fclose(file);
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  // An entry is the length, the address of the heap, and an index: copies of the first one.
  ASSERT_LT(first + 16 * count, bytes.size());
  const std::string entry = bytes.substr(first, 16);
  for (size_t i = 1; i < count; ++i) bytes.replace(first + 16 * i, 16, entry);
  const std::string damaged = write_text(folder, "damaged.h5", bytes);
  EXPECT_NE(message_of([&] { File::open(damaged); }).find("takes too much memory"), std::string::npos);
}

TEST(H5Damage, WhatTheCallerReadsIsTriedFirst) {
  const TemporaryFolder folder;
  const std::string path = folder / "d.h5";
  File out = File::create(path);
  out.write_floats("x", Tensor(Shape{2}).view());
  out.flush();
  const pid_t here = getpid();
  EXPECT_NO_THROW(File::open(path, [](const File& file) { file.read_floats("none"); }));
  EXPECT_NE(message_of([&] {
              File::open(path, [&](const File& file) {
                if (file.has("x") && getpid() != here) std::raise(SIGKILL);
              });
            }).find("is damaged: libhdf5 crashes"),
            std::string::npos);
}

TEST(H5Damage, AChildThatWaitsForALockSaysNothing) {
  EXPECT_TRUE(survives(
      [] {
        while (true) pause();
      },
      10, 1));
}

TEST(H5Damage, ABrokenLibraryCallIsReportedAsADamagedFile) {
  // A dataset of one value, said to be in chunks of two dims: libhdf5 1.10 loses itself in it.
  const TemporaryFolder folder;
  const std::string path = folder / "d.h5";
  File::create(path).flush();
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t extents[2] = {4, 2};
  H5Pset_chunk(creation, 2, extents);
  const hid_t space = H5Screate_simple(2, extents, nullptr);
  const std::vector<float> values(8, 1.0F);
  const hid_t set = H5Dcreate2(file, "x", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
  H5Fclose(file);
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  // The dataspace message of version 1: version, rank 2, flags 1 (largest extents follow), five zeros, 4, 2.
  const size_t message = bytes.find(std::string("\1\2\1\0\0\0\0\0\4\0\0\0\0\0\0\0\2\0", 18));
  ASSERT_NE(message, std::string::npos);
  bytes[message + 1] = '\0';  // rank 0
  const std::string damaged = write_text(folder, "damaged.h5", bytes);
  EXPECT_NE(message_of([&] { File::open(damaged).read_floats("x"); }).find("damaged"), std::string::npos);
}

TEST(H5Damage, RandomDamageIsReadOrRefused) {
  const std::string path = concat(HGQ_SOURCE_DIR, "/tests/data/files/h5py_types.h5");
  std::ifstream in(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  ASSERT_GT(whole.size(), 10000U);
  const TemporaryFolder folder;
  int refused = 0;
  for (uint64_t trial = 0; trial < 60; ++trial) {
    std::string bytes = whole;
    const auto random = [&](uint64_t element) { return random_bits(1, 2, trial, element); };
    for (uint64_t i = 0; i < 1 + trial % 40; ++i) {
      // Most of the structure stands in the first part of the file.
      const size_t range = trial % 2 == 0 ? 6000 : bytes.size();
      bytes[48 + random(2 * i) % (range - 48)] = static_cast<char>(random(2 * i + 1));
    }
    const std::string damaged = write_text(folder, "d.h5", bytes);
    try {
      read_through(File::open(damaged));
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 5);
}

}  // namespace h5_damage_test
}  // namespace hgq::h5
