// Files of a few bytes that unpack to very much: refused as soon as that shows, and read in bounded memory else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/resource.h>

#include "data_files.h"
#include "hgq/core/rng.h"
#include "hgq/data/h5.h"
#include "hgq/data/loaders.h"
#include "hgq/data/unpacked.h"
#include "hgq/data/zip_file.h"

namespace hgq {
namespace bombs_test {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kMiB = int64_t{1} << 20U;

class Bombs : public ::testing::Test {
 protected:
  std::string opening(const std::string& path, const std::string& name, int64_t memory) {
    return message_of([&] {
      DataFiles files({}, {.memory = memory});
      std::vector<std::string> names;
      if (!name.empty()) names.push_back(name);
      const auto rows = files.open(path).rows(names, true);
      std::vector<float> row(static_cast<size_t>(rows->sample().size()));
      rows->read(rows->rows() - 1, 1, row);
    });
  }
  TemporaryFolder folder;
};

/// `content` packed with claims of its own.
std::string zip_claiming(const std::string& body, uint64_t size) {
  std::string file = zip({{"x.npy", ""}}, true);
  const std::string packed_none = packed("", -15);
  const size_t data = file.find(packed_none, 30);
  file.replace(data, packed_none.size(), body);
  const size_t directory = file.find("PK\1\2");
  file.replace(directory + 20, 4, little(body.size(), 4));
  file.replace(directory + 24, 4, little(size, 4));
  const size_t end = file.find("PK\5\6");
  file.replace(end + 16, 4, little(directory, 4));
  return file;
}

TEST_F(Bombs, AnArrayOfConstantsBeyondMemoryIsRefused) {
  const int64_t rows = 4 * kMiB;
  const std::string array = npy("<f4", Shape{rows}, std::vector<float>(static_cast<size_t>(rows)));
  const std::string npz = write_text(folder, "x.npz", zip({{"x.npy", array}}, true));
  EXPECT_THAT(opening(npz, "x", 8 * kMiB),
              AllOf(HasSubstr("x.npz:x.npy: unpacks to 16.0 MiB or more from"), HasSubstr("may take 8.0 MiB")));
  EXPECT_EQ(opening(npz, "x", 64 * kMiB), "no error");
  const std::string gz = write_text(folder, "x.npy.gz", gzip(array));
  EXPECT_THAT(opening(gz, "", 8 * kMiB), HasSubstr("x.npy.gz: unpacks to 8."));
  EXPECT_EQ(opening(gz, "", 64 * kMiB), "no error");
}

TEST_F(Bombs, WhatComesIsComparedWithWhatIsClaimed) {
  const std::string body = packed(std::string(8 * kMiB, 'x'), -15);
  const std::string less = write_text(folder, "less.npz", zip_claiming(body, 100));
  EXPECT_THAT(opening(less, "x", 64 * kMiB), HasSubstr("unpacks to more than the 100 bytes that the directory claims"));
  const std::string more = write_text(folder, "more.npz", zip_claiming(body, 8 * kMiB + 1));
  EXPECT_THAT(opening(more, "x", 64 * kMiB), HasSubstr("unpacks to 8388608 bytes, but the directory claims 8388609"));
  const std::string most = write_text(folder, "most.npz", zip_claiming(body, 0xfffffff0U));
  EXPECT_THAT(opening(most, "x", 64 * kMiB), HasSubstr("claims to unpack to 4.0 GiB from"));
}

/// Numbers that do not pack well.
std::vector<float> random_numbers(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = static_cast<float>(random_bits(1, 2, 3, i / 4) % 1000) / 8;
  return values;
}

TEST_F(Bombs, DataBeyondMemoryAreUnpackedWhereTheyAreRead) {
  const std::vector<float> values = random_numbers(1500000);
  const std::string array = npy("<f4", Shape{750000, 2}, values);
  const std::string both = gzip(array.substr(0, 5000001)) + gzip(array.substr(5000001));
  for (const std::string& path : {write_text(folder, "x.npz", zip({{"x.npy", array}}, true)),
                                  write_text(folder, "x.npy.gz", gzip(array)), write_text(folder, "two.gz", both)}) {
    DataFiles files({}, {.memory = 2 * kMiB});
    std::vector<std::string> names;
    if (path.ends_with("npz")) names.emplace_back("x");
    const auto rows = files.open(path).rows(names, false);
    std::vector<float> piece(2000);
    for (const int64_t first : {0, 700000, 700, 5000, 6000, 749000, 600000, 599000, 0}) {
      rows->read(first, 1000, piece);
      EXPECT_TRUE(std::equal(piece.begin(), piece.end(), values.begin() + 2 * first)) << path << " " << first;
    }
    EXPECT_EQ(all_values(*rows), values) << path;
  }
}

TEST_F(Bombs, ManyMembersAreFoundAndMessagesStayShort) {
  std::vector<std::pair<std::string, std::string>> members;
  const std::string array = npy("<f4", Shape{1}, std::vector<float>{1});
  for (int i = 0; i < 20000; ++i) members.emplace_back(concat("array_", i, ".npy"), array);
  const std::string path = write_text(folder, "many.npz", zip(members, false));
  EXPECT_EQ(opening(path, "array_19999", kMiB), "no error");
  const std::string message = opening(path, "array", kMiB);
  EXPECT_THAT(message, HasSubstr("and 19960 more"));
  EXPECT_LT(message.size(), 2000U);
}

/// A dataset `x` of packed chunks; `filters` times deflate.
void write_packed(const std::string& path, hsize_t rows, hsize_t chunk, int filters, const std::vector<float>& values) {
  h5::File::create(path).flush();
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(1, &rows, nullptr);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, 1, &chunk);
  for (int i = 0; i < filters; ++i) H5Pset_deflate(creation, 6);
  const hid_t set = H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ASSERT_GE(set, 0);
  if (!values.empty()) {
    ASSERT_GE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  }
  H5Dclose(set);
  H5Pclose(creation);
  H5Sclose(space);
  H5Fclose(file);
}

TEST_F(Bombs, ChunksOfConstantsBeyondMemoryAreRefused) {
  const std::string path = folder / "d.h5";
  write_packed(path, 4 * kMiB, kMiB, 1, std::vector<float>(4 * kMiB));
  EXPECT_THAT(opening(path, "x", 8 * kMiB), HasSubstr("d.h5:/x: unpacks to 16.0 MiB or more from"));
  EXPECT_EQ(opening(path, "x", 64 * kMiB), "no error");
  const std::string large = folder / "large.h5";
  write_packed(large, 20 * kMiB, 20 * kMiB, 1, std::vector<float>(20 * kMiB));
  EXPECT_THAT(opening(large, "x", kMiB), HasSubstr("its chunks take 80.0 MiB each, but the rows may take 1.0 MiB"));
  const std::string twice = folder / "twice.h5";
  write_packed(twice, 1000, 1000, 2, std::vector<float>(1000));
  EXPECT_THAT(opening(twice, "x", 64 * kMiB), HasSubstr("is packed by deflate more than once"));
}

TEST_F(Bombs, AChunkThatUnpacksToMoreThanItsSizeIsRefused) {
  // One chunk of 4,000 bytes, whose stream gives 256 MiB from 1 MB.
  const std::string path = folder / "d.h5";
  write_packed(path, 1000, 1000, 1, {});
  z_stream stream{};
  ASSERT_EQ(deflateInit(&stream, 1), Z_OK);
  std::string zeros(kMiB, '\0');
  std::string body(4 * kMiB, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(body.data());
  stream.avail_out = static_cast<uInt>(body.size());
  for (int i = 0; i < 256; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
    stream.avail_in = static_cast<uInt>(zeros.size());
    deflate(&stream, i == 255 ? Z_FINISH : Z_NO_FLUSH);
  }
  body.resize(stream.total_out);
  deflateEnd(&stream);
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t set = H5Dopen2(file, "x", H5P_DEFAULT);
  const hsize_t offset = 0;
  ASSERT_GE(H5Dwrite_chunk(set, H5P_DEFAULT, 0, &offset, body.size(), body.data()), 0);
  H5Dclose(set);
  H5Fclose(file);
  EXPECT_THAT(opening(path, "x", 64 * kMiB), HasSubstr("a chunk of 3.9 KiB unpacks to more than that"));
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, 400L << 10U);
}

}  // namespace bombs_test
}  // namespace hgq
