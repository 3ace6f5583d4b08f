#include "hgq/core/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"

namespace hgq {
namespace window_test {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

WindowDim window(int64_t input, int64_t size, int64_t stride, int64_t dilation, Padding padding) {
  return slide({.input = input, .size = size, .stride = stride, .dilation = dilation}, padding);
}

// Output and padding as TensorFlow 2.15 counts them.
TEST(Window, CountsAsKeras) {
  const auto expect = [](const WindowDim& w, int64_t output, int64_t before, int64_t after) {
    EXPECT_EQ(w.output, output);
    EXPECT_EQ(w.before, before);
    EXPECT_EQ(w.after, after);
  };
  expect(window(32, 3, 1, 1, Padding::kValid), 30, 0, 0);
  expect(window(32, 3, 1, 1, Padding::kSame), 32, 1, 1);
  expect(window(32, 2, 1, 1, Padding::kSame), 32, 0, 1);
  expect(window(32, 3, 2, 1, Padding::kSame), 16, 0, 1);
  expect(window(5, 2, 3, 1, Padding::kSame), 2, 0, 0);
  expect(window(7, 3, 1, 2, Padding::kSame), 7, 2, 2);
  expect(window(7, 3, 1, 2, Padding::kValid), 3, 0, 0);
  expect(window(7, 3, 2, 1, Padding::kCausal), 4, 2, 0);
  expect(window(7, 3, 1, 2, Padding::kCausal), 7, 4, 0);
  expect(window(1, 1, 4, 1, Padding::kValid), 1, 0, 0);
}

TEST(Window, KnowsItsSources) {
  const WindowDim w = window(5, 3, 2, 1, Padding::kSame);
  EXPECT_EQ(w.source(0, 0), -1);
  EXPECT_EQ(w.source(0, 1), 0);
  EXPECT_EQ(w.source(2, 1), 4);
  EXPECT_EQ(w.source(2, 2), -1);
}

TEST(Window, OfOneDimIsTheSecondOfTwo) {
  const Windows w = make_windows(Shape{10, 3}, {4}, {2}, {1}, Padding::kValid);
  EXPECT_EQ(w.h, WindowDim{});
  EXPECT_EQ(w.w.output, 4);
  EXPECT_EQ(w.output_shape(7), Shape({4, 7}));
  EXPECT_EQ(make_windows(Shape{4, 6, 3}, {1, 2}, {1, 2}, {1, 1}, Padding::kValid).output_shape(2), Shape({4, 3, 2}));
}

TEST(Window, RefusesWhatDoesNotFit) {
  EXPECT_THAT(
      [] { window(2, 3, 1, 1, Padding::kValid); },
      ThrowsMessage<ShapeError>(HasSubstr("a window of 3 entries does not fit a dim of 2 with padding 'valid'")));
  EXPECT_THAT(
      [] {
        make_windows(Shape{4, 3}, {1, 1}, {1, 1}, {1, 1}, Padding::kSame);
      },
      ThrowsMessage<ShapeError>(HasSubstr("expected [height, width, channels]")));
}

}  // namespace window_test
}  // namespace hgq
