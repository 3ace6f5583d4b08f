#include "hgq/core/error.h"

#include <charconv>
#include <system_error>

namespace hgq::detail {
namespace {

template <typename T>
void append_number(std::string& out, T value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out.append(buffer, error == std::errc() ? end : buffer);
}

}  // namespace

void append(std::string& out, std::string_view text) { out.append(text); }
void append(std::string& out, double value) { append_number(out, value); }
void append(std::string& out, long long value) { append_number(out, value); }
void append(std::string& out, unsigned long long value) { append_number(out, value); }

}  // namespace hgq::detail
