#include "hgq/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "data_files.h"
#include "hgq/core/parallel.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/data/rows_checksum.h"

namespace hgq {
namespace dataset_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Row r holds r in every element of x [rows, 2], and 10 r in y [rows].
MemoryDataset counted(int64_t rows) {
  Tensor x(Shape{rows, 2});
  Tensor y(Shape{rows});
  for (int64_t r = 0; r < rows; ++r) {
    x.values()[static_cast<size_t>(2 * r)] = x.values()[static_cast<size_t>(2 * r + 1)] = static_cast<float>(r);
    y.values()[static_cast<size_t>(r)] = static_cast<float>(10 * r);
  }
  std::vector<NamedTensor> inputs;
  std::vector<NamedTensor> targets;
  inputs.push_back({"x", std::move(x)});
  targets.push_back({"y", std::move(y)});
  return {std::move(inputs), std::move(targets)};
}

std::vector<int64_t> epoch(int64_t rows, int64_t block, uint64_t seed, uint64_t number) {
  EpochOrder order(rows, block);
  order.shuffle(seed, number);
  std::vector<int64_t> out(static_cast<size_t>(rows));
  order.rows(0, out);
  return out;
}

bool is_permutation(std::vector<int64_t> order) {
  std::ranges::sort(order);
  for (size_t i = 0; i < order.size(); ++i) {
    if (order[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

// As the header's first lines show it.
TEST(MemoryDataset, IsMadeOfBracedLists) {
  Tensor x(Shape{4, 2}, std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7});
  Tensor y(Shape{4}, std::vector<float>{0, 1, 0, 1});
  MemoryDataset data({{"x", x.clone()}}, {{"y", y.clone()}});
  EXPECT_EQ(data.x().shape, (Shape{4, 2}));
  EXPECT_EQ(data.y().data[1], 1);
  EXPECT_EQ(data.sample_shape(), Shape{2});
  const float* const memory = x.data();
  MemoryDataset weighted({{"x", std::move(x)}}, {{"y", std::move(y)}},
                         {{"w", Tensor(Shape{4}, std::vector<float>{1, 1, 2, 2})}});
  EXPECT_EQ(weighted.x().data, memory);  // moved, not copied
  const auto [train, validation] = weighted.split(0.25, 1);
  EXPECT_EQ(train.size(), 3);
  EXPECT_EQ(validation.weights().size(), 1U);
}

TEST(Dataset, SaysWhatItHolds) {
  const MemoryDataset data = counted(5);
  EXPECT_EQ(data.size(), 5);
  EXPECT_EQ(data.sample_shape(), Shape{2});
  EXPECT_EQ(data.inputs()[0].name, "x");
  EXPECT_EQ(data.targets()[0].sample, Shape{});
  EXPECT_EQ(data.x().shape, (Shape{5, 2}));
  EXPECT_EQ(data.y().values()[4], 40.0F);
  EXPECT_EQ(data.field("y").shape, Shape{5});
  EXPECT_THAT(message_of([&] { data.field("z"); }), HasSubstr("has no field 'z'"));
}

TEST(Dataset, BatchesInOrderAreViewsAndTheLastIsPartial) {
  const MemoryDataset data = counted(5);
  std::vector<float> seen;
  std::vector<int64_t> sizes;
  for (const Batch& batch : data.batches(2)) {
    EXPECT_EQ(batch.x().data, data.x().data + 2 * static_cast<int64_t>(seen.size()));
    sizes.push_back(batch.rows());
    for (const float y : batch.y().values()) seen.push_back(y);
  }
  EXPECT_THAT(sizes, ElementsAre(2, 2, 1));
  EXPECT_THAT(seen, ElementsAre(0, 10, 20, 30, 40));
}

TEST(Dataset, ShuffledBatchesHoldEveryRowOnceAndFieldsStayTogether) {
  const MemoryDataset data = counted(1000);
  std::vector<int64_t> seen;
  for (const Batch& batch : data.batches(128, 7)) {
    EXPECT_EQ(batch.inputs().size(), 1U);
    EXPECT_EQ(batch.fields().size(), 2U);
    for (int64_t r = 0; r < batch.rows(); ++r) {
      const float row = batch.x().values()[static_cast<size_t>(2 * r)];
      EXPECT_EQ(batch.x().values()[static_cast<size_t>(2 * r + 1)], row);
      EXPECT_EQ(batch.y().values()[static_cast<size_t>(r)], 10 * row);
      seen.push_back(static_cast<int64_t>(row));
    }
  }
  EXPECT_EQ(seen, epoch(1000, 1000, 7, 0));
  EXPECT_TRUE(is_permutation(seen));
}

TEST(Dataset, ThreadsCopyTheSame) {
  const MemoryDataset data = counted(20000);
  Workers workers(3);
  Batches alone(data, 15000);
  Batches together(data, 15000, &workers);
  alone.shuffle(1, 2);
  together.shuffle(1, 2);
  for (int64_t i = 0; i < alone.size(); ++i) {
    EXPECT_TRUE(std::ranges::equal(alone[i].x().values(), together[i].x().values()));
    EXPECT_TRUE(std::ranges::equal(alone[i].y().values(), together[i].y().values()));
  }
}

TEST(Dataset, TheOrderIsAFunctionOfSeedAndEpoch) {
  EXPECT_EQ(epoch(100, 100, 3, 4), epoch(100, 100, 3, 4));
  EXPECT_NE(epoch(100, 100, 3, 4), epoch(100, 100, 3, 5));
  EXPECT_NE(epoch(100, 100, 3, 4), epoch(100, 100, 4, 4));
  // These numbers are a promise: a run continued by a later version goes on in the same order.
  EXPECT_EQ(epoch(8, 8, 42, 1), (std::vector<int64_t>{2, 6, 1, 4, 3, 5, 0, 7}));
}

TEST(Dataset, ABatchCanBeTakenWithoutThoseBeforeIt) {
  const MemoryDataset data = counted(100);
  Batches all(data, 30);
  all.shuffle(5, 6);
  std::vector<std::vector<float>> rows;
  for (const Batch& batch : all) rows.emplace_back(batch.y().values().begin(), batch.y().values().end());
  Batches resumed(data, 30);
  resumed.shuffle(5, 6);
  for (const int64_t i : {2, 0, 3}) {
    const Batch& batch = resumed[i];
    EXPECT_TRUE(std::ranges::equal(batch.y().values(), rows[static_cast<size_t>(i)])) << i;
  }
  EXPECT_THAT(message_of([&] { resumed[4]; }), HasSubstr("batch 4 of 4 is asked for"));
}

TEST(Dataset, AWarmBatchAllocatesNothing) {
  const MemoryDataset data = counted(100);
  Batches batches(data, 30);
  batches.shuffle(5, 0);
  const float* first = batches[0].x().data;
  for (int64_t e = 0; e < 3; ++e) {
    batches.shuffle(5, static_cast<uint64_t>(e));
    for (const Batch& batch : batches) EXPECT_EQ(batch.x().data, first);
  }
}

TEST(Dataset, BlocksAreShuffledAndTheRowsWithinThem) {
  const std::vector<int64_t> order = epoch(1050, 100, 9, 0);
  EXPECT_TRUE(is_permutation(order));
  std::vector<int64_t> blocks;
  bool shuffled_within = false;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || order[i] / 100 != order[i - 1] / 100) blocks.push_back(order[i] / 100);
    shuffled_within = shuffled_within || (i > 0 && order[i] < order[i - 1] && order[i] / 100 == order[i - 1] / 100);
  }
  EXPECT_EQ(blocks.size(), 11U);  // a block is finished before the next begins
  EXPECT_FALSE(std::ranges::is_sorted(blocks));
  EXPECT_TRUE(shuffled_within);
  // Positions in any order give the same rows.
  EpochOrder again(1050, 100);
  again.shuffle(9, 0);
  std::vector<int64_t> part(200);
  for (const int64_t first : {850, 0, 425}) {
    again.rows(first, part);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), order.begin() + first)) << first;
  }
}

TEST(Dataset, SplitIsAShareOfAPermutation) {
  const SplitRows split = split_rows(1000, 0.15, 42);
  EXPECT_EQ(split.validation.size(), 150U);
  EXPECT_TRUE(std::ranges::is_sorted(split.train));
  std::vector<int64_t> all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  EXPECT_TRUE(is_permutation(all));
  EXPECT_NE(split_rows(1000, 0.15, 43).validation, split.validation);
  EXPECT_EQ(split_rows(15216, 0.15, 1).validation.size(), 2282U);
  EXPECT_THAT(message_of([] { split_rows(3, 0.1, 1); }), HasSubstr("a share of 0.1 of 3 rows is 0 rows"));
  EXPECT_THAT(message_of([] { split_rows(3, 0.9, 1); }), HasSubstr("both training and validation need at least one"));
}

TEST(Dataset, SplitAndTakeCopyRows) {
  const MemoryDataset data = counted(100);
  const auto [train, validation] = data.split(0.2, 3);
  EXPECT_EQ(train.size(), 80);
  EXPECT_EQ(validation.size(), 20);
  const SplitRows rows = split_rows(100, 0.2, 3);
  EXPECT_EQ(validation.y().values()[3], 10.0F * static_cast<float>(rows.validation[3]));
  const std::vector<int64_t> chosen = {5, 2, 5};
  EXPECT_TRUE(std::ranges::equal(data.take(chosen).y().values(), std::vector<float>{50, 20, 50}));
}

/// `counted` with weights of half the row number.
MemoryDataset weighted(int64_t rows, int weights) {
  std::vector<NamedTensor> groups[3];
  const MemoryDataset plain = counted(rows);
  groups[0].push_back({"x", Tensor(plain.x().shape, plain.x().values())});
  groups[1].push_back({"y", Tensor(plain.y().shape, plain.y().values())});
  for (int i = 0; i < weights; ++i) {
    Tensor w(Shape{rows});
    for (int64_t r = 0; r < rows; ++r) w.data()[r] = 0.5F * static_cast<float>(r);
    groups[2].push_back({"w", std::move(w)});
  }
  return {std::move(groups[0]), std::move(groups[1]), std::move(groups[2])};
}

TEST(Dataset, SampleWeightsStayWithTheirRows) {
  const MemoryDataset data = weighted(100, 1);
  EXPECT_EQ(data.targets().size(), 1U);
  EXPECT_EQ(data.weights().size(), 1U);
  EXPECT_EQ(data.weights()[0].name, "w");
  const auto [train, validation] = data.split(0.3, 5);
  for (const MemoryDataset* const part : {&data, &train, &validation}) {
    for (const Batch& batch : part->batches(17, 3)) {
      ASSERT_EQ(batch.weights().size(), 1U);
      for (size_t i = 0; i < static_cast<size_t>(batch.rows()); ++i)
        EXPECT_EQ(batch.weights()[0].values()[i] * 20, batch.y().values()[i]);
    }
  }
  Batch batch;
  data.slice(40, 2, batch);
  EXPECT_THAT(batch.weights()[0].values(), ElementsAre(20.0F, 20.5F));
  EXPECT_TRUE(counted(5).weights().empty());
  EXPECT_THAT(message_of([] { weighted(5, 2); }), HasSubstr("a dataset of 1 targets has 2 sample weights"));
}

TEST(Dataset, FieldsThatDoNotFitAreRefused) {
  const auto message = [](std::vector<NamedTensor> inputs, std::vector<NamedTensor> targets) {
    return message_of([&] { MemoryDataset(std::move(inputs), std::move(targets)); });
  };
  const auto named = [](std::string name, const Shape& shape) {
    std::vector<NamedTensor> list;
    list.push_back({std::move(name), Tensor(shape)});
    return list;
  };
  EXPECT_THAT(message({}, {}), HasSubstr("needs at least one input"));
  EXPECT_THAT(message(named("a", Shape{3, 2}), named("b", Shape{4})), HasSubstr("field 'b' has 4 rows, but 'a' has 3"));
  EXPECT_THAT(message(named("a", Shape{}), {}), HasSubstr("field 'a' is a single number"));
  EXPECT_THAT(message(named("a", Shape{0, 2}), {}), HasSubstr("needs at least one row"));
}

TEST(Dataset, RowsThatAreNotThereAreRefused) {
  const MemoryDataset data = counted(5);
  Batch batch;
  const std::vector<int64_t> beyond = {1, 5};
  EXPECT_THAT(message_of([&] { data.gather(beyond, batch); }), HasSubstr("row 5 of a dataset of 5 rows"));
  EXPECT_THAT(message_of([&] { data.slice(3, 3, batch); }), HasSubstr("3 rows from 3 of a dataset of 5 rows"));
  EXPECT_THAT(message_of([&] { data.batches(0); }), HasSubstr("a batch of 0 rows is asked for"));
}

TEST(RowsChecksum, FollowsEveryNumber) {
  const MemoryDataset data = counted(7);
  EXPECT_EQ(rows_checksum(data), rows_checksum(counted(7)));
  EXPECT_NE(rows_checksum(data), rows_checksum(counted(8)));
  EXPECT_NE(rows_checksum(weighted(7, 1)), rows_checksum(weighted(7, 0)));
  for (const bool target : {false, true}) {
    const ConstTensorView field = target ? data.y() : data.x();
    for (int64_t i = 0; i < field.size(); ++i) {
      Tensor x(data.x().shape, data.x().values());
      Tensor y(data.y().shape, data.y().values());
      (target ? y : x).data()[i] += 1;
      std::vector<NamedTensor> inputs;
      std::vector<NamedTensor> targets;
      inputs.push_back({"x", std::move(x)});
      targets.push_back({"y", std::move(y)});
      EXPECT_NE(rows_checksum(MemoryDataset(std::move(inputs), std::move(targets))), rows_checksum(data))
          << target << i;
    }
  }
}

// Of 80 MiB in 80 rows, 64 are read: the first, the last, and others between them.
TEST(RowsChecksum, ReadsAPartOfLargeData) {
  constexpr int64_t kRows = 80;
  const auto sum = [](int64_t changed) {
    Tensor x(Shape{kRows, int64_t{1} << 18});
    if (changed >= 0) x.data()[changed << 18] = 1;
    std::vector<NamedTensor> inputs;
    inputs.push_back({"x", std::move(x)});
    return rows_checksum(MemoryDataset(std::move(inputs), {}));
  };
  const uint32_t zeros = sum(-1);
  int found = 0;
  for (const int64_t row : {0, 20, 40, 60, 79}) found += static_cast<int>(sum(row) != zeros);
  EXPECT_GE(found, 3);
  EXPECT_NE(sum(0), zeros);
  EXPECT_NE(sum(kRows - 1), zeros);
}

}  // namespace dataset_test
}  // namespace hgq
