// Speed of training and prediction; `bench_train --list` explains the names.
//
// The batches are taken in the order of the set, as in the benchmark of Python HGQ; the data are made before the time
// is measured.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

#include "hgq/apps/bench/profile_steps.h"
#include "hgq/apps/bench/workloads.h"
#include "hgq/layers/predict.h"
#include "hgq/optim/optimizers.h"
#include "hgq/optim/train_step.h"

namespace {

void train(benchmark::State& state, const std::string& name, int64_t batch_size) {
  hgq::Workload w = hgq::make_workload(name, name == "small" ? 704 * batch_size : 4 * batch_size);
  hgq::Adam adam(w.adam);
  hgq::Workers workers;
  hgq::TrainStep step(w.model, {.losses = {w.loss}, .weights = {}, .metrics = {}}, adam, workers);
  hgq::Batches batches(*w.data, batch_size, &workers);
  int64_t index = 0;
  for (int warm = 0; warm < 3; ++warm) step.run(batches[warm % batches.size()]);
  for (auto _ : state) {
    benchmark::DoNotOptimize(step.run(batches[index]));
    index = (index + 1) % batches.size();
  }
  state.SetItemsProcessed(state.iterations() * batch_size);
  state.counters["threads"] = workers.size();
  state.counters["buffers_MB"] = static_cast<double>(step.computation().executor().bytes()) * 1e-6;
}

void predict(benchmark::State& state, const std::string& name, int64_t batch_size) {
  hgq::Workload w = hgq::make_workload(name, batch_size);
  hgq::Workers workers;
  hgq::Predictor predictor(w.model, workers);
  std::vector<hgq::ConstTensorView> x;
  for (size_t i = 0; i < w.model.inputs().size(); ++i) x.push_back(w.data->values()[i].view());
  for (auto _ : state) {
    predictor.run_block(x);
    benchmark::DoNotOptimize(predictor.output(0).data);
  }
  state.SetItemsProcessed(state.iterations() * batch_size);
}

// The time to the first step: making the model, the plan and the matrix products.
void start(benchmark::State& state, const std::string& name, int64_t batch_size) {
  for (auto _ : state) {
    hgq::Workload w = hgq::make_workload(name, batch_size);
    hgq::Adam adam(w.adam);
    hgq::Workers workers;
    hgq::TrainStep step(w.model, {.losses = {w.loss}, .weights = {}, .metrics = {}}, adam, workers);
    hgq::Batches batches(*w.data, batch_size);
    benchmark::DoNotOptimize(step.run(batches[0]));
  }
}

struct Case {
  const char* workload;
  int64_t batch;
};
constexpr Case kCases[] = {{"jsc", 1024},  {"jsc", 33200}, {"small", 128}, {"svhn", 512},
                           {"svhn", 2048}, {"tgc", 16384}, {"mixer", 512}};

constexpr std::string_view kHelp = R"(bench_train: the speed of training and prediction on this machine

  train/WORKLOAD/BATCH     a step of training: forward, backward, update; items are samples
  predict/WORKLOAD/BATCH   prediction of a batch; items are samples
  start/WORKLOAD/BATCH     from nothing to the first step: model, data, plan, matrix products

  --profile [WORKLOAD ...]  instead: where the time of a step goes, on one thread and on all; as `train` above
  --profile-json [WORKLOAD ...]  the same as JSON

The workloads are published networks; their data are random:
)";

/// The meaning of the names, for --help and --list.
void print_names() {
  std::cout << kHelp;
  for (const auto& [name, doc] : hgq::workload_docs())
    std::cout << "  " << name << std::string(8 - name.size(), ' ') << doc << "\n";
  std::cout << "\nThe benchmarks:\n";
  for (const Case& c : kCases) {
    for (const char* const what : {"train", "predict", "start"})
      std::cout << "  " << what << "/" << c.workload << "/" << c.batch << "\n";
  }
  std::cout << "\nOMP_NUM_THREADS sets the threads, else all processors. Some of them: --benchmark_filter=train/jsc\n";
}

/// Steps of these workloads, of all if none is named, one after another on one thread and on all, for two seconds each.
void profile(std::span<char* const> workloads, bool as_json) {
  nlohmann::json all_of_them = nlohmann::json::array();
  for (const Case& c : kCases) {
    const std::string name = std::string(c.workload) + "/" + std::to_string(c.batch);
    const auto is_meant = [&](const char* word) { return c.workload == std::string_view(word) || name == word; };
    if (!workloads.empty() && std::ranges::none_of(workloads, is_meant)) continue;
    const int all = hgq::default_threads();
    for (int threads = 1; threads <= all; threads += std::max(all - 1, 1)) {
      const hgq::ProfileSummary summary = hgq::profile_steps(c.workload, c.batch, threads, 2);
      if (as_json) {
        all_of_them.push_back(to_json(summary));
        all_of_them.back()["benchmark"] = "train/" + name;
      } else {
        std::cout << "train/" << name << ": " << describe(summary) << "\n";
      }
    }
  }
  if (as_json) std::cout << all_of_them.dump(1) << "\n";
}

}  // namespace

int main(int argc, char** argv) try {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--profile" || word == "--profile-json") {
      profile(std::span(argv + i + 1, static_cast<size_t>(argc - i - 1)), word == "--profile-json");
      return 0;
    }
    if (word != "--help" && word != "-h" && word != "--list") continue;
    print_names();
    return 0;
  }
  for (const Case& c : kCases) {
    const std::string suffix = std::string(c.workload) + "/" + std::to_string(c.batch);
    benchmark::RegisterBenchmark(("train/" + suffix).c_str(), [c](benchmark::State& s) {
      train(s, c.workload, c.batch);
    })->UseRealTime();
    benchmark::RegisterBenchmark(("predict/" + suffix).c_str(), [c](benchmark::State& s) {
      predict(s, c.workload, c.batch);
    })->UseRealTime();
    benchmark::RegisterBenchmark(("start/" + suffix).c_str(), [c](benchmark::State& s) {
      start(s, c.workload, c.batch);
    })->UseRealTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
} catch (const std::exception& e) {
  std::fprintf(stderr, "bench_train: %s\n", e.what());
  return 1;
}
