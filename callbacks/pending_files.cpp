#include "hgq/callbacks/pending_files.h"

#include <set>

#include "hgq/data/atomic_file.h"

namespace hgq {
namespace {

constexpr size_t kMostBytes = size_t{32} << 20U;

}  // namespace

void PendingFiles::add(std::string path, std::string content) {
  drop(path);
  files_.emplace_back(std::move(path), std::move(content));
  size_t bytes = 0;
  for (const auto& [name, kept] : files_) bytes += kept.size();
  if (bytes > kMostBytes) write();
}

void PendingFiles::drop(const std::string& path) {
  std::erase_if(files_, [&](const auto& file) { return file.first == path; });
}

void PendingFiles::write() {
  std::set<std::string> folders;
  for (const auto& [path, content] : files_) {
    replace_file(path, content);
    folders.insert(folder_of(path));
  }
  for (const std::string& folder : folders) force_folder_to_disk(folder);
  files_.clear();
}

}  // namespace hgq
