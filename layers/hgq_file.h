// Model files: the HDF5 layout that Python HGQ 0.2.6 saves and opens (proxy-format.md 2), with a group `hgq` for what
// Keras does not know.
//
//   save_model(model, "model.h5");
//   Model again = load_model("model.h5");                  // ours, or one that Python HGQ saved
//
// The group `hgq` holds every parameter and state as it is in memory, ranges included (`weights/0` and so on, names in
// an attribute), which layers have a beta of their own, a checksum of the contents of the file, and what the caller
// adds. The rest of the file has the weights as Python HGQ expects them: it adds the bias after its batch norm, so
// there the bias is 0 and the moving mean is m - b, which is the same function (quantization.md 2.3). A file without
// the group is read as one of Python HGQ.
#pragma once

#include <string>
#include <vector>

#include "hgq/data/keras_file.h"
#include "hgq/layers/model.h"
#include "hgq/layers/python_import.h"

namespace hgq {

/// The contents of the file that save_model() writes, in memory. `write_hgq` adds to the group `hgq`.
h5::File make_model_file(const Model& model, const std::string& path, const WriteGroup& write_hgq = {});

/// Writes the file whole or not at all. Throws RunError if the disk fails.
void save_model(const Model& model, const std::string& path, const WriteGroup& write_hgq = {});

/// Why Python HGQ cannot open the file of a model, a line for each reason: layers that are called twice, functions and
/// constraints that Keras 2.15 does not know, causal padding, strides together with a dilation. load_model() reads the
/// file nevertheless.
std::vector<std::string> what_python_cannot_open(const Model& model);

/// Reads a model. `notes`, if given, receives a line for everything that had to be guessed. Throws FileError if the
/// file is no such model, is damaged, or has an unknown layer or function; ConfigError if no layer uses a formula of
/// `import`.
Model load_model(const std::string& path, const ReadGroup& read_hgq = {}, const LayerDefaults& defaults = {},
                 const ImportOptions& import = {}, std::vector<std::string>* notes = nullptr);

/// The same from a file of Python HGQ that has been read; a group `hgq` is not used.
Model model_from_keras(const KerasFile& file, const LayerDefaults& defaults = {}, const ImportOptions& import = {},
                       std::vector<std::string>* notes = nullptr);

}  // namespace hgq
