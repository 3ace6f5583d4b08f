// The key model.weights of a config: a model whose weights a run begins with.
//
//   model:
//     weights: ../first/model.h5                            # of hgq or of Python HGQ; a checkpoint, too
//     weights: {file: ../first/model.h5, scaling: fit}      # with the inputs scaled anew
#pragma once

#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"
#include "hgq/data/data_sets.h"
#include "hgq/deploy/registry.h"
#include "hgq/deploy/warm_start.h"
#include "hgq/layers/model.h"

namespace hgq {

struct ModelWeights {
  std::string file;          // relative to the working folder, or absolute; empty: the weights are new
  bool keep_scaling = true;  // inputs and targets are scaled as those of the file were; otherwise as `data` says
};

/// Reads the key; relative paths start from `folder`.
ModelWeights read_model_weights(const Node& node, const std::string& folder, ErrorList& errors,
                                std::vector<KeyDoc>* docs);
/// The key with an absolute path.
Node to_node(const ModelWeights& weights);

/// What the file says about its data.
struct DataOfWeights {
  std::vector<Scaling> scaling;         // of each input of the model
  std::vector<Scaling> target_scaling;  // of each output of the file, if it has as many as the model; or none
  std::vector<ClassMap> classes;        // of each output of the file
  std::vector<NamedArray> inputs;       // the arrays of its training set
};

/// Loads the weights into the model, and says in `notes` and `warnings` what was found and what was not. Throws
/// FileError, ConfigError or ShapeError.
DataOfWeights load_model_weights(const ModelWeights& weights, const Registry& registry, Model& model,
                                 std::vector<std::string>& notes, std::vector<std::string>& warnings);

/// Lines about how the data of a run differ from those with which the weights were trained.
std::vector<std::string> changed_data(const ModelWeights& weights, const DataOfWeights& before, const DataSets& now);

/// A line for each input that was made of other columns or arrays in the training of a file; `key` opens the lines.
std::vector<std::string> changed_inputs(const std::string& key, const std::vector<NamedArray>& before,
                                        const std::vector<NamedArray>& now);

/// Loss and metrics on the validation rows, or without them on the training rows: "val_loss 0.35, val_accuracy 0.86".
std::string evaluation_text(Model& model, const Objective& objective, const DataSets& sets, Workers& workers);

}  // namespace hgq
