#include "hgq/apps/printable_stream.h"

#include <algorithm>

#include "hgq/core/printable.h"

namespace hgq {
namespace {

/// The number of bytes at the end of `text` that are the beginning of a UTF-8 character, whose rest may follow.
std::size_t unfinished(const std::string& text) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80U) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

PrintableStream::PrintableStream(std::ostream& out) : out_(out), target_(out.rdbuf(this)) {}

PrintableStream::~PrintableStream() {
  pass_on(true);
  target_->pubsync();
  out_.rdbuf(target_);
}

bool PrintableStream::pass_on(bool all) {
  const std::size_t kept = all ? 0 : unfinished(waiting_);
  const std::string text = printable_text(std::string_view(waiting_).substr(0, waiting_.size() - kept));
  waiting_.erase(0, waiting_.size() - kept);
  return target_->sputn(text.data(), static_cast<std::streamsize>(text.size())) ==
         static_cast<std::streamsize>(text.size());
}

int PrintableStream::overflow(int character) {
  if (character == traits_type::eof()) return traits_type::not_eof(character);
  waiting_ += static_cast<char>(character);
  return pass_on(false) ? character : traits_type::eof();
}

std::streamsize PrintableStream::xsputn(const char* text, std::streamsize count) {
  waiting_.append(text, static_cast<std::size_t>(count));
  return pass_on(false) ? count : 0;
}

int PrintableStream::sync() { return pass_on(false) ? target_->pubsync() : -1; }

}  // namespace hgq
