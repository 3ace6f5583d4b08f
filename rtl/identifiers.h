// Names that Verilog, SystemVerilog and VHDL all accept, each given only once.
//
// Letters, digits and single underscores, a letter first, none at the end, no keyword of any of the languages, and
// no two that differ only in the case of letters, which VHDL does not tell apart.
//
//   rtl::NamePool names;
//   names.take("dense (2)");      // dense_2
//   names.take("Dense__2");       // Dense_2_2, as dense_2 is taken
//   names.take("buffer");         // buffer_2, as it is a keyword
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>

namespace hgq::rtl {

/// The name with other characters replaced by underscores, cut after `most` characters; `n` before it if no letter is
/// first.
std::string identifier_of(std::string_view name, size_t most = 200);

class NamePool {
 public:
  /// The identifier of this name, with a number behind it if it is taken or reserved.
  std::string take(std::string_view name);

 private:
  std::unordered_set<std::string> taken_;  // in lower case
};

}  // namespace hgq::rtl
