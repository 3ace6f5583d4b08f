// Errors that a user can cause.
//
// Every message says where (a file and line, a layer's name), what was found, what was expected, and what to do. The
// kind of an error decides the exit code of hgq-train: errors that the user's input causes end with 2; a run that fails
// although its input was right (a loss that is not finite, a full disk) ends with 3.
//
//   HGQ_CHECK(in.rank() == 2, ShapeError, "layer '", name, "': input has shape ", in, ", expected 2 dims");
#pragma once

#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hgq {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Shapes that do not fit together, or a wrong call of the API.
class ShapeError : public Error {
 public:
  using Error::Error;
};

/// A configuration that cannot be used.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// A file that cannot be read, or cannot be used for the purpose for which it was given.
class FileError : public Error {
 public:
  using Error::Error;
};

/// A run that failed although its input was right: a loss that is not finite, a full disk.
class RunError : public Error {
 public:
  using Error::Error;
};

namespace detail {

void append(std::string& out, std::string_view text);
void append(std::string& out, double value);
void append(std::string& out, long long value);
void append(std::string& out, unsigned long long value);

template <typename T>
void append_part(std::string& out, const T& part) {
  if constexpr (std::convertible_to<const T&, std::string_view>) {
    append(out, std::string_view(part));
  } else if constexpr (std::same_as<T, bool>) {
    append(out, part ? std::string_view("true") : std::string_view("false"));
  } else if constexpr (std::same_as<T, char>) {
    append(out, std::string_view(&part, 1));
  } else if constexpr (std::floating_point<T>) {
    append(out, static_cast<double>(part));
  } else if constexpr (std::unsigned_integral<T>) {
    append(out, static_cast<unsigned long long>(part));
  } else if constexpr (std::signed_integral<T>) {
    append(out, static_cast<long long>(part));
  } else {
    append(out, std::string_view(to_string(part)));
  }
}

}  // namespace detail

/// Joins the parts to one string. A part is a text, a number (floating point: the shortest text that reads back as the
/// same number), or of a type with a to_string.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (detail::append_part(out, parts), ...);
  return out;
}

}  // namespace hgq

/// Throws `Kind` (one of the classes above) unless `condition` is true. The remaining arguments, joined by concat(),
/// are the message.
#define HGQ_CHECK(condition, Kind, ...)              \
  do {                                               \
    if (!(condition)) [[unlikely]] {                 \
      throw ::hgq::Kind(::hgq::concat(__VA_ARGS__)); \
    }                                                \
  } while (false)
