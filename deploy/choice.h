// Which of several models to build: those that no other one beats, and the best within a budget.
//
//   const std::vector<Candidate> candidates;                                  // one for each saved model
//   const Choice best = choose(candidates, {.best = "val_accuracy", .bounds = {{.name = "luts", .limit = 3000}}});
//   std::puts(candidates[best.index].file.c_str());
//
// Names are those of Candidate::values(). A choice is made by the validation rows, never by the test rows: numbers by
// which a model was chosen say too much of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hgq/deploy/candidate.h"

namespace hgq {

/// Whether more of it is better: accuracies, AUC, precision, recall, F1 and top-k; less of everything else.
bool larger_is_better(std::string_view metric);

/// A number by which models are compared.
struct Aim {
  std::string name;
  bool largest = false;

  /// Reads "val_accuracy", or "max:NAME" and "min:NAME" where the name does not tell. Throws ConfigError.
  static Aim from(const std::string& text);
};

struct Bound {
  std::string name;
  double limit = 0;
  bool at_least = false;  // otherwise at most

  /// Reads "luts=3000". Throws ConfigError.
  static Bound from(const std::string& text, bool at_least);
};

/// Throws ConfigError, with the names that there are, unless one of the candidates has a number of this name.
void expect_number(const std::vector<Candidate>& candidates, const std::string& name);

/// The models that can be built and that no other one beats in all aims, by falling quality of the first aim. A model
/// without one of the numbers is not among them; of equal models the first is.
std::vector<size_t> front_of(const std::vector<Candidate>& candidates, const std::vector<Aim>& aims);

struct Wish {
  std::string best = "val_accuracy";  // as Aim::from()
  std::vector<Bound> bounds;
};
struct Choice {
  size_t index = 0;
  size_t within = 0;  // how many models can be built and are within all bounds
};
/// The best model that can be built and is within the bounds; of equal ones that of the fewest LUTs, then of the fewest
/// exact BOPs, then the first. Throws ConfigError if a name is not known, or that of a test metric, or if no model is
/// within the bounds: the message says which comes nearest.
Choice choose(const std::vector<Candidate>& candidates, const Wish& wish);

}  // namespace hgq
