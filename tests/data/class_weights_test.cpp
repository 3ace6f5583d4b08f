// Weights of classes become sample weights of the training rows.
#include "hgq/data/class_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"

namespace hgq {
namespace class_weights_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

ClassedTargets targets_of(TargetKind kind, const Shape& output, const Shape& rows, std::vector<float> values) {
  const std::shared_ptr<const RowSource> source = memory_rows<float>("y", rows, std::move(values));
  TargetEncoder encoder(kind, output, "out");
  encoder.fit(*source);
  return {"out", output, source, encoder};
}

std::vector<float> read(const RowSource& rows) {
  std::vector<float> values(static_cast<size_t>(rows.rows() * rows.sample().size()));
  rows.read(0, rows.rows(), std::span(values));
  return values;
}

TEST(ClassWeights, ForEveryKindOfTarget) {
  const ClassWeights weights{.of = {{"2", 5}, {"0", 0.5}}, .place = {}};
  const ClassedTargets numbers = targets_of(TargetKind::kClassNumbers, Shape{3}, Shape{4}, {0, 2, 1, 2});
  EXPECT_THAT(read(*class_weighted_rows(numbers, weights_of_classes(weights, numbers, {}), nullptr)),
              ElementsAre(0.5F, 5, 1, 5));
  const ClassedTargets one_hot =
      targets_of(TargetKind::kOneHot, Shape{3}, Shape{3, 3}, {0.25F, 0.25F, 0.5F, 1, 0, 0, 0, 1, 0});
  EXPECT_THAT(read(*class_weighted_rows(one_hot, weights_of_classes(weights, one_hot, {}), nullptr)),
              ElementsAre(5, 0.5F, 1));
  const ClassedTargets binary = targets_of(TargetKind::kBinary, Shape{1}, Shape{3}, {0, 1, 0});
  EXPECT_THAT(
      read(*class_weighted_rows(binary, weights_of_classes({.of = {{"1", 3}}, .place = {}}, binary, {}), nullptr)),
      ElementsAre(1, 3, 1));
  // A class for each position of a row.
  const ClassedTargets positions = targets_of(TargetKind::kClassNumbers, Shape{2, 3}, Shape{2, 2}, {0, 2, 1, 2});
  const auto rows = class_weighted_rows(positions, weights_of_classes(weights, positions, {}), nullptr);
  EXPECT_EQ(rows->sample(), Shape{2});
  EXPECT_THAT(read(*rows), ElementsAre(0.5F, 5, 1, 5));
}

TEST(ClassWeights, LabelsHavePriorityOverNumbers) {
  const ClassedTargets pdg = targets_of(TargetKind::kClassNumbers, Shape{3}, Shape{4}, {11, 13, 211, 13});
  EXPECT_THAT(weights_of_classes({.of = {{"13", 2}, {"211", 4}}, .place = {}}, pdg, {}), ElementsAre(1, 2, 4));
  EXPECT_THAT(
      [&] {
        weights_of_classes({.of = {{"14", 2}}, .place = "a.yaml:3:1"}, pdg, {});
      },
      ThrowsMessage<ConfigError>(HasSubstr("a.yaml:3:1: output 'out' has no class '14'")));
}

TEST(ClassWeights, BalancedByTheTrainingRowsAlone) {
  const ClassedTargets numbers = targets_of(TargetKind::kClassNumbers, Shape{3}, Shape{6}, {0, 0, 0, 2, 2, 2});
  // As sklearn: rows / (classes that occur * rows of the class); a class without rows has weight 1.
  EXPECT_THAT(weights_of_classes({.balanced = true, .of = {}, .place = {}}, numbers, {}), ElementsAre(1, 1, 1));
  EXPECT_THAT(weights_of_classes({.balanced = true, .of = {}, .place = {}}, numbers, std::vector<int64_t>{0, 1, 2, 5}),
              ElementsAre(4.0 / 6, 1, 2));
}

TEST(ClassWeights, MultiplySampleWeights) {
  const ClassedTargets numbers = targets_of(TargetKind::kClassNumbers, Shape{2}, Shape{3}, {0, 1, 1});
  const std::shared_ptr<const RowSource> given = memory_rows<float>("w", Shape{3}, {1, 2, 4});
  EXPECT_THAT(read(*class_weighted_rows(numbers, {1, 3}, given)), ElementsAre(1, 6, 12));
  EXPECT_THAT(read(*class_weighted_rows(numbers, {}, given)), ElementsAre(1, 2, 4));
}

TEST(ClassWeights, NeedClasses) {
  const ClassedTargets numbers = targets_of(TargetKind::kNumbers, Shape{1}, Shape{2}, {0.5F, 2});
  EXPECT_THROW(weights_of_classes({.balanced = true, .of = {}, .place = {}}, numbers, {}), ConfigError);
  const ClassedTargets answers = targets_of(TargetKind::kBinary, Shape{2}, Shape{2, 2}, {0, 1, 1, 0});
  EXPECT_THROW(weights_of_classes({.balanced = true, .of = {}, .place = {}}, answers, {}), ConfigError);
}

}  // namespace class_weights_test
}  // namespace hgq
