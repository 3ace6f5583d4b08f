// Arrays as a command line names them: --inputs, --targets, --sample-weights.
//
//   x                      a dataset, an array of an NPZ file, a column
//   a,b,c   0:36   0:3,7   columns of a CSV file
//   table[pt,eta]          columns of an HDF5 table
//   y.npy                  the one array of another file
//   y.h5:labels   y.csv:0,2    an array of another file
//   muon=x1,mask=m.npy     the same by layer
//
// What --data has under a name goes before a file of this name.
#pragma once

#include <string>
#include <vector>

#include "hgq/data/loaders.h"

namespace hgq {

/// `data`: the file of --data, nullptr where there is none. `option` begins messages: "--inputs". Throws ConfigError
/// where the text has not this form, or names a file where there is none.
std::vector<NamedArray> parse_arrays(const std::string& text, const DataFile* data, const std::string& option);

}  // namespace hgq
