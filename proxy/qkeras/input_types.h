// Fixed-point types that a user gives for the inputs of a model, with `import --input-bits`:
//
//   ap_fixed<16,6>                     1 sign, 16 bits, 6 of them before the point (the sign among them)
//   ap_ufixed<8,0>                     no sign
//   ap_fixed<16,6,AP_RND,AP_SAT>       with rounding and overflow; AP_TRN and AP_WRAP if not given, as in HLS
//   1,16,6                             the same as ap_fixed<16,6>: sign, bits, bits before the point
//   NAME=TYPE                          of one input; a type without a name is that of all others
#pragma once

#include <map>
#include <string>
#include <vector>

#include "hgq/core/fixed_point.h"

namespace hgq {

struct InputType {
  Kbi type;
  Rounding rounding = Rounding::kTrn;
  Overflow overflow = Overflow::kWrap;
};

/// The types by the name of the input; "" stands for all inputs that are not named.
using InputTypes = std::map<std::string, InputType>;

/// Throws ConfigError, with a message that begins with "--input-bits TEXT", for text in another form, types without
/// bits or with too many, and an input that is given twice.
InputTypes read_input_types(const std::vector<std::string>& texts);

}  // namespace hgq
