#include "hgq/apps/bench/profile_steps.h"

#include "hgq/apps/bench/workloads.h"
#include "hgq/autograd/plan_profile.h"
#include "hgq/core/clock.h"
#include "hgq/optim/optimizers.h"
#include "hgq/optim/train_step.h"

namespace hgq {

ProfileSummary profile_steps(const std::string& workload, int64_t batch_size, int threads, double seconds) {
  Workload w = make_workload(workload, 4 * batch_size);
  Adam adam(w.adam);
  Workers workers(threads);
  Profile profile;
  workers.set_profile(&profile);
  TrainStep step(w.model, {.losses = {w.loss}, .weights = {}, .metrics = {}}, adam, workers);
  Batches batches(*w.data, batch_size, &workers);
  for (int warm = 0; warm < 3; ++warm) step.run(batches[warm % batches.size()]);
  int64_t steps = 0;
  profile.start();
  for (const double begin = seconds_now(); seconds_now() - begin < seconds; ++steps)
    step.run(batches[steps % batches.size()]);
  profile.stop();
  ProfileSummary summary = summarize(profile, measure_machine(workers), workers.size());
  const Executor& executor = step.computation().executor();
  double products = 0;
  for (const auto& [product, times] : products_of(executor.plan(), executor.chunks()))
    products += product_seconds(product, workers) * static_cast<double>(times);
  summary.product_share = products / workers.size() * static_cast<double>(steps) / summary.seconds;
  return summary;
}

}  // namespace hgq
