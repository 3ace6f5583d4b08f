#include "hgq/data/h5.h"

#include <fcntl.h>
#include <hdf5.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <utility>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/data/atomic_file.h"
#include "hgq/data/bytes.h"
#include "hgq/data/file_seal.h"
#include "hgq/data/h5_driver.h"
#include "hgq/data/h5_external.h"
#include "hgq/data/h5_native.h"
#include "hgq/data/h5_probe.h"
#include "hgq/data/h5_written_file.h"

namespace hgq::h5 {
namespace {

constexpr int kProbeSeconds = 5;
constexpr size_t kMemoryStep = size_t{1} << 16U;  // a file in memory grows by so many bytes

herr_t append_name(hid_t /*group*/, const char* name, const H5L_info_t* /*info*/, void* names) {
  try {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  } catch (const std::exception&) {  // exceptions must not pass through C; the caller sees that the iteration failed
    return -1;
  }
}

/// "a/b" -> {"a", "a/b"}; a leading slash starts at the file's root.
std::vector<std::string> prefixes(const std::string& path) {
  std::vector<std::string> out;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '/' && (i + 1 == path.size() || path[i + 1] == '/')) out.push_back(path.substr(0, i + 1));
  }
  return out;
}

std::string listed(const std::vector<std::string>& names) { return names.empty() ? "nothing" : quoted_names(names); }

/// Property list for reading. Files are not locked, since they appear whole (data/atomic_file.h).
Id file_access(const std::string& path) {
  Id access = own(H5Pcreate(H5P_FILE_ACCESS), path, "no access properties");
  must(H5Pset_driver(*access, reading_driver(), nullptr), path, "no driver for reading");
  return access;
}

}  // namespace

Group::Group(Id file, Id object, std::string file_name, std::string path, std::shared_ptr<Permissions> permissions)
    : file_(std::move(file)),
      object_(std::move(object)),
      file_name_(std::move(file_name)),
      path_(std::move(path)),
      permissions_(std::move(permissions)) {}

void Group::check_name(const std::string& path) const {
  HGQ_CHECK(path.find('\0') == std::string::npos, FileError, place(), ": cannot have names with a zero byte, such as '",
            printable(path), "'");
}

bool Group::link_leads_somewhere(const std::string& path) const {
  check_name(path);
  const LinkAccess access(*permissions_, LinkAccess::To::kLink);
  if (H5Lexists(*object_, path.c_str(), access.id()) > 0 && H5Oexists_by_name(*object_, path.c_str(), access.id()) > 0)
    return true;
  access.check_followed(place(path));
  forget_failure(place(path));
  return false;
}

bool Group::is_of_kind(const std::string& path, int kind) const {
  check_name(path);
  const LinkAccess access(*permissions_, LinkAccess::To::kLink);
  const hid_t id = H5Oopen(*object_, path.c_str(), access.id());
  if (id < 0) {
    access.check_followed(place(path));
    forget_failure(place(path));
    return false;
  }
  const bool is = H5Iget_type(id) == kind;
  H5Oclose(id);
  return is;
}

std::string Group::place() const { return concat(file_name_, ":/", path_); }

std::string Group::place(const std::string& path) const {
  if (path.starts_with('/')) return concat(file_name_, ":", path);
  return concat(file_name_, ":/", path_, path_.empty() ? "" : "/", path);
}

std::vector<std::string> Group::names() const {
  std::vector<std::string> names;
  hsize_t position = 0;
  must(H5Literate(*object_, H5_INDEX_NAME, H5_ITER_INC, &position, append_name, &names), place(),
       "its members cannot be listed");
  std::ranges::sort(names);
  return names;
}

bool Group::has(const std::string& path) const {
  std::string parent;
  for (const std::string& part : prefixes(path)) {
    if (!link_leads_somewhere(part)) {
      // A link that cannot be looked up is an error and not a missing link: otherwise a model would be read without a
      // part of it.
      const bool in_group = parent.empty() || is_of_kind(parent, H5I_GROUP);
      const LinkAccess access(*permissions_, LinkAccess::To::kLink);
      if (in_group) must(H5Lexists(*object_, part.c_str(), access.id()), place(part), "cannot be looked up");
      return false;
    }
    parent = part;
  }
  return true;
}

// What can be opened is there; has() throws where it cannot be looked up.
bool Group::is_group(const std::string& path) const {
  return is_of_kind(path, H5I_GROUP) || (has(path) && is_of_kind(path, H5I_GROUP));
}

bool Group::is_dataset(const std::string& path) const {
  return is_of_kind(path, H5I_DATASET) || (has(path) && is_of_kind(path, H5I_DATASET));
}

void Group::check_is_there(const std::string& path) const {
  std::string parent;
  for (const std::string& part : prefixes(path)) {
    if (link_leads_somewhere(part)) {
      parent = part;
      continue;
    }
    const bool in_group = parent.empty() || is_of_kind(parent, H5I_GROUP);
    HGQ_CHECK(in_group, FileError, place(path), ": does not exist, since '", parent, "' is not a group");
    const std::vector<std::string> there =
        parent.empty() ? (part.starts_with('/') ? root_names() : names()) : group(parent).names();
    const std::string name = part.substr(part.find_last_of('/') + 1);
    const bool dangling = std::ranges::find(there, name) != there.end();
    HGQ_CHECK(!dangling, FileError, place(path), ": is a link to nothing");
    throw FileError(concat(place(path), ": does not exist; ", parent.empty() ? place() : place(parent), " holds ",
                           listed(there), did_you_mean(name, there, "; ")));
  }
}

std::vector<std::string> Group::root_names() const {
  return Group(file_, own(H5Gopen2(*object_, "/", H5P_DEFAULT), file_name_, "has no root group"), file_name_, "",
               permissions_)
      .names();
}

std::string Group::path_of(const std::string& path) const {
  if (path.starts_with('/')) return path.substr(std::min(path.find_first_not_of('/'), path.size()));
  return path_.empty() ? path : concat(path_, "/", path);
}

Group Group::group(const std::string& path) const {
  check_is_there(path);
  HGQ_CHECK(is_of_kind(path, H5I_GROUP), FileError, place(path), ": is not a group, expected one");
  const LinkAccess access(*permissions_, LinkAccess::To::kGroup);
  return {file_, own(H5Gopen2(*object_, path.c_str(), access.id()), place(path), "cannot be opened as a group"),
          file_name_, path_of(path), permissions_};
}

void Group::check_is_free(const std::string& path) const {
  HGQ_CHECK(!has(path), FileError, place(path), ": exists already");
}

Group Group::create_group(const std::string& path) {
  const Id creation = own(H5Pcreate(H5P_GROUP_CREATE), place(path), "no creation properties");
  const Id links = own(H5Pcreate(H5P_LINK_CREATE), place(path), "no link properties");
  must(H5Pset_obj_track_times(*creation, false), place(path), "times cannot be left out");
  must(H5Pset_create_intermediate_group(*links, 1), place(path), "no intermediate groups");
  check_is_free(path);
  const int64_t id =
      must_write(H5Gcreate2(*object_, path.c_str(), *links, *creation, H5P_DEFAULT), place(path), "cannot be created");
  return {file_, own(id, place(path), "cannot be created"), file_name_, path_of(path), permissions_};
}

File File::open(const std::string& path, const std::function<void(const File&)>& reading, bool anywhere) {
  const Permissions permissions{.anywhere = anywhere};
  const Permissions tried{.anywhere = anywhere, .watched = true};
  prepare_library();
  const std::unique_ptr<Bytes> bytes = open_bytes(path, "an HDF5 file");
  const int64_t size = bytes->size();
  HGQ_CHECK(looks_like_hdf5(path), FileError, path, ": is not an HDF5 file (the HDF5 signature is missing)");
  check_seal(*bytes);
  const bool alone = H5Fget_obj_count(H5F_OBJ_ALL, H5F_OBJ_FILE) <= 0;
  const auto try_reading = [&] {
    try {
      read_through(open_here(path, tried));
    } catch (const RunError&) {  // the disk failed, which is not the fault of the file
      throw;
    } catch (const Error&) {  // the main process reports it when it reads the file
    }
    if (alone) H5close();  // some files crash libhdf5 when it closes; but it must not write other open files
  };
  HGQ_CHECK(
      survives(try_reading, kProbeSeconds), FileError, path,
      ": is damaged: libhdf5 crashes, hangs, takes too much memory, or cannot list a group when it reads this file");
  // read_through() may have read only a part of the file; `reading` reads everything that the caller needs, however
  // large.
  HGQ_CHECK(!reading || survives([&] { reading(open_here(path, tried)); },
                                 kProbeSeconds + static_cast<int>(size >> 24U), 10, kProbeBytes + 8 * size),
            FileError, path, ": is damaged: libhdf5 crashes, hangs, or takes too much memory when it reads this file");
  return open_here(path, permissions);
}

File File::open_source(const std::string& path, const Permissions& permissions) {
  return open_here(path,
                   {.anywhere = permissions.anywhere, .depth = permissions.depth + 1, .watched = permissions.watched});
}

File File::open_here(const std::string& path, const Permissions& permissions) {
  const Id access = file_access(path);
  int64_t id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, *access);
  // libhdf5 itself keeps the source of a virtual dataset of unlimited extent open, and locks it.
  if (id < 0 && permissions.depth > 0) id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  Id file = own(id, path, "cannot be opened as an HDF5 file; it is damaged or cut off");
  Id root = own(H5Gopen2(*file, "/", H5P_DEFAULT), path, "its root group cannot be opened");
  return {std::move(file), std::move(root), path, "", std::make_shared<Permissions>(permissions)};
}

File File::create(const std::string& path) {
  prepare_library();
  const Id access = own(H5Pcreate(H5P_FILE_ACCESS), path, "no access properties");
  must(H5Pset_fapl_core(*access, kMemoryStep, false), path, "files cannot be kept in memory");
  // libhdf5 first checks whether a file of that name exists, and there can be no file below a device.
  const std::string nowhere = "/dev/null/" + path;
  Id file = own(H5Fcreate(nowhere.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, *access), path, "cannot be created");
  Id root = own(H5Gopen2(*file, "/", H5P_DEFAULT), path, "its root group cannot be opened");
  return {std::move(file), std::move(root), path, "", std::make_shared<Permissions>()};
}

File File::create_on_disk(const std::string& path) {
  prepare_library();
  auto written = std::make_shared<WrittenFile>(path);
  const Id access = own(H5Pcreate(H5P_FILE_ACCESS), path, "no access properties");
  const WrittenFile* const information = written.get();
  must(H5Pset_driver(*access, writing_driver(), &information), path, "no driver for writing");
  const Id id = own(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, *access), path, "cannot be created");
  // The WrittenFile must exist until libhdf5 has closed the file, whichever owner closes it last.
  Id file(new int64_t(*id), [written](const int64_t* held) {
    H5Idec_ref(*held);
    delete held;
  });
  H5Iinc_ref(*file);
  Id root = own(H5Gopen2(*file, "/", H5P_DEFAULT), path, "its root group cannot be opened");
  File out(std::move(file), std::move(root), path, "", std::make_shared<Permissions>());
  out.written_ = std::move(written);
  return out;
}

std::string_view File::bytes() const {
  must_write(H5Fflush(*file_, H5F_SCOPE_GLOBAL), file_name_, "cannot be put together");
  const int64_t size = must_write(H5Fget_file_image(*file_, nullptr, 0), file_name_, "cannot be put together");
  void* handle = nullptr;  // of a file in memory: the address of the pointer to its bytes
  must_write(H5Fget_vfd_handle(*file_, H5P_DEFAULT, &handle), file_name_, "cannot be put together");
  return {*static_cast<const char* const*>(handle), static_cast<size_t>(size)};
}

std::string File::content() const {
  const std::string_view all = bytes();
  return concat(all, seal_of(all));
}

void File::flush() const {
  if (written_) {
    must_write(H5Fflush(*file_, H5F_SCOPE_GLOBAL), file_name_, "cannot be put together");
    written_->finish();
    force_folder_to_disk(folder_of(file_name_));
    return;
  }
  const std::string_view all = bytes();
  FileReplacement file(file_name_);
  file.write(all);
  file.write(seal_of(all));
  file.finish();
  force_folder_to_disk(folder_of(file_name_));
}

bool File::looks_like_hdf5(const std::string& path) {
  constexpr std::array<char, 8> kSignature = {'\x89', 'H', 'D', 'F', '\r', '\n', '\x1a', '\n'};
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) throw_system_error(concat(path, ": cannot be opened"), errno);
  // There may be a user block of 512, 1024, 2048 ... bytes before the HDF5 bytes.
  for (off_t offset = 0; offset < (off_t{1} << 40U); offset = offset == 0 ? 512 : 2 * offset) {
    std::array<char, 8> found{};
    const int64_t got = read_at(file, offset, found);
    if (got < 0) throw_system_error(concat(path, ": cannot be read"), errno);
    if (found == kSignature) return true;
    if (got == 0) return false;
  }
  return false;
}

}  // namespace hgq::h5
