#include "hgq/data/file_dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <cmath>

#include "data_files.h"
#include "hgq/data/binary_rows.h"
#include "hgq/data/h5.h"
#include "hgq/data/loaders.h"

namespace hgq {
namespace file_dataset_test {

using ::testing::HasSubstr;

constexpr int64_t kRows = 10000;

/// x [kRows, 3] with row r = r, r + 0.25, r + 0.5, in gzipped chunks of 300 rows, and y [kRows] = r % 10.
void write_chunked(const std::string& path) {
  std::vector<float> x;
  std::vector<int32_t> y;
  for (int64_t r = 0; r < kRows; ++r) {
    for (const float part : {0.0F, 0.25F, 0.5F}) x.push_back(static_cast<float>(r) + part);
    y.push_back(static_cast<int32_t>(r % 10));
  }
  {
    h5::File file = h5::File::create(path);
    file.write_int32("y", y, Shape{kRows});
    file.flush();
  }
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[2] = {300, 3};
  const hsize_t extents[2] = {kRows, 3};
  H5Pset_chunk(creation, 2, chunk);
  H5Pset_deflate(creation, 6);
  const hid_t space = H5Screate_simple(2, extents, nullptr);
  const hid_t set = H5Dcreate2(file, "x", H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ASSERT_GE(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, x.data()), 0);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
  H5Fclose(file);
}

FieldSet open_set(const std::string& path, Scaling scaling = {}) {
  DataFiles files;
  const DataFile& file = files.open(path);
  FieldSet set;
  set.input_count = 1;
  set.fields.push_back(FieldReader::input("x", file.rows({"x"}, false), std::move(scaling)));
  TargetEncoder encoder(TargetKind::kClassNumbers, Shape{10}, "out");
  std::shared_ptr<const RowSource> y = file.rows({"y"}, true);
  encoder.fit(*y);
  set.fields.push_back(FieldReader::target("y", y, encoder));
  return set;
}

class FileData : public ::testing::Test {
 protected:
  void SetUp() override { write_chunked(folder / "d.h5"); }
  TemporaryFolder folder;
};

TEST_F(FileData, TheMemoryLimitDecides) {
  const FieldSet set = open_set(folder / "d.h5");
  EXPECT_EQ(set.bytes(), kRows * 4 * 4);
  EXPECT_EQ(make_dataset(open_set(folder / "d.h5"), 160000)->block_rows(), kRows);
  const auto blocks = make_dataset(open_set(folder / "d.h5"), 60000);
  EXPECT_EQ(blocks->size(), kRows);
  EXPECT_EQ(blocks->block_rows(), 1200);  // 60000 / (3 * 16) = 1250 rows, down to whole chunks
  EXPECT_EQ(make_dataset(open_set(folder / "d.h5"), 1)->block_rows(), 300);
}

TEST_F(FileData, BlocksGiveTheRowsThatMemoryGives) {
  const auto memory = make_dataset(open_set(folder / "d.h5", {{100, 100, 100}, {2, 2, 4}}), kRows * 100);
  const auto file = make_dataset(open_set(folder / "d.h5", {{100, 100, 100}, {2, 2, 4}}), 60000);
  Batches a = memory->batches(777);
  Batches b = file->batches(777);
  for (int64_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(a[i].x().values(), b[i].x().values())) << i;
    EXPECT_TRUE(std::ranges::equal(a[i].y().values(), b[i].y().values())) << i;
  }
  Batch one;
  Batch other;
  const std::vector<int64_t> anywhere = {9999, 0, 5000, 1, 9998, 2400, 2400};
  memory->gather(anywhere, one);
  file->gather(anywhere, other);
  EXPECT_TRUE(std::ranges::equal(one.x().values(), other.x().values()));
}

TEST_F(FileData, AShuffledEpochHoldsEveryRowOnce) {
  const auto file = make_dataset(open_set(folder / "d.h5"), 60000);
  std::vector<float> seen;
  for (const Batch& batch : file->batches(512, 3, 1)) {
    for (int64_t r = 0; r < batch.rows(); ++r) {
      seen.push_back(batch.x().values()[static_cast<size_t>(3 * r)]);
      EXPECT_EQ(batch.y().values()[static_cast<size_t>(r)], static_cast<float>(static_cast<int64_t>(seen.back()) % 10));
    }
  }
  EXPECT_FALSE(std::ranges::is_sorted(seen));
  std::ranges::sort(seen);
  for (size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], static_cast<float>(i));
}

TEST_F(FileData, ChosenRowsOfAFile) {
  const SplitRows split = split_rows(kRows, 0.3, 5);
  for (const int64_t limit : {int64_t{1} << 30, int64_t{20000}}) {
    FieldSet set = open_set(folder / "d.h5");
    set.rows = split.validation;
    const auto data = make_dataset(std::move(set), limit);
    ASSERT_EQ(data->size(), 3000);
    EXPECT_EQ(data->block_rows() < 3000, limit == 20000);
    std::vector<float> seen;
    for (const Batch& batch : data->batches(1000)) {
      for (int64_t r = 0; r < batch.rows(); ++r) seen.push_back(batch.x().values()[static_cast<size_t>(3 * r)]);
    }
    for (size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], static_cast<float>(split.validation[i]));
  }
}

TEST_F(FileData, InputsOfSingleNumbersBecomeColumns) {
  const FieldReader field =
      FieldReader::input("x", memory_rows("m", Tensor(Shape{3}, std::vector<float>{1, 2, 3})), {{1}, {2}});
  EXPECT_EQ(field.spec().sample, Shape{1});
  std::vector<float> out(2);
  field.read(1, 2, out);
  EXPECT_EQ(out, (std::vector<float>{0.5F, 1}));
}

TEST_F(FileData, ValuesThatAreNotFiniteAreNamedWithRowAndColumn) {
  std::vector<float> values(30, 1.0F);
  values[14] = NAN;
  values[20] = INFINITY;
  const auto message = [&](const Shape& shape) {
    const FieldReader field = FieldReader::input("x", memory_rows("m:x", Tensor(shape, values)), {});
    std::vector<float> out(30);
    return message_of([&] { field.read(0, shape[0], out); });
  };
  EXPECT_THAT(
      message(Shape{10, 3}),
      HasSubstr("m:x: holds 1 NaN and 1 infinite (or beyond float32) values, the first in row 4 (from 0), column 2; "));
  EXPECT_THAT(message(Shape{5, 2, 3}), HasSubstr("row 2 (from 0), column [0, 2]"));
  EXPECT_THAT(message(Shape{30}), HasSubstr("row 14 (from 0);"));
}

}  // namespace file_dataset_test
}  // namespace hgq
