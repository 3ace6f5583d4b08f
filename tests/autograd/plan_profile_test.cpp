// What is known of each operation of a plan, and that the time of all of them is noted.
#include "hgq/autograd/plan_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "hgq/autograd/executor.h"
#include "hgq/autograd/ops.h"
#include "hgq/core/parallel.h"

namespace hgq {
namespace plan_profile_test {

constexpr int64_t kInputs = 6;
constexpr int64_t kUnits = 10;
constexpr int64_t kRows = 700;

struct Network {
  Network() {
    tape.set_layer("dense");
    const Var x = tape.input("x", Shape{kInputs}, true);
    y = ops::matmul(x, tape.parameter(w));
    tape.set_layer("");
    tape.add_loss(ops::sum(y), "sum");
    w.value.fill(0.5F);
  }
  Parameter w{"w", Shape{kInputs, kUnits}};
  Tape tape;
  Var y;
};

TEST(PlanProfile, EachOperationIsTimedWithWhatItDoes) {
  for (const int threads : {1, 3}) {
    Network net;
    Profile profile;
    Workers workers(threads);
    workers.set_profile(&profile);
    Executor executor(net.tape, workers, {.largest_chunk = 100, .lanes = 4});
    const Tensor x(Shape{kRows, kInputs});
    const ConstTensorView view = x.view();
    executor.forward({&view, 1});  // not counted
    profile.start();
    for (int step = 0; step < 3; ++step) {
      executor.forward({&view, 1});
      executor.backward();
    }
    profile.stop();
    std::map<Profile::Pass, Profile::OperationTime> products;
    for (const Profile::OperationTime& time : profile.operations()) {
      if (time.operation.name != "matmul") continue;
      EXPECT_EQ(time.operation.layer, "dense");
      products[time.operation.pass] = time;
    }
    ASSERT_EQ(products.size(), 2U);
    const Profile::OperationTime& forward = products[Profile::Pass::kForward];
    const Profile::OperationTime& backward = products[Profile::Pass::kBackward];
    EXPECT_EQ(forward.rows, 3 * kRows);
    EXPECT_EQ(forward.operation.products_per_row, kInputs * kUnits);
    EXPECT_EQ(backward.operation.products_per_row, 2 * kInputs * kUnits);
    EXPECT_EQ(forward.operation.bytes_per_row, 4 * (kInputs + kUnits));
    EXPECT_EQ(forward.operation.bytes_per_call, 4 * kInputs * kUnits);
    EXPECT_GT(forward.seconds, 0);
    EXPECT_EQ(backward.rows, 3 * kRows);
    const std::vector<Profile::Phase> phases = profile.phases();
    const auto rows = std::ranges::find(phases, "rows", &Profile::Phase::name);
    ASSERT_NE(rows, phases.end());
    ASSERT_EQ(rows->regions.size(), 1U);
    EXPECT_EQ(rows->regions[0].tasks, executor.chunks().lanes);
  }
}

TEST(PlanProfile, ProductsOfAStepAreThoseOfAllChunks) {
  Network net;
  Workers workers(1);
  Executor executor(net.tape, workers, {.largest_chunk = 100, .lanes = 4});
  const Tensor x(Shape{kRows, kInputs});
  const ConstTensorView view = x.view();
  executor.forward({&view, 1});
  int64_t all = 0;
  for (const auto& [product, times] : products_of(executor.plan(), executor.chunks()))
    all += product.m * product.k * product.n * times;
  EXPECT_EQ(all, 3 * kRows * kInputs * kUnits);
}

}  // namespace plan_profile_test
}  // namespace hgq
