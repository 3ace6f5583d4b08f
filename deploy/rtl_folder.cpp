#include "hgq/deploy/rtl_folder.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/data/atomic_file.h"
#include "hgq/deploy/interrupted.h"
#include "hgq/deploy/rtl_report_file.h"
#include "hgq/deploy/scratch_folder.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kAll = std::numeric_limits<size_t>::max();

void move_folder(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) throw_system_error(concat("cannot rename '", from.string(), "' to '", to.string(), "'"), error.value());
}

/// Lets two folders change places in one operation, so that whenever the process is killed, one of them is there.
/// Returns false if the file system cannot do that.
bool exchange_folders(const fs::path& one, const fs::path& other) {
  if (renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return true;
  const int error = errno;
  if (error == EINVAL || error == ENOSYS) return false;
  throw_system_error(concat("cannot rename '", one.string(), "' to '", other.string(), "'"), error);
}

fs::path without_slash(const std::string& folder) {
  fs::path path = fs::path(folder).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::symlink_status(path, error).type() != fs::file_type::not_found && !error;
}

void write_files(const fs::path& folder, std::span<const rtl::SourceFile> files, const std::atomic<bool>* stop) {
  for (const rtl::SourceFile& file : files) {
    end_if(stop);
    const fs::path path = folder / file.path;
    make_folder(path.parent_path().string());
    replace_file(path.string(), file.text);
    if (path.extension() != ".sh") continue;
    std::error_code error;
    fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add,
                    error);
    if (error) throw_system_error(concat("cannot make '", path.string(), "' executable"), error.value());
  }
}

/// A file in an RTL folder that is neither in the list of its report nor made by simulate.sh; nothing if there is none.
std::optional<std::string> foreign_file(const fs::path& folder) {
  const Json report = Json::parse(read_file((folder / kRtlReport).string(), kAll), nullptr, false);
  const Json files = report.value("files", Json::array());
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path relative = entry->path().lexically_relative(folder);
    if (*relative.begin() == "build") continue;
    if (entry->is_directory() && !entry->is_symlink()) continue;
    if (std::find(files.begin(), files.end(), relative.string()) == files.end()) return relative.string();
  }
  if (error) throw_system_error(concat("cannot list '", folder.string(), "'"), error.value());
  return std::nullopt;
}

/// Whether it is a folder that write_rtl_folder() has written, in any version.
bool is_rtl_folder(const fs::path& folder) {
  if (!has_rtl_report(folder.string())) return false;
  const Json report = Json::parse(read_file((folder / kRtlReport).string(), kAll), nullptr, false);
  return report.is_object() && report.contains("format") && report["format"].is_string() &&
         report["format"].get<std::string>().starts_with("hgq-rtl ");
}

}  // namespace

void check_rtl_folder(const std::string& folder, bool force) {
  HGQ_CHECK(!folder.empty(), ConfigError, "the name of the folder to write is empty");
  const fs::path path = without_slash(folder);
  if (!is_there(path)) return;
  std::error_code error;
  const bool is_empty = fs::is_directory(fs::symlink_status(path, error)) && fs::is_empty(path, error);
  const bool is_ours = !is_empty && !fs::is_symlink(fs::symlink_status(path, error)) && is_rtl_folder(path);
  HGQ_CHECK(force, ConfigError, "'", printable(folder), "' is there already; expected a new folder",
            is_empty || is_ours ? ", or --force to replace it" : "");
  if (is_empty) return;
  HGQ_CHECK(is_ours, ConfigError, "'", printable(folder),
            "' is not a folder that 'hgq-train rtl' has written, and is not replaced; expected another name");
  const std::optional<std::string> foreign = foreign_file(path);
  HGQ_CHECK(!foreign, ConfigError, "'", printable(folder), "' holds '", printable(foreign.value_or("")),
            "', which 'hgq-train rtl' has not written; it is not replaced. Move the file, or give another name");
}

void write_rtl_folder(const std::string& folder, const RtlProject& project, const RtlOptions& options,
                      const std::string& proxy_file, bool force, const std::atomic<bool>* stop) {
  check_rtl_folder(folder, force);
  const fs::path path = without_slash(folder);
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  make_folder(parent.string());
  // Beside the folder, so that a rename puts it in place, under a name that no other process has.
  const ScratchFolder work(parent, ".hgq-rtl-");
  const fs::path made = work.path() / "new";
  make_folder(made.string());
  write_files(made, project.files, stop);
  replace_file((made / kRtlProxy).string(), read_file(proxy_file, kAll));
  Json report = to_json(project, options);
  report["files"] = Json::array({kRtlProxy, kRtlReport});
  for (const rtl::SourceFile& file : project.files) report["files"].push_back(file.path);
  replace_file((made / kRtlReport).string(), report.dump(1) + "\n");
  force_folder_to_disk(made.string());
  end_if(stop);
  if (is_there(path) && exchange_folders(made, path)) {
    // What was there is in the temporary folder now.
  } else if (is_there(path)) {
    const fs::path old = work.path() / "old";
    move_folder(path, old);
    try {
      move_folder(made, path);
    } catch (const Error&) {
      move_folder(old, path);
      throw;
    }
  } else {
    move_folder(made, path);
  }
  force_folder_to_disk(parent.string());
}

}  // namespace hgq
