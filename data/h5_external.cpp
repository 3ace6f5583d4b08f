#include "hgq/data/h5_external.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "hgq/config/node.h"
#include "hgq/core/error.h"
#include "hgq/data/h5_native.h"

namespace hgq::h5 {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 8;  // files that name files in turn
constexpr size_t kMostMappings = 100'000;

bool lies_in(const fs::path& file, const fs::path& folder) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end();
}

/// The paths at which libhdf5 looks for a file that another file names: beside the name that was opened, then beside
/// the file to which that name is a link. Of an absolute path that does not exist, libhdf5 uses the last part.
std::vector<fs::path> candidates(const fs::path& parent, const fs::path& name, bool anywhere) {
  std::error_code error;
  const fs::path here = fs::absolute(parent, error).parent_path();
  const fs::path there = fs::canonical(parent, error).parent_path();
  std::vector<fs::path> out;
  if (name.is_absolute()) out.push_back(name);
  const fs::path relative = name.is_absolute() ? name.filename() : name;
  out.push_back(here / relative);
  if (anywhere) out.push_back(fs::current_path(error) / relative);
  if (!there.empty()) out.push_back(there / relative);
  return out;
}

struct Named {
  std::string path;    // empty if it may not be read
  std::string reason;  // why it may not be read
};

/// The file that `name` in the file `parent` refers to.
Named named_file(const std::string& parent, const std::string& name, bool anywhere) {
  std::error_code error;
  const std::string shown = concat("'", printable(name), "'");
  for (const fs::path& candidate : candidates(parent, name, anywhere)) {
    if (!fs::exists(candidate, error)) continue;
    const fs::path real = fs::canonical(candidate, error);
    if (error) continue;
    const bool inside = lies_in(real, fs::canonical(fs::absolute(parent, error).parent_path(), error)) ||
                        lies_in(real, fs::canonical(parent, error).parent_path());
    if (!anywhere && !inside) {
      return {"", concat(shown,
                         ", a file outside of the folder of this one, which is not read unless data.allow_external "
                         "(--allow-external) allows it")};
    }
    if (!fs::is_regular_file(real, error) || !File::looks_like_hdf5(real.string()))
      return {"", concat(shown, ", which is not an HDF5 file")};
    return {candidate.string(), ""};
  }
  return {"", concat(shown, ", which is not there")};
}

/// H5L_elink_traverse_t: called for each external link on a path; a negative result ends the walk.
herr_t judge_link(const char* parent, const char* /*group*/, const char* file, const char* object, unsigned* /*flags*/,
                  hid_t /*access*/, void* judge) {
  try {
    const Named named = named_file(parent, file, false);
    if (!named.path.empty()) return 0;
    *static_cast<std::string*>(judge) = concat("leads to '", printable(object), "' in ", named.reason);
  } catch (const std::exception&) {  // exceptions must not pass through C
  }
  return -1;
}

/// Access properties for files: no lock, as in File::open.
Id unlocked_access(const std::string& place) {
  Id access = own(H5Pcreate(H5P_FILE_ACCESS), place, "no access properties");
#if H5_VERSION_GE(1, 10, 7)
  must(H5Pset_file_locking(*access, false, true), place, "locking cannot be turned off");
#endif
  return access;
}

using ReadName = ssize_t (*)(hid_t, size_t, char*, size_t);

std::string mapping_name(ReadName read, int64_t creation, size_t mapping, const std::string& place) {
  const int64_t size = must(read(creation, mapping, nullptr, 0), place, "the name of a source cannot be read");
  std::string name(static_cast<size_t>(size) + 1, '\0');
  must(read(creation, mapping, name.data(), name.size()), place, "the name of a source cannot be read");
  name.resize(static_cast<size_t>(size));
  return name;
}

/// Whether libhdf5 replaces "%b" in a name with the number of a block.
bool is_pattern(const std::string& name) {
  for (size_t i = name.find('%'); i != std::string::npos; i = name.find('%', i + 1)) {
    const size_t end = name.find_first_not_of("0123456789", i + 1);
    if (end != std::string::npos && name[end] == 'b') return true;
  }
  return false;
}

struct Mapping {
  std::string file, set;
};

Mapping mapping_of(int64_t creation, size_t mapping, const std::string& place) {
  return {mapping_name(H5Pget_virtual_filename, creation, mapping, place),
          mapping_name(H5Pget_virtual_dsetname, creation, mapping, place)};
}

using Bounds = std::pair<std::array<hsize_t, H5S_MAX_RANK>, std::array<hsize_t, H5S_MAX_RANK>>;

/// The first and the last index of a selection in each dimension; nullopt for an unlimited selection.
std::optional<Bounds> bounds_of(int64_t space) {
  Bounds bounds;
  const bool ends = H5Sget_select_bounds(space, bounds.first.data(), bounds.second.data()) >= 0;
  H5Eclear2(H5E_DEFAULT);
  return ends ? std::optional(bounds) : std::nullopt;
}

std::string rows_text(int64_t virtual_space) {
  const std::optional<Bounds> bounds = bounds_of(virtual_space);
  if (!bounds || bounds->second[0] == H5S_UNLIMITED) return "";
  return concat(" takes rows ", bounds->first[0], " to ", bounds->second[0], " from");
}

/// The selection in a source must lie within its extents: for the rest, libhdf5 would give fill values without an
/// error.
void check_extent(int64_t source_space, int64_t virtual_space, const Shape& held, const std::string& source,
                  const std::string& place) {
  if (H5Sget_select_type(source_space) == H5S_SEL_ALL) {  // everything in the source; the file does not say its shape
    const hssize_t taken = H5Sget_select_npoints(virtual_space);
    H5Eclear2(H5E_DEFAULT);
    HGQ_CHECK(taken < 0 || static_cast<hsize_t>(taken) == H5S_UNLIMITED || taken == held.size(), FileError, place,
              ": takes ", static_cast<int64_t>(taken), " values from ", source, ", which has the shape ", held);
    return;
  }
  const std::optional<Bounds> bounds = bounds_of(source_space);
  if (!bounds) return;
  const int rank = H5Sget_simple_extent_ndims(source_space);
  HGQ_CHECK(rank == held.rank(), FileError, place, ": takes values of ", rank, " dims from ", source, ", which has ",
            held.rank());
  for (int d = 0; d < rank; ++d) {
    const hsize_t last = bounds->second[static_cast<size_t>(d)];
    HGQ_CHECK(last == H5S_UNLIMITED || last < static_cast<hsize_t>(held[d]), FileError, place, ": takes ",
              d == 0 ? "row " : "index ", last, d == 0 ? "" : concat(" of dim ", d), " from ", source,
              ", which has the shape ", held);
  }
}

}  // namespace

// Making the properties takes longer than opening an object with them.
LinkAccess::LinkAccess(Permissions& permissions, To to) : refused_(permissions.refused) {
  Id& kept = permissions.link_access[static_cast<size_t>(to)];
  if (!kept) {
    Id made = own(H5Pcreate(to == To::kLink    ? H5P_LINK_ACCESS
                            : to == To::kGroup ? H5P_GROUP_ACCESS
                                               : H5P_DATASET_ACCESS),
                  "HDF5", "no access properties");
    must(H5Pset_elink_fapl(*made, *unlocked_access("HDF5")), "HDF5", "no access properties");
    if (!permissions.anywhere)
      must(H5Pset_elink_cb(*made, judge_link, refused_.get()), "HDF5", "external links cannot be checked");
    kept = std::move(made);
  }
  properties_ = kept;
  refused_->clear();
}

void LinkAccess::check_followed(const std::string& place) const {
  HGQ_CHECK(refused_->empty(), FileError, place, ": an external link on this path ", *refused_);
}

void check_no_external_storage(int64_t creation, const std::string& place) {
  if (H5Pget_layout(creation) != H5D_CONTIGUOUS) return;
  const int64_t count = must(H5Pget_external_count(creation), place, "its storage cannot be read");
  if (count == 0) return;
  std::array<char, 256> name{};
  H5Pget_external(creation, 0, name.size() - 1, name.data(), nullptr, nullptr);
  throw FileError(concat(place, ": its values are in another file, '", printable(name.data()),
                         "' (external storage), which is not read; store them in the HDF5 file (h5repack does it)"));
}

void check_sources(int64_t creation, const std::string& file, Permissions& permissions, const std::string& place) {
  if (H5Pget_layout(creation) != H5D_VIRTUAL) return;
  HGQ_CHECK(permissions.depth < kDeepest, FileError, place, ": its sources are virtual datasets without an end");
  size_t count = 0;
  must(H5Pget_virtual_count(creation, &count), place, "its sources cannot be read");
  HGQ_CHECK(count <= kMostMappings, FileError, place, ": names ", count, " sources, at most ", kMostMappings,
            " can be read");
  std::map<std::string, File> files;
  for (size_t i = 0; i < count; ++i) {
    const Mapping mapping = mapping_of(creation, i, place);
    const Id virtual_space = own(H5Pget_virtual_vspace(creation, i), place, "a source cannot be read");
    const Id source_space = own(H5Pget_virtual_srcspace(creation, i), place, "a source cannot be read");
    const std::string takes = rows_text(*virtual_space);
    HGQ_CHECK(!is_pattern(mapping.file) && !is_pattern(mapping.set), FileError, place,
              ": names its sources by a pattern, '", printable(mapping.file), "', '", printable(mapping.set),
              "', which is not read; name each of them");
    const Named named = mapping.file == "." ? Named{file, ""} : named_file(file, mapping.file, permissions.anywhere);
    HGQ_CHECK(!named.path.empty(), FileError, place, ": is virtual, and", takes.empty() ? " takes values from" : takes,
              " the dataset '", printable(mapping.set), "' of ", named.reason);
    const std::string source =
        concat(printable(mapping.file == "." ? file : mapping.file), ":/",
               printable(mapping.set.substr(std::min(mapping.set.find_first_not_of('/'), mapping.set.size()))));
    try {
      auto opened = files.find(named.path);
      if (opened == files.end()) opened = files.emplace(named.path, File::open_source(named.path, permissions)).first;
      check_extent(*source_space, *virtual_space, opened->second.info(mapping.set).shape, source, place);
    } catch (const FileError& error) {
      throw FileError(concat(place, ": is virtual, and", takes.empty() ? " takes values from" : takes, " ", source,
                             ": ", error.what()));
    }
  }
}

namespace {

/// Calls `look` with each dataset that is a source, once: its file and its path.
void for_each_source(int64_t creation, const std::string& file, const Permissions& permissions, auto&& look) {
  size_t count = 0;
  must(H5Pget_virtual_count(creation, &count), file, "the sources of a virtual dataset cannot be read");
  std::set<std::pair<std::string, std::string>> seen;
  for (size_t i = 0; i < count; ++i) {
    const Mapping mapping = mapping_of(creation, i, file);
    if (!seen.insert({mapping.file, mapping.set}).second) continue;
    const Named named = mapping.file == "." ? Named{file, ""} : named_file(file, mapping.file, permissions.anywhere);
    look(File::open_source(named.path, permissions), mapping.set);
  }
}

}  // namespace

void check_chunks_of_sources(int64_t creation, const std::string& file, const Permissions& permissions) {
  for_each_source(creation, file, permissions,
                  [](const File& source, const std::string& set) { source.check_chunks(set); });
}

int64_t stored_in_sources(int64_t creation, const std::string& file, const Permissions& permissions) {
  int64_t bytes = 0;
  for_each_source(creation, file, permissions,
                  [&](const File& source, const std::string& set) { bytes += source.info(set).stored_bytes; });
  return bytes;
}

int64_t unmapped_values(int64_t creation, int64_t values) {
  size_t count = 0;
  if (H5Pget_virtual_count(creation, &count) < 0) return 0;
  int64_t mapped = 0;
  for (size_t i = 0; i < count && mapped < values; ++i) {
    const Id space = own(H5Pget_virtual_vspace(creation, i), "a virtual dataset", "a source cannot be read");
    const hssize_t points = H5Sget_select_npoints(*space);
    H5Eclear2(H5E_DEFAULT);
    // An unlimited selection gives as many values as its source has.
    mapped += points < 0 || static_cast<hsize_t>(points) == H5S_UNLIMITED ? values : static_cast<int64_t>(points);
  }
  return std::max<int64_t>(values - mapped, 0);
}

}  // namespace hgq::h5
