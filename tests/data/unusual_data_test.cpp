#include "hgq/data/unusual_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/data/memory_dataset.h"

namespace hgq {
namespace unusual_data_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Rows of `columns` inputs x and a target y, row by row.
MemoryDataset rows_of(int64_t columns, const std::vector<float>& x, const std::vector<float>& y) {
  const auto rows = static_cast<int64_t>(y.size());
  std::vector<NamedTensor> inputs;
  inputs.push_back({"x", Tensor(Shape{rows, columns}, x)});
  std::vector<NamedTensor> targets;
  targets.push_back({"y", Tensor(Shape{rows}, y)});
  return MemoryDataset(std::move(inputs), std::move(targets));
}

DataConfig named(std::vector<std::string> names) {
  DataConfig config;
  config.train.file = "a.csv";
  config.train.inputs = {{"", {.names = std::move(names)}}};
  config.train.targets = {{"", {.names = {"y"}}}};
  return config;
}

TEST(UnusualData, NothingIsSaidOfOrdinaryRows) {
  EXPECT_THAT(unusual_data(rows_of(2, {1, 2, 3, -999}, {0, 1}), named({"a", "b"})), ElementsAre());
  EXPECT_THAT(unusual_data(rows_of(2, {1, 1}, {0}), named({"a", "b"})), ElementsAre()) << "one row";
}

TEST(UnusualData, NamesColumnsThatAreTheSameInAllRows) {
  EXPECT_THAT(
      unusual_data(rows_of(2, {1, 2, 1, 3}, {0, 1}), named({"a", "b"})),
      ElementsAre("input 'x': column 0 ('a') is the same in all 2 training rows, so it tells the network nothing; "
                  "leave it out of data.inputs"));
  std::vector<float> x(16, 5);
  x[0] = 4;
  EXPECT_THAT(unusual_data(rows_of(8, x, {0, 1}), named({"x"})),
              ElementsAre(HasSubstr("7 of 8 columns are the same in all 2 training rows (1, 2, 3, 4, 5, ...)")));
  EXPECT_THAT(unusual_data(rows_of(1, {7, 7}, {0, 1}), named({"a"})), ElementsAre(HasSubstr("every row is the same")));
}

TEST(UnusualData, NamesColumnsFarFromZero) {
  const MemoryDataset data = rows_of(2, {1, 2, 3, -52341}, {0, 1});
  EXPECT_THAT(unusual_data(data, named({"a", "b"})),
              ElementsAre("input 'x': column 1 ('b') reaches 52341, which takes many bits and long to train; set "
                          "data.scale: standard"));
  DataConfig scaled = named({"a", "b"});
  scaled.scale = ScaleKind::kStandard;
  EXPECT_THAT(unusual_data(data, scaled),
              ElementsAre(HasSubstr("though data.scale is standard: a few values are far")));
}

TEST(UnusualData, OfTargetsAndOtherSets) {
  DataConfig config = named({"a"});
  config.validation = config.train;
  EXPECT_THAT(
      unusual_data(rows_of(1, {1, 2}, {3, 3}), config),
      ElementsAre(HasSubstr("target 'y': is 3 in all 2 training rows"), HasSubstr("data.validation: is the training")));
}

TEST(UnusualData, OfNegativeSampleWeights) {
  std::vector<NamedTensor> inputs, targets, weights;
  inputs.push_back({"x", Tensor(Shape{2, 1}, std::vector<float>{1, 2})});
  targets.push_back({"y", Tensor(Shape{2}, std::vector<float>{0, 1})});
  weights.push_back({"w", Tensor(Shape{2}, std::vector<float>{1, -0.5F})});
  const MemoryDataset data(std::move(inputs), std::move(targets), std::move(weights));
  EXPECT_THAT(unusual_data(data, named({"a"})),
              ElementsAre(HasSubstr("sample weights 'w': reach down to -0.5; rows with a negative weight")));
}

}  // namespace unusual_data_test
}  // namespace hgq
