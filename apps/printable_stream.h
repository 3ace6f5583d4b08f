// Replaces control characters in everything that is written to a stream, so that none of them reaches the terminal.
//
// Names come from files that anybody may have made. They are shortened and cleaned where they are inserted into
// messages (core/printable.h); this is the last guard, for those that were forgotten. Letters of every script are kept,
// even if a character is written in two parts.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace hgq {

class PrintableStream : private std::streambuf {
 public:
  /// Filters everything that is written to `out` during the life of this object.
  explicit PrintableStream(std::ostream& out);
  ~PrintableStream() override;
  PrintableStream(const PrintableStream&) = delete;
  PrintableStream& operator=(const PrintableStream&) = delete;

 private:
  int overflow(int character) override;
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  int sync() override;
  /// Passes on the text, except for the beginning of a character that is not complete yet; if `all` is true, that, too.
  bool pass_on(bool all);

  std::ostream& out_;
  std::streambuf* target_;
  std::string waiting_;
};

}  // namespace hgq
