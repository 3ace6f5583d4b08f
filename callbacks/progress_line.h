// The text of a line of progress, and how wide it may be.
#pragma once

#include <string>
#include <vector>

namespace hgq {

/// A number for a quick look, with at most four digits: 0.3021, 950, 12.3k, 4.57M, 1.2e-05.
std::string short_number(double value);

/// "42s", "3m05s", "2h07m"; "-" for what is not finite.
std::string short_duration(double seconds);

/// Columns of the terminal that a descriptor is open on, or of COLUMNS where that is smaller; 80 where neither tells.
/// Asked for each line, as a terminal can be resized at any time.
int terminal_columns(int descriptor);

/// As many of the parts, most important first, as fit into `columns` with two blanks between them; a part that does not
/// fit ends the line, so that what is shown does not depend on chance. The first part is always there, cut off if need
/// be. Characters, not bytes, are counted.
std::string fitted(const std::vector<std::string>& parts, int columns);

}  // namespace hgq
