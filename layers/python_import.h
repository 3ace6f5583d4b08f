// What a model file of Python HGQ does not hold, and its user tells us: formulas for functions that are Python code,
// and the epsilon of batch norms (proxy-format.md 2).
//
//   Model model = load_model("python.h5", {}, {}, {.functions = {{"bump", "exp(-x*x)"}}, .epsilon = 0.01});
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "hgq/layers/model.h"

namespace hgq {

struct ImportOptions {
  /// Formulas in x (or names of functions that are known here), by the name of a function or of a layer; a lambda has
  /// no name but that of its layer.
  std::map<std::string, std::string> functions{};
  std::optional<double> epsilon{};
};

/// The name of a function as Keras writes it: "tanh", "package>bump" without the package, or a map with that in it.
/// "<lambda>" for a lambda of Python; empty where it is none of these.
std::string keras_function_name(const Node& activation);

/// Completes layers as they are read.
class ImportedLayers {
 public:
  explicit ImportedLayers(const ImportOptions& options) : options_(options) {}
  void complete(LayerSpec& layer);
  /// Throws ConfigError for formulas that no layer has taken; `file` opens the message.
  void check_all_taken(const std::string& file) const;
  /// Batch norms whose epsilon is a guess.
  const std::set<std::string>& guessed_epsilon() const { return guessed_epsilon_; }
  /// Constraints, regularizers and initializers that are Python code: "kernel_constraint 'Diag' of layer 'dense'". They
  /// are taken out, as nothing but training on needs them.
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  void leave_out_python(Node& keys, const std::string& layer);

  const ImportOptions& options_;
  std::set<std::string> functions_, taken_, guessed_epsilon_;
  std::vector<std::string> left_out_;
};

}  // namespace hgq
