// A path in a command that a message tells, so that the command can be copied into a shell.
//
//   "'hgq-train show " + shell_word("my run") + "' prints it"     'hgq-train show "my run"' prints it
#pragma once

#include <string>
#include <string_view>

namespace hgq {

/// The text as one word for the shell: as it is if nothing in it means anything to a shell, otherwise in quotes.
std::string shell_word(std::string_view text);

}  // namespace hgq
