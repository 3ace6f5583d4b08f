// The saved models of a run, from candidates.json, pareto/pareto.csv and summary.json.
#include <algorithm>
#include <filesystem>

#include "hgq/deploy/measured_candidates.h"
#include "hgq/report/comparison.h"

namespace hgq::report {
namespace {

namespace fs = std::filesystem;

ComparedModel measured_model(const Candidate& candidate, int epoch) {
  ComparedModel model{.file = candidate.file, .epoch = epoch, .values = candidate.values(), .is_measured = true};
  model.is_usable = candidate.is_usable();
  model.message = !candidate.refused.empty() ? candidate.refused : candidate.wrong;
  return model;
}

/// The final model, of which the summary tells the metrics on the rows that it was tested on.
ComparedModel final_model(const RunSummary& summary) {
  ComparedModel model{.file = "model.h5", .epoch = static_cast<int>(summary.epochs.value_or(0)), .values = {}};
  const std::string prefix = summary.tested_on == "validation" ? "val_" : summary.tested_on == "test" ? "test_" : "";
  for (const auto& [name, value] : summary.model) model.values.emplace_back(prefix + name, value);
  if (summary.bops) model.values.emplace_back("exact_bops", *summary.bops);
  model.message = !summary.not_exported.empty() ? summary.not_exported : summary.proxy_is_wrong;
  model.is_usable = model.message.empty();
  return model;
}

}  // namespace

std::optional<double> ComparedModel::value(const std::string& name) const { return find_number(values, name); }

std::optional<double> ComparedModel::bops() const {
  const std::optional<double> exact = value("exact_bops");
  return exact ? exact : value("bops");
}

std::vector<ComparedModel> read_compared_models(const std::string& folder, size_t number,
                                                const std::optional<RunSummary>& summary) {
  std::vector<ComparedModel> models;
  const fs::path path(folder);
  const std::vector<Candidate> measured = read_candidates(folder);
  const auto find = [&](const std::string& file) { return std::ranges::find(measured, file, &Candidate::file); };
  if (fs::exists(path / "pareto" / "pareto.csv")) {
    const RunFront front = read_front((path / "pareto" / "pareto.csv").string());
    for (const FrontPoint& point : front.points) {
      const std::string file = "pareto/" + point.file;
      if (const auto found = find(file); found != measured.end()) {
        models.push_back(measured_model(*found, point.epoch));
        continue;
      }
      ComparedModel model{.file = file, .epoch = point.epoch, .values = {}};
      for (size_t i = 0; i < std::min(point.values.size(), front.metrics.size()); ++i)
        model.values.emplace_back(front.metrics[i], point.values[i]);
      models.push_back(std::move(model));
    }
  }
  if (const auto found = find("model.h5"); found != measured.end()) {
    models.push_back(measured_model(*found, summary ? static_cast<int>(summary->epochs.value_or(0)) : found->epoch));
  } else if (summary) {
    models.push_back(final_model(*summary));
  }
  for (ComparedModel& model : models) model.run = number;
  return models;
}

}  // namespace hgq::report
