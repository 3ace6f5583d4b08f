// What a training does around its steps: where an epoch has few of a small network, that must take next to no time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "../support/allocation_counter.h"
#include "../support/temporary_folder.h"
#include "hgq/callbacks/kinds.h"
#include "hgq/callbacks/progress.h"
#include "hgq/core/error.h"
#include "training_fixture.h"

namespace hgq {
namespace short_epochs_test {

using hgq::testing::AllocationCounter;
using hgq::testing::kCountsAllocations;
using hgq::testing::SmallTraining;

/// Counts the allocations from the end of one epoch to that of the next.
class Counting final : public Callback {
 public:
  explicit Counting(std::vector<int64_t>& of_epochs) : of_epochs_(of_epochs) {}
  std::string_view name() const override { return "Counting"; }
  void on_log(Training& /*t*/) override {
    of_epochs_.push_back(counter_.count());
    counter_ = AllocationCounter();
  }

 private:
  std::vector<int64_t>& of_epochs_;
  AllocationCounter counter_;
};

std::unique_ptr<Callback> callback(const std::string& yaml, int epochs) {
  ErrorList errors;
  auto made =
      make_callback(Node::from_yaml(yaml, "test", errors), {.epochs = epochs, .folder = ""}, CallbackKinds(), errors);
  errors.throw_if_any();
  return made;
}

/// The allocations of each epoch, with all that a config puts around the steps of short epochs.
std::vector<int64_t> allocations(int epochs, int64_t batch_size, bool validated) {
  const TemporaryFolder folder;
  SmallTraining s;
  s.objective.metrics = {accuracy()};
  Trainer::Options options = s.options(epochs);
  options.batch_size = batch_size;
  options.checkpoint_seconds = 1e9;
  options.history_file = folder / "history.csv";
  options.warn = [](const std::string& /*warning*/) {};
  Trainer trainer(s.model, s.objective, s.adam, s.workers, options);
  for (const char* const yaml : {"ResetMinMax", "FreeBOPs", "BetaSchedule: {from: 1.0e-7, to: 1.0e-6, scale: log}",
                                 "ReduceLROnPlateau: {monitor: loss, patience: 5}", "TerminateOnNaN"})
    trainer.add(callback(yaml, epochs));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out(std::fopen("/dev/null", "w"), &std::fclose);
  trainer.add(std::make_unique<Progress>(out.get(), false));
  std::vector<int64_t> of_epochs;
  of_epochs.reserve(static_cast<size_t>(epochs));
  trainer.add(std::make_unique<Counting>(of_epochs));
  trainer.fit(s.train, validated ? &s.validation : nullptr);
  return of_epochs;
}

int64_t median(std::vector<int64_t> values) {
  std::ranges::nth_element(values, values.begin() + std::ssize(values) / 2);
  return values[values.size() / 2];
}

// A limit of the time itself would fail where other programs run. Strings, tables and copies that are made in each
// epoch take memory, so their number is what is looked at; more steps, and more epochs, add nothing to it.
TEST(ShortEpochs, TakeLittleMemoryAroundTheirSteps) {
  if (!kCountsAllocations) GTEST_SKIP();
  for (const bool validated : {false, true}) {
    const std::vector<int64_t> few_steps = allocations(200, 300, validated);
    const std::vector<int64_t> many_steps = allocations(200, 30, validated);
    ASSERT_EQ(few_steps.size(), 200U);
    EXPECT_LE(median(few_steps), validated ? 20 : 13);
    EXPECT_EQ(median(many_steps), median(few_steps));
    // Some epochs let the columns of the history grow.
    EXPECT_LE(*std::max_element(few_steps.begin() + 10, few_steps.end()), median(few_steps) + 16);
    EXPECT_EQ(median({few_steps.end() - 50, few_steps.end()}),
              median({few_steps.begin() + 10, few_steps.begin() + 60}));
  }
}

}  // namespace short_epochs_test
}  // namespace hgq
