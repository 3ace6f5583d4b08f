// Files that appear whole or not at all.
//
// The content goes to a temporary file beside the target ("model.h5.part"), is forced to the disk, and takes the
// target's name in one step of the file system. Whoever looks, whenever the process is killed or the power fails, finds
// the old file, the new file, or none, but never a part of one. A left-over ".part" of a killed process is replaced by
// the next writing.
//
//   write_file_atomically("model.h5", [&](const std::string& temporary) { save(temporary); });
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace hgq {

/// `write` creates the file it is given the path of, and has closed it when it returns. If it throws, the temporary
/// file is removed and the target stays as it was. Throws FileError where the folder does not exist or the target is no
/// file, RunError where the disk is full or fails.
void write_file_atomically(const std::string& path,
                           const std::function<void(const std::string& temporary_path)>& write);

/// The same for a text.
void write_text_atomically(const std::string& path, std::string_view text);

}  // namespace hgq
