// Arrays as the options of a command line name them: --inputs, --targets, --sample-weights.
//
//   x                      a dataset, an array of an NPZ file, a column
//   a,b,c   0:36   0:3,7   columns of a CSV file
//   table[pt,eta]          columns of an HDF5 dataset with a compound type
//   y.npy                  the only array of another file
//   y.h5:labels   y.csv:0,2    an array of another file
//   muon=x1,mask=m.npy     the same for named layers
//
// If --data contains an array of a name, the name means that array, even if there is a file of this name.
#pragma once

#include <string>
#include <vector>

#include "hgq/data/loaders.h"

namespace hgq {

/// `data` is the file of --data; nullptr if it is not given. Messages begin with `option`, such as "--inputs". Throws
/// ConfigError if the text does not have this form, or names a file that does not exist.
std::vector<NamedArray> parse_arrays(const std::string& text, const DataFile* data, const std::string& option);

}  // namespace hgq
