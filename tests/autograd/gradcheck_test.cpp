#include "hgq/autograd/gradcheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"
#include "tape_lab.h"

namespace hgq {
namespace gradcheck_test {

using hgq::testing::TapeLab;

// The operation of op.h's essay: what a user writes.
struct Square : OpWith<Square> {
  std::string_view name() const override { return "my_square"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    size_ = in[0].shape.size();
    return {in[0]};
  }
  Needs needs() const override { return {.inputs = 1U << 0}; }
  void forward(const OpContext& c) const override {
    for (int64_t i = 0; i < c.rows * size_; ++i) c.out[0][i] = c.in[0][i] * c.in[0][i];
  }
  void backward(const OpContext& c) const override {
    for (int64_t i = 0; i < c.rows * size_; ++i) c.add_grad(0, i, slope_ * c.in[0][i] * c.grad_out[0][i]);
  }
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    for (int64_t i = 0; i < c.rows * size_; ++i) c.out[0][i] = c.in[0][i] * c.in[0][i] + static_cast<T>(twin_offset_);
  }
  int64_t size_ = 0;
  float slope_ = 2;         // 2 is right
  double twin_offset_ = 0;  // 0 is right
};

Var my_square(Var x) { return x.tape->record_one(std::make_unique<Square>(), {x}); }

TEST(UserOperation, OnRowValuesIsRight) {
  TapeLab lab;
  lab.weigh(my_square(lab.input("x", Shape{3, 2})));
  lab.expect_right();
}

TEST(UserOperation, OnStepValuesIsRight) {
  TapeLab lab;
  const Var x = lab.input("x", Shape{3});
  lab.weigh(ops::matmul(x, my_square(lab.parameter("w", Shape{3, 2}))));
  lab.expect_right();
}

TEST(UserOperation, IsKeptForTheWholeBatchWhereABarrierSeparatesItsUses) {
  TapeLab lab;
  const Var y = my_square(lab.input("x", Shape{2}));
  const Var centred = ops::subtract(y, ops::mean(y));
  lab.weigh(my_square(centred));
  lab.expect_right();
}

GradientReport report_for(float slope, double twin_offset) {
  TapeLab lab;
  auto op = std::make_unique<Square>();
  op->slope_ = slope;
  op->twin_offset_ = twin_offset;
  const Var x = lab.input("x", Shape{2});
  const Var y = lab.tape.record_one(std::move(op), {x});
  lab.weigh(y);
  Workers workers(1);
  const std::vector<Tensor> inputs = lab.make_inputs(3);
  if (twin_offset != 0) return compare_with_twins(lab.tape, testing::views_of(inputs), workers, {.tolerance = 1e-6});
  return check_gradients(lab.tape, testing::views_of(inputs), workers);
}

TEST(GradientCheck, SeesAWrongSlope) {
  EXPECT_TRUE(report_for(2, 0).agree());
  const GradientReport wrong = report_for(2.01F, 0);
  EXPECT_FALSE(wrong.agree());
  EXPECT_EQ(wrong.checked, 6);
  EXPECT_GT(wrong.worst, 4e-3);
  EXPECT_THAT(wrong.text(), ::testing::HasSubstr("x[0]: backward"));
}

TEST(GradientCheck, SeesAGradientThatIsNotFinite) {
  const GradientReport wrong = report_for(std::numeric_limits<float>::quiet_NaN(), 0);
  EXPECT_EQ(wrong.differences.size(), 6U);
}

TEST(GradientCheck, SeesAWrongValue) {
  const GradientReport wrong = report_for(2, 1e-3);
  EXPECT_FALSE(wrong.agree());
  EXPECT_THAT(wrong.text(), ::testing::HasSubstr("my_square"));
}

TEST(GradientCheck, SeesThatNothingWasChecked) {
  Tape tape;
  const Var x = tape.input("x", Shape{2});
  tape.add_loss(ops::mean(x), "mean");
  Workers workers(1);
  const Tensor data(Shape{3, 2});
  const GradientReport report = check_gradients(tape, {{data.view()}}, workers);
  EXPECT_EQ(report.checked, 0);
  EXPECT_FALSE(report.agree());
}

TEST(GradientCheck, RefusesInputsThatDoNotFit) {
  Tape tape;
  tape.add_loss(ops::mean(tape.input("x", Shape{2}, true)), "mean");
  Workers workers(1);
  const Tensor data(Shape{3, 5});
  EXPECT_THROW(check_gradients(tape, {{data.view()}}, workers), ShapeError);
  EXPECT_THROW(check_gradients(tape, {}, workers), ShapeError);
  Tape without_loss;
  EXPECT_THROW(check_gradients(without_loss, {}, workers), ShapeError);
}

}  // namespace gradcheck_test
}  // namespace hgq
