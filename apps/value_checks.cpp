#include "hgq/apps/value_checks.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "hgq/config/config_scalar.h"
#include "hgq/config/nearest_name.h"
#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// `read` returns whether a text is right.
template <typename Read>
ValueCheck expecting(const std::string& expected, Read read) {
  return [expected, read](const std::string& text) {
    return read(text) ? std::string() : concat("found '", printable(text), "', expected ", expected);
  };
}

}  // namespace

ValueCheck integer_in(int64_t min, int64_t max) {
  return expecting(concat("an integer in [", min, ", ", max, "]"), [min, max](const std::string& text) {
    const auto value = decimal_integer(Node::scalar(text));
    return value && *value >= min && *value <= max;
  });
}

ValueCheck number_above(double min, bool or_equal) {
  return expecting(concat("a number ", or_equal ? "of at least " : "above ", min),
                   [min, or_equal](const std::string& text) {
                     const auto value = decimal_number(Node::scalar(text));
                     return value && (or_equal ? *value >= min : *value > min);
                   });
}

ValueCheck number_in(double min, double max) {
  return expecting(concat("a number in [", min, ", ", max, "]"), [min, max](const std::string& text) {
    const auto value = decimal_number(Node::scalar(text));
    return value && *value >= min && *value <= max;
  });
}

void one_of(CLI::Option& option, const std::vector<std::string>& choices) {
  std::string type;
  for (const std::string& choice : choices) type += (type.empty() ? "" : "|") + choice;
  option.type_name(type);
  option.check(CLI::Validator(
      [choices](std::string& text) {
        if (std::find(choices.begin(), choices.end(), text) != choices.end()) return std::string();
        return concat("found '", printable(text), "', expected one of ", join_names(choices),
                      did_you_mean(text, choices));
      },
      ""));
}

}  // namespace hgq
