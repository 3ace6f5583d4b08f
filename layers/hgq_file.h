// Model files: the HDF5 layout that Python HGQ 0.2.6 saves and opens (proxy-format.md 2), and a group `hgq` with
// what Keras does not know.
//
//   save_model(model, "model.h5");
//   Model again = load_model("model.h5");                  // ours, or one that Python HGQ saved
//
// The group `hgq` holds every parameter and state as it is in memory, ranges included (`weights/0` ..., names in an
// attribute), which layers have a beta of their own, a checksum of the file's contents, and what the caller adds.
// Beside it the weights stand as Python HGQ wants them: its batch norm adds the bias behind, so there the bias is 0 and
// the moving mean is m - b, which is the same function (quantization.md 2.3). A file without the group is taken as
// Python's own.
#pragma once

#include <string>
#include <vector>

#include "hgq/data/keras_file.h"
#include "hgq/layers/model.h"
#include "hgq/layers/python_import.h"

namespace hgq {

/// The file for `path`, not yet written. `write_hgq` adds to the group `hgq`.
h5::File make_model_file(const Model& model, const std::string& path, const WriteGroup& write_hgq = {});

/// Writes the file whole or not at all.
void save_model(const Model& model, const std::string& path, const WriteGroup& write_hgq = {});

/// What of a model Python HGQ cannot open, a line each: layers that are called twice, functions and constraints that
/// Keras 2.15 does not know, causal padding, strides with a dilation. The file is right all the same, and ours reads
/// it.
std::vector<std::string> what_python_cannot_open(const Model& model);

/// Throws FileError for a file that is no such model, is damaged (checksum), or has a layer or function that is not
/// known; ConfigError for formulas in `import` that no layer takes. `notes` gets what had to be guessed, a line each.
Model load_model(const std::string& path, const ReadGroup& read_hgq = {}, const LayerDefaults& defaults = {},
                 const ImportOptions& import = {}, std::vector<std::string>* notes = nullptr);

/// The same from what Keras knows of a file, as for one that Python HGQ saved.
Model model_from_keras(const KerasFile& file, const LayerDefaults& defaults = {}, const ImportOptions& import = {},
                       std::vector<std::string>* notes = nullptr);

}  // namespace hgq
