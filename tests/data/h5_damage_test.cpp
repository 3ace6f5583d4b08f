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
namespace {

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
  File::create(path);
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

}  // namespace
}  // namespace hgq::h5
