// One case of the golden data (tests/golden/layers/README.md) and what a family's runner says of it.
//
//   Outcome run_quantizer_case(const GoldenCase& c);      // computes everything and compares with the stored numbers
//
// A runner puts what it computed into a Comparison by the name of the stored dataset. The comparison knows which
// datasets are exact and which tolerance the others have; at the end every stored result must have been met by a
// computed one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "hgq/core/tensor.h"
#include "hgq/data/h5.h"
#include "hgq/layers/model.h"

namespace hgq::golden {

struct GoldenCase {
  std::string family, name;
  nlohmann::json config;  // defaults filled in
  std::map<std::string, Tensor> data;

  bool has(const std::string& path) const { return data.contains(path); }
  const Tensor& at(const std::string& path) const;
};

/// The cases of a family, in one file.
class GoldenFile {
 public:
  GoldenFile(const std::string& folder, std::string family);
  /// Sorted.
  std::vector<std::string> names() const { return file_.names(); }
  GoldenCase read(const std::string& name) const;

 private:
  std::string family_;
  h5::File file_;
  nlohmann::json defaults_;
};

/// How far a dataset may be off: not at all, or `tolerance` times the largest entry, `floor` at least.
struct Rule {
  bool exact = false;
  double tolerance = 1e-5;
  double floor = 0;
};

class Comparison {
 public:
  using RuleFor = std::function<Rule(const std::string& dataset)>;
  /// `prefixes`: datasets that must be computed.
  Comparison(const GoldenCase& c, std::span<const std::string> prefixes, RuleFor rule);

  /// A leading 1 in either shape is no difference. Datasets that are not stored are left alone.
  void add(const std::string& dataset, const Shape& shape, std::span<const float> values);
  void add(const std::string& dataset, ConstTensorView view) { add(dataset, view.shape, view.values()); }
  void add(const std::string& dataset, double scalar);
  /// A fact that is no dataset.
  void expect(bool fact, const std::string& message);
  /// Differences, one line each, those for results that nobody computed too.
  std::vector<std::string> differences() const;

 private:
  const GoldenCase& case_;
  RuleFor rule_;
  std::map<std::string, bool> met_;
  std::vector<std::string> lines_;
};

/// The same numbers must come out however a batch is cut.
struct Cut {
  int64_t largest_chunk = 512;
  int threads = 1;
};
inline constexpr Cut kCuts[] = {{512, 1}, {2, 2}};

/// The layers of a case's config; parameters and states set from `params/`. `defaults_for` of functions holds the
/// user's own.
Model make_model(const GoldenCase& c);
void set_values(Model& model, const GoldenCase& c);
/// nullptr where there is none of that name.
Parameter* find_parameter(const Model& model, const std::string& name);
State* find_state(const Model& model, const std::string& name);
QuantizerConfig quantizer_config(const nlohmann::json& json);
/// Whether any quantizer of the case trains with scale 2^f, f not rounded.
bool trains_with_power(const nlohmann::json& config);

std::vector<std::string> run_model_case(const GoldenCase& c);
std::vector<std::string> run_quantizer_case(const GoldenCase& c);
std::vector<std::string> run_bits_case(const GoldenCase& c);
std::vector<std::string> run_training_case(const GoldenCase& c);
std::vector<std::string> run_optimizer_case(const GoldenCase& c);

/// {"type": T, ...} as {T: {...}}, inner ones too: how our configs name optimizers and schedules.
nlohmann::json named(const nlohmann::json& typed);

}  // namespace hgq::golden
