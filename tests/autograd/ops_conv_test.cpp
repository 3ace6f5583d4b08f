// Convolutions, pooling, and moments: gradients against central differences, kernels against their twins.
#include <gtest/gtest.h>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq {
namespace ops_conv_test {

using hgq::testing::Cut;
using hgq::testing::TapeLab;

struct Form {
  const char* name;
  Shape sample;
  std::vector<int64_t> size, stride, dilation;
  Padding padding;
  int64_t groups, filters;

  Windows windows() const { return make_windows(sample, size, stride, dilation, padding); }
  Shape kernel() const {
    Shape shape;
    for (const int64_t s : size) shape = shape.with_back(s);
    return shape.with_back(sample[-1] / groups).with_back(filters);
  }
};
void PrintTo(const Form& form, std::ostream* out) { *out << form.name; }

class ConvForms : public ::testing::TestWithParam<Form> {};

TEST_P(ConvForms, AreRight) {
  const Form& f = GetParam();
  TapeLab lab;
  lab.weigh(ops::conv(lab.input("x", f.sample), lab.parameter("w", f.kernel(), -0.5F, 0.5F), f.windows(), f.groups));
  for (const Cut& cut : {Cut{512, 1, 1}, Cut{2, 3, 2}}) lab.expect_right(5, cut, {.gradient = 2e-4, .value = 1e-5}, 0);
}

// The input feeds two convolutions, so one of them adds to the other's gradient.
TEST_P(ConvForms, AddTheirGradients) {
  const Form& f = GetParam();
  TapeLab lab;
  const Var x = lab.input("x", f.sample);
  const Var w = lab.parameter("w", f.kernel(), -0.5F, 0.5F);
  lab.weigh(ops::conv(x, w, f.windows(), f.groups));
  lab.weigh(ops::conv(ops::square(x), w, f.windows(), f.groups));
  lab.weigh(ops::conv(x, ops::scale(w, 0.5F), f.windows(), f.groups));
  lab.expect_right(3, Cut{2, 2, 2}, {.gradient = 2e-4, .value = 1e-5}, 0);
}

TEST_P(ConvForms, CountTheirBops) {
  const Form& f = GetParam();
  TapeLab lab;
  lab.weigh(ops::conv_bops(lab.parameter("input_bits", f.sample, 0, 8), lab.parameter("kernel_bits", f.kernel(), 0, 8),
                           f.windows(), f.groups, 0.25));
  lab.expect_right(1, Cut{512, 1, 1}, {.gradient = 2e-4, .value = 1e-5}, 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, ConvForms,
    ::testing::Values(Form{"line", Shape{7, 3}, {3}, {1}, {1}, Padding::kValid, 1, 4},
                      Form{"line_same", Shape{7, 2}, {4}, {1}, {1}, Padding::kSame, 1, 1},
                      Form{"line_causal", Shape{6, 2}, {3}, {1}, {2}, Padding::kCausal, 1, 3},
                      Form{"line_stride", Shape{9, 2}, {2}, {3}, {1}, Padding::kSame, 1, 5},
                      Form{"strips", Shape{50, 3}, {3}, {1}, {1}, Padding::kSame, 1, 1},
                      Form{"strips_two", Shape{18, 2}, {4}, {1}, {3}, Padding::kCausal, 1, 2},
                      Form{"strips_valid", Shape{67, 4}, {2}, {1}, {1}, Padding::kValid, 1, 1},
                      Form{"image_one_output", Shape{4, 17, 1}, {3, 3}, {1, 1}, {1, 2}, Padding::kSame, 1, 1},
                      Form{"image_two_outputs", Shape{5, 20, 3}, {2, 3}, {1, 1}, {2, 1}, Padding::kValid, 1, 2},
                      Form{"line_of_one", Shape{5, 4}, {1}, {1}, {1}, Padding::kValid, 1, 3},
                      Form{"line_gaps", Shape{11, 1}, {2}, {5}, {1}, Padding::kValid, 1, 2},
                      Form{"image", Shape{6, 7, 3}, {3, 3}, {1, 1}, {1, 1}, Padding::kValid, 1, 16},
                      Form{"image_same", Shape{5, 6, 2}, {3, 2}, {1, 1}, {1, 1}, Padding::kSame, 1, 5},
                      Form{"image_stride", Shape{7, 8, 2}, {3, 3}, {2, 3}, {1, 1}, Padding::kSame, 1, 3},
                      Form{"image_stride_valid", Shape{8, 8, 2}, {2, 3}, {3, 2}, {1, 1}, Padding::kValid, 1, 3},
                      Form{"image_dilated", Shape{7, 9, 2}, {3, 2}, {1, 1}, {2, 3}, Padding::kSame, 1, 3},
                      Form{"image_groups", Shape{5, 5, 4}, {2, 3}, {1, 2}, {1, 1}, Padding::kSame, 2, 6},
                      Form{"image_depthwise", Shape{5, 4, 3}, {2, 2}, {1, 1}, {2, 1}, Padding::kValid, 3, 3},
                      Form{"image_whole", Shape{3, 4, 2}, {3, 4}, {1, 1}, {1, 1}, Padding::kValid, 1, 2}),
    [](const auto& test) { return test.param.name; });

TEST(Conv, RefusesWhatDoesNotFit) {
  TapeLab lab;
  const Windows windows = make_windows(Shape{5, 2}, {3}, {1}, {1}, Padding::kValid);
  const Var x = lab.input("x", Shape{5, 2});
  EXPECT_THROW(ops::conv(x, lab.parameter("w", Shape{3, 3, 2}), windows), ShapeError);
  EXPECT_THROW(ops::conv(lab.input("y", Shape{6, 2}), lab.parameter("v", Shape{3, 2, 2}), windows), ShapeError);
  EXPECT_THROW(ops::conv(x, lab.parameter("u", Shape{3, 1, 3}), windows, 2), ShapeError);
}

TEST(Pool, OfAllForms) {
  for (const bool average : {false, true}) {
    for (const auto& [sample, size, stride, padding] :
         {std::tuple{Shape{7, 3}, std::vector<int64_t>{2}, std::vector<int64_t>{2}, Padding::kValid},
          std::tuple{Shape{7, 1}, std::vector<int64_t>{3}, std::vector<int64_t>{1}, Padding::kSame},
          std::tuple{Shape{6, 5, 2}, std::vector<int64_t>{2, 2}, std::vector<int64_t>{2, 2}, Padding::kSame},
          std::tuple{Shape{5, 5, 17}, std::vector<int64_t>{3, 2}, std::vector<int64_t>{1, 3}, Padding::kValid}}) {
      SCOPED_TRACE(to_string(sample));
      const Windows windows = make_windows(sample, size, stride, std::vector<int64_t>(size.size(), 1), padding);
      TapeLab lab;
      // Two equal values in a window are a kink of its maximum: a wide range has few of them.
      const Var x = average ? lab.input("x", sample) : lab.input("x", sample, -1000, 1000);
      lab.weigh(average ? ops::average_pool(x, windows) : ops::max_pool(x, windows));
      lab.weigh(average ? ops::average_pool(ops::square(x), windows) : ops::max_pool(ops::scale(x, -0.5F), windows));
      for (const Cut& cut : {Cut{512, 1, 1}, Cut{2, 3, 2}}) lab.expect_right(5, cut, {}, 0);
    }
  }
}

TEST(Pool, SendsTheGradientToTheFirstMaximum) {
  Tape tape;
  const Var x = tape.input("x", Shape{2, 2, 1}, true);
  tape.add_loss(ops::sum(ops::max_pool(x, make_windows(Shape{2, 2, 1}, {2, 2}, {2, 2}, {1, 1}, Padding::kValid))), "l");
  Workers alone(1);
  Executor executor(tape, alone, {});
  const Tensor data(Shape{1, 2, 2, 1}, std::vector<float>{1, 3, 3, 3});
  executor.forward(std::vector{data.view()});
  executor.backward();
  const auto gradient = executor.input_gradient(x).values();
  EXPECT_EQ(std::vector<float>(gradient.begin(), gradient.end()), (std::vector<float>{0, 1, 0, 0}));
}

TEST(Moments, OfValuesPerRow) {
  for (const Shape& sample : {Shape{3}, Shape{4, 2}, Shape{2, 3, 5}}) {
    TapeLab lab;
    lab.weigh(ops::moments(lab.input("x", sample)));
    for (const Cut& cut : {Cut{512, 1, 1}, Cut{3, 4, 2}})
      lab.expect_right(17, cut, {.gradient = 2e-4, .value = 1e-5}, 0);
  }
}

}  // namespace ops_conv_test
}  // namespace hgq
