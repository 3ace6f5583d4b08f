// What a layer owes to the model that it stands in. hgq's own layers keep it; a program's own may forget a line, and
// would then lose weights without a word.
#pragma once

#include "hgq/layers/model.h"

namespace hgq {

/// Checks the layers of a model that was just recorded on `tape`. Throws ConfigError, with the layer, if
///   - a parameter or state on the tape is not among parameters() or states() of a layer: it would not be trained, nor
///     be in a checkpoint;
///   - a parameter is not among file_weights(): it would not be in model.h5;
///   - the value of a layer is none per row, or has not the shape that its build() gave.
void check_layers(const Model& model, const Tape& tape, const ModelRecording& recording);

}  // namespace hgq
