// libhdf5 crashes or hangs on some damaged files, before it can report an error. A user must see a message all the
// same.
//
// So a file is first read through in a child process: all groups, attributes, datasets, and looked-up names. If the
// child dies, or takes too much time or memory (many small entries can refer to one long text), the file is refused;
// only else is it opened in this process. Costs about a millisecond and one more reading of up to 64 MiB.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>

namespace hgq::h5 {

class Group;

/// Thrown where the names in a group cannot be listed: what a lookup finds there cannot be read through, so the file
/// is refused. No Error, which would be reported by the reading that follows.
struct NamesUnreadable : std::exception {};

/// Reads what is in a group as the rest of the program might: names, shapes, values, attributes; errors are no matter.
/// Throws NamesUnreadable.
void read_through(const Group& root);

constexpr int64_t kProbeBytes = int64_t{1} << 29U;

/// Whether `action` ends by itself in a child process within `cpu_seconds`, with at most `bytes` more memory than
/// this process, and without NamesUnreadable; true also where no process can be started. The child has no standard
/// output or error, and never returns from here.
///
/// A child that uses no processor for `idle_seconds` says nothing of the file: it is a copy of a process with several
/// threads, and waits for a lock that one of them held (seen with the address sanitizer's allocator). It is tried once
/// more, then taken for alive.
///
/// A RunError of the child (the disk failed) is thrown here: it says nothing of the file either.
bool survives(const std::function<void()>& action, int cpu_seconds, int idle_seconds = 10, int64_t bytes = kProbeBytes);

}  // namespace hgq::h5
