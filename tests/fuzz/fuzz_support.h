// What the fuzzing targets share. A target defines LLVMFuzzerTestOneInput and feeds one parser of the project with the
// bytes it is given: the parser must return, or throw an hgq::Error. Any other exception, a crash, a sanitizer's
// report, too much time or memory is a finding; the input that shows it goes into corpus/TARGET once it is mended.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "hgq/core/error.h"
#include "hgq/data/row_source.h"

namespace hgq::fuzz {

/// The input, in a file that is there as long as this process, in memory where the machine has such a folder.
std::string input_file(const uint8_t* data, size_t size, const std::string& extension);

/// Another path beside it, for what a command writes.
std::string output_file(const std::string& extension);

/// Reads all rows of a source piece by piece, as datasets do. Stops after a million values.
void read_all(const RowSource& source);

/// Errors that the project reports are what is wanted.
template <typename Action>
void attempt(const Action& action) {
  try {
    action();
  } catch (const Error&) {
  }
}

}  // namespace hgq::fuzz
