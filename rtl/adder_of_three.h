// The contents of the LUTs that add three operands in one carry chain.
//
// Bit i of the sum takes bits a, b, c of the operands (those that are subtracted inverted) and k, the majority of the
// bits below: O6 = a ^ b ^ c ^ k goes into the carry chain beside k, O5 = majority(a, b, c) is the k of the next bit.
// For each operand that is subtracted a 1 is added: the first at the chain's carry in, the second at the lowest k.
#pragma once

#include <cstdint>

namespace hgq::rtl {

/// INIT of LUT6_2 with I0 to I2 = a, b, c, I3 = k, I4 = 0, I5 = 1, for the last `subtracted` of a, b, c inverted.
uint64_t init_of_three(int subtracted);

}  // namespace hgq::rtl
