// Checks of the values on a command line, with messages in our form.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): it is CLI11's
class Option;
}

namespace hgq {

/// The error of a value, before it is converted; empty if the value is right.
using ValueCheck = std::function<std::string(const std::string& text)>;

ValueCheck integer_in(int64_t min, int64_t max);
ValueCheck number_above(double min, bool or_equal);
ValueCheck number_in(double min, double max);
/// One of a few values, which the help lists and the shell completes.
void one_of(CLI::Option& option, const std::vector<std::string>& choices);

}  // namespace hgq
