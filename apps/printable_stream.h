// The last guard before the terminal: whatever is written to a stream, no control character gets through.
//
// Names come from files that anybody can have made. Messages cut and clean them where they are put in
// (core/printable.h); what was forgotten there is cleaned here. Letters of any script pass, also where a character
// comes in two parts.
#pragma once

#include <ostream>
#include <streambuf>
#include <string>

namespace hgq {

class PrintableStream : private std::streambuf {
 public:
  /// Takes over what is written to `out` until it is destroyed.
  explicit PrintableStream(std::ostream& out);
  ~PrintableStream() override;
  PrintableStream(const PrintableStream&) = delete;
  PrintableStream& operator=(const PrintableStream&) = delete;

 private:
  int overflow(int character) override;
  std::streamsize xsputn(const char* text, std::streamsize count) override;
  int sync() override;
  /// Passes on all but a character that is not yet whole; at the end that, too.
  bool pass_on(bool all);

  std::ostream& out_;
  std::streambuf* target_;
  std::string waiting_;
};

}  // namespace hgq
