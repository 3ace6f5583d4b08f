// The text of a YAML file: its lines, places for messages, and checks that yaml-cpp does not make.
//
// yaml-cpp counts lines and bytes from 0, guesses encodings, takes a byte 4 for the end of the file, and accepts some
// tabs as spaces. Messages count lines and characters from 1, and everything that is not plain UTF-8 text without tabs
// in the indentation is an error.
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
  /// `text` must outlive the source. A byte order mark at its beginning is left out.
  YamlSource(std::string_view text, std::string file);

  std::string_view text() const { return text_; }
  const std::string& file() const { return file_; }
  /// The offset at which each line starts, in bytes.
  const std::vector<std::size_t>& lines() const { return lines_; }

  /// The byte at a line and column as yaml-cpp counts them (from 0, in bytes); the end of the text for negative ones.
  std::size_t offset(int line, int column) const;
  /// The line, counted from 0, that contains a byte.
  std::size_t line_of(std::size_t offset) const;
  /// "FILE:LINE:COL", both counted from 1, the column in characters.
  std::string place(std::size_t offset) const;

 private:
  std::string_view text_;
  std::string file_;
  std::vector<std::size_t> lines_;
  mutable std::size_t last_offset_ = 0;  // the place asked for last
  mutable std::size_t last_column_ = 1;
};

/// Adds an error for everything that is not text in UTF-8: other encodings, control characters, an HDF5 file. Returns
/// false after an error.
bool check_text(const YamlSource& source, ErrorList& errors);

/// Adds an error for tabs in the indentation of a line. Returns false after an error.
bool check_tabs(const YamlSource& source, ErrorList& errors);

/// The offset of the quote that closes the one at `at`, without escaped quotes; npos if there is none.
std::size_t end_of_quote(std::string_view text, std::size_t at);

/// The offset of the first quote at or after `from` that is never closed. Text after a `#` is a comment; a quote within
/// a word is part of the word.
std::optional<std::size_t> open_quote(std::string_view text, std::size_t from);

}  // namespace hgq
