// Work that the user has stopped.
#pragma once

#include <atomic>
#include <exception>

namespace hgq {

/// What stopped work throws, after it has put away what it had begun.
class Interrupted : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

/// Throws Interrupted if `stop` is there and set.
inline void end_if(const std::atomic<bool>* stop) {
  if (stop != nullptr && *stop) throw Interrupted();
}

}  // namespace hgq
