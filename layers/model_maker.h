// Builds the layers of a graph (layers/layer_graph.h) one by one, and makes the flat entries of a Model of them, those
// of nested models and of further calls included.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hgq/layers/layer_graph.h"
#include "hgq/layers/model.h"

namespace hgq {

/// More calls of layers than this are refused: a few nested models that call each other twice would be without end.
inline constexpr size_t kMaxCalls = 8192;

/// A row's values in all layers together: more are refused before memory is taken for them.
inline constexpr int64_t kMaxRowValues = int64_t{1} << 25U;

/// A layer that cannot be built, and those that read it, have no entry; the keys of all are checked nevertheless, and
/// layers that do not depend on it are built, so that a user sees all errors at once.
class ModelMaker {
 public:
  /// All must outlive it.
  ModelMaker(const LayerGraph& graph, const Model::Options& options, ErrorList& errors);

  /// Fills in `entries`, `inputs` and `outputs`, which must not be used after an error.
  void run();

  std::vector<Model::Entry> entries;
  std::vector<int> inputs, outputs;

 private:
  /// The index of an entry; nothing if it could not be built.
  using EntryIndex = std::optional<int>;

  /// What a layer of a graph has become.
  struct Call {
    std::vector<EntryIndex> outputs;
    std::vector<Call> inside;  // of a nested model: of each of its layers
  };
  /// The model, or a nested one.
  struct Scope {
    const LayerGraph& graph;
    std::string path;               // "encoder/", in front of the names of its layers
    std::vector<EntryIndex> given;  // of a nested model: what stands for its inputs
    std::vector<Call> calls;        // of its layers, so far
    bool nested = false;
  };

  /// Makes all calls of the scope. `again`: those of the first call of the nested model; nullptr if this is the first.
  void make_calls(Scope& scope, const std::vector<Call>* again);
  /// Whether another call is within the limit.
  bool count_call(const LayerNode& node);
  EntryIndex add_input(const LayerNode& node);
  EntryIndex given_input(const LayerNode& node, const Scope& scope, size_t number);
  /// `owner`: the layer that the node calls, itself unless it is a Shared. `again`: the first call.
  EntryIndex add_layer(const LayerNode& node, const LayerNode& owner, const Scope& scope, const Call* again);
  Call add_nested(const LayerNode& node, const LayerNode& owner, const Scope& scope, const Call* again);
  bool build(const LayerNode& node, Model::Entry& entry);
  bool share(const LayerNode& node, int first_call, Model::Entry& entry);
  /// Adds the entry's values to those of a row; fails where they become too many.
  bool count_values(const LayerNode& node, const Model::Entry& entry);
  static std::vector<EntryIndex> read(const LayerNode& node, const Scope& scope);
  /// The name; in a nested model with _0, _1 ... if it is taken or the model itself gives it.
  std::string flat_name(const std::string& name, const Scope& scope);
  int append(Model::Entry entry);
  bool fail(const LayerNode& node, const std::string& message);

  const LayerGraph& graph_;
  const Model::Options& options_;
  ErrorList& errors_;
  BuildOptions build_options_;  // of the next layer: fewer values with every weight
  int64_t row_values_ = 0;
  std::set<std::string> reserved_;  // names of the model itself, which nested layers leave alone
  std::set<std::string> taken_;
  std::map<std::string, int> next_number_;
  size_t calls_ = 0;
};

}  // namespace hgq
