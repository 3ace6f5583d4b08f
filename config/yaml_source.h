// The text of a YAML file before and beside yaml-cpp: its lines, what of it is no text at all, and places for messages.
//
// yaml-cpp counts lines and bytes from 0, guesses encodings, takes a byte 4 for the end of the file, and accepts some
// tabs as spaces; people count from 1, in characters, and want to be told.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/config/node.h"

namespace hgq {

class YamlSource {
 public:
  /// `text` must outlive the source. A byte order mark at its front is left out.
  YamlSource(std::string_view text, std::string file);

  std::string_view text() const { return text_; }
  const std::string& file() const { return file_; }
  /// Where each line starts, in bytes.
  const std::vector<std::size_t>& lines() const { return lines_; }

  /// The byte at a line and column as yaml-cpp counts them (from 0, in bytes); the end of the text for negative ones.
  std::size_t offset(int line, int column) const;
  /// The line, from 0, that holds a byte.
  std::size_t line_of(std::size_t offset) const;
  /// "FILE:LINE:COL", from 1, the column in characters.
  std::string place(std::size_t offset) const;

 private:
  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> lines_;
  mutable std::size_t last_offset_ = 0;  // the place asked for last
  mutable std::size_t last_column_ = 1;
};

/// Refuses what is not text in UTF-8: other encodings, control characters, an HDF5 file. False after an error.
bool check_text(const YamlSource& source, ErrorList& errors);

/// Refuses tabs in the indentation of a line. False after an error.
bool check_tabs(const YamlSource& source, ErrorList& errors);

/// The quote that closes the one at `at` (an escaped one does not), npos where none does.
std::size_t end_of_quote(std::string_view text, std::size_t at);

/// The quote at or behind `from` that is never closed. Text behind a `#` is a comment; a quote within a word is part of
/// it.
std::optional<std::size_t> open_quote(std::string_view text, std::size_t from);

}  // namespace hgq
