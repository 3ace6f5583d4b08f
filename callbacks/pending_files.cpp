#include "hgq/callbacks/pending_files.h"

#include <set>
#include <utility>

#include "hgq/data/atomic_file.h"

namespace hgq {
namespace {

constexpr int64_t kMostBytes = int64_t{32} << 20U;

}  // namespace

void PendingFiles::add(PendingFile file) {
  drop(file.path);
  files_.push_back(std::move(file));
  int64_t bytes = 0;
  for (const PendingFile& kept : files_) bytes += kept.kept_bytes;
  if (bytes > kMostBytes) write();
}

void PendingFiles::drop(const std::string& path) {
  std::erase_if(files_, [&](const PendingFile& file) { return file.path == path; });
}

void PendingFiles::write() {
  std::set<std::string> folders;
  for (const PendingFile& file : files_) {
    replace_file(file.path, file.content());
    folders.insert(folder_of(file.path));
  }
  for (const std::string& folder : folders) force_folder_to_disk(folder);
  files_.clear();
}

}  // namespace hgq
