// Checks of the values on a command line, with messages of our own.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): it is CLI11's
class Option;
}

namespace hgq {

/// What is wrong with a value, before it is converted; empty where nothing is.
using ValueCheck = std::function<std::string(const std::string& text)>;

ValueCheck integer_in(int64_t min, int64_t max);
ValueCheck number_above(double min, bool or_equal);
/// One of few values; they stand in the help and are completed.
void one_of(CLI::Option& option, const std::vector<std::string>& choices);

}  // namespace hgq
