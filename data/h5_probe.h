// libhdf5 crashes or hangs on some damaged files, before it can report an error. A user must see a message all the
// same.
//
// So a file is first read through in a child process: all groups, attributes, datasets, and looked-up names. If the
// child dies or takes too much time, the file is refused; only else is it opened in this process. Costs about a
// millisecond and one more reading of up to 64 MiB.
#pragma once

#include <functional>

namespace hgq::h5 {

class Group;

/// Reads what is in a group as the rest of the program might: names, shapes, values, attributes; errors are no matter.
void read_through(const Group& root);

/// Whether `action` ends by itself in a child process within `cpu_seconds`; true also where no process can be started.
/// The child has no standard output or error, and never returns from here.
bool survives(const std::function<void()>& action, int cpu_seconds);

}  // namespace hgq::h5
