// Smoothed labels are those of Keras.
#include "hgq/autograd/smooth_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/autograd/executor.h"

namespace hgq {
namespace smooth_labels_test {

using ::testing::ElementsAre;
using ::testing::FloatEq;

std::vector<float> smoothed(std::vector<float> target, const Shape& sample, int64_t classes, bool sparse, float s) {
  Tape tape;
  const Var out = ops::smooth_labels(tape.input("y", sample), classes, sparse, s);
  tape.keep(out);
  Workers workers(1);
  Executor executor(tape, workers, {.gradients = false});
  const std::vector<ConstTensorView> views{
      {target.data(), sample.with_front(static_cast<int64_t>(target.size()) / sample.size())}};
  executor.forward(views);
  const ConstTensorView rows = executor.rows_of(out);
  return {rows.values().begin(), rows.values().end()};
}

TEST(SmoothLabels, SpreadAShareOverTheClasses) {
  EXPECT_THAT(smoothed({0, 1, 0}, Shape{3}, 3, false, 0.3F), ElementsAre(FloatEq(0.1F), FloatEq(0.8F), FloatEq(0.1F)));
  EXPECT_THAT(smoothed({1, 0}, Shape{1}, 2, false, 0.1F), ElementsAre(FloatEq(0.95F), FloatEq(0.05F)));
  EXPECT_THAT(smoothed({2, 0}, Shape{}, 3, true, 0.3F),
              ElementsAre(FloatEq(0.1F), FloatEq(0.1F), FloatEq(0.8F), FloatEq(0.8F), FloatEq(0.1F), FloatEq(0.1F)));
}

}  // namespace smooth_labels_test
}  // namespace hgq
