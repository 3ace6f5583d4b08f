// From layer specs to the flat entries of a Model: names, graphs, shared layers, nested models (declared in model.h).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "hgq/layers/model.h"

namespace hgq {

/// More calls of layers than this are refused: a few nested models that call each other twice would be without end.
inline constexpr size_t kMaxCalls = 8192;

/// A row's values in all layers together: more are refused before memory is taken for them.
inline constexpr int64_t kMaxRowValues = int64_t{1} << 25U;

/// Makes the entries one by one; stops at the first that does not fit, as nothing behind it has a shape.
class ModelMaker {
 public:
  /// All must outlive it.
  ModelMaker(std::span<const LayerSpec> specs, const Model::Options& options, ErrorList& errors);

  void run();
  /// The entry of an output by its name in `model.outputs`; -1 after an error.
  int output(const std::string& name);

  bool broken() const { return broken_; }
  std::vector<Model::Entry> entries;
  std::vector<int> inputs;

 private:
  /// What a name stands for in its scope: an input, a layer that was called, a nested model.
  struct Call {
    struct Output {
      std::string name;  // of the layer inside; of a layer: its own
      int entry = -1;
    };
    const LayerSpec* spec = nullptr;
    std::string name;
    std::vector<Output> outputs;
    std::vector<Call> inner;  // of a nested model: of each of its specs
  };
  /// The model, or a nested one.
  struct Scope {
    std::string path;        // "encoder/", in front of its layers' names
    std::vector<int> given;  // of a nested model: the entries that stand for its inputs
    size_t next_input = 0;   // of these
    std::vector<Call> calls;
    bool nested = false;
  };

  /// Adds what `spec` says to the scope. Name and inputs are those of `call`: the spec itself, or a Shared; then
  /// `again` is the first call.
  bool add(const LayerSpec& spec, const LayerSpec& call, Scope& scope, const Call* again);
  bool add_input(const LayerSpec& spec, Scope& scope);
  bool add_nested_input(const LayerSpec& spec, Scope& scope);
  bool add_layer(const LayerSpec& spec, const LayerSpec& call, Scope& scope, const Call* again);
  bool add_shared(const LayerSpec& spec, Scope& scope);
  bool add_nested(const LayerSpec& spec, const LayerSpec& call, Scope& scope, const Call* again);
  bool add_outputs(const LayerSpec& spec, const Scope& inside, Call& call);
  bool build(const LayerSpec& spec, Model::Entry& entry);
  /// Adds the entry's values to those of a row; fails where they become too many.
  bool count_values(const LayerSpec& spec, const Model::Entry& entry);
  bool share(const LayerSpec& call, const Call& again, Model::Entry& entry);
  std::optional<std::vector<int>> read_inputs(const LayerSpec& call, Scope& scope);
  std::optional<int> resolve(const std::string& name, const Scope& scope, const LayerSpec& reader);
  static const Call* find(const std::string& name, const Scope& scope);
  static std::vector<std::string> names_in(const Scope& scope);
  /// The name, with _0, _1 ... where it is taken or the model itself gives it.
  std::string flat_name(const std::string& name);
  /// The name that the call gives, else the base, numbered as Keras does.
  std::optional<std::string> name_in(const Scope& scope, const LayerSpec& call, const std::string& base);
  void append(Model::Entry entry);
  bool fail(const LayerSpec& spec, const std::string& message);

  std::span<const LayerSpec> specs_;
  const Model::Options& options_;
  ErrorList& errors_;
  BuildOptions build_options_;  // of the next layer: fewer values with every weight
  int64_t row_values_ = 0;
  Scope top_;
  std::set<std::string> reserved_;  // names given in the model itself, which nested layers leave alone
  std::set<std::string> taken_;
  std::map<std::string, int> next_number_;
  size_t calls_ = 0;
  int depth_ = 0;
  bool broken_ = false;
};

}  // namespace hgq
