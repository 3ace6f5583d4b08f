#include "hgq/data/h5_native.h"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "hgq/core/system_file.h"
#include "hgq/data/claimed_size.h"
#include "hgq/data/h5_external.h"
#include "hgq/data/h5_lzf.h"

namespace hgq::h5 {
namespace {

static_assert(sizeof(hid_t) == sizeof(int64_t), "identifiers of libhdf5 1.10 and later have 64 bits");

/// Deflate packs more densely than the other usual filters, and never below 1/1032.
constexpr int64_t kLargestCompression = 1100;
constexpr int64_t kAlwaysBelieved = int64_t{64} << 20U;

struct Reason {
  std::string text;
  int system_error = 0;  // of the machine; 0: none
};

/// libhdf5 reports a failed call of the system as "..., errno = 5, error message = 'Input/output error', ...".
int system_error_in(std::string_view text) {
  constexpr std::string_view kMark = "errno = ";
  const size_t at = text.find(kMark);
  int error = 0;
  if (at != std::string_view::npos) std::from_chars(text.data() + at + kMark.size(), text.data() + text.size(), error);
  return error != 0 && is_failure_of_machine(error) ? error : 0;
}

herr_t keep_innermost(unsigned /*depth*/, const H5E_error2_t* error, void* reason) {
  // The walk goes from the API call inward, so the last message is kept: the one with file name and errno.
  if (error->desc == nullptr || *error->desc == '\0') return 0;
  auto& found = *static_cast<Reason*>(reason);
  found.text = error->desc;
  if (found.system_error == 0) found.system_error = system_error_in(found.text);
  return 0;
}

/// Takes the error stack, and leaves it empty.
Reason take_reason() {
  Reason reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &reason);
  H5Eclear2(H5E_DEFAULT);
  return reason;
}

void check_disk(const Reason& reason, const std::string& place) {
  HGQ_CHECK(reason.system_error == 0, RunError, place, ": cannot be read: ", system_reason(reason.system_error));
}

const char* known_filter_name(H5Z_filter_t filter) {
  struct Known {
    H5Z_filter_t number;
    const char* name;
  };
  constexpr std::array<Known, 16> kKnown = {{{1, "deflate"},
                                             {2, "shuffle"},
                                             {3, "fletcher32"},
                                             {4, "szip"},
                                             {5, "nbit"},
                                             {6, "scaleoffset"},
                                             {307, "bzip2"},
                                             {32000, "lzf"},
                                             {32001, "blosc"},
                                             {32004, "lz4"},
                                             {32008, "bitshuffle"},
                                             {32013, "zfp"},
                                             {32015, "zstd"},
                                             {32017, "sz"},
                                             {32018, "fcidecomp"},
                                             {32026, "blosc2"}}};
  for (const Known& known : kKnown) {
    if (known.number == filter) return known.name;
  }
  return nullptr;
}

void check_filters(int64_t creation, const std::string& place) {
  const int count = H5Pget_nfilters(creation);
  must(count, place, "its filters cannot be read");
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    size_t values = 0;
    unsigned config = 0;
    std::array<char, 64> stored_name{};
    const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr,
                                               stored_name.size() - 1, stored_name.data(), &config);
    must(filter, place, "one of its filters cannot be read");
    if (H5Zfilter_avail(filter) > 0) continue;
    library_reason();
    const char* known = known_filter_name(filter);
    const std::string name = known != nullptr ? known : stored_name[0] != '\0' ? stored_name.data() : "of unknown name";
    throw FileError(
        concat(place, ": needs the filter ", name, " (number ", filter,
               "), which this libhdf5 does not have; store it with gzip, or install the filter's plugin and set "
               "HDF5_PLUGIN_PATH"));
  }
}

/// The most bytes that the bytes stored for a dataset can unpack to.
int64_t believable_bytes(int64_t dataset, int64_t creation, const std::string& place) {
  const auto stored = static_cast<int64_t>(std::min<hsize_t>(H5Dget_storage_size(dataset), hsize_t{1} << 52U));
  if (stored == 0) forget_failure(place);  // 0 is also the result of a failure
  return std::max(kAlwaysBelieved, H5Pget_nfilters(creation) > 0 ? stored * kLargestCompression : stored);
}

/// libhdf5 does not check that chunks have the rank of the dataset, and crashes or hangs if they do not.
void check_chunks(int64_t dataset, int64_t creation, const std::string& place) {
  if (H5Pget_layout(creation) != H5D_CHUNKED) return;
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  const int64_t rank = must(H5Pget_chunk(creation, H5S_MAX_RANK, chunk.data()), place, "its chunks cannot be read");
  const Id space = own(H5Dget_space(dataset), place, "its shape cannot be read");
  const int64_t expected = must(H5Sget_simple_extent_ndims(*space), place, "its shape cannot be read");
  HGQ_CHECK(rank == expected, FileError, place, ": has ", expected, " dims, but chunks of ", rank,
            "; the file is damaged");
  // A chunk is always unpacked as a whole.
  const Id type = own(H5Dget_type(dataset), place, "its type cannot be read");
  auto bytes = static_cast<int64_t>(H5Tget_size(*type));
  bool fits = true;
  for (int64_t d = 0; d < rank; ++d)
    fits = fits && !__builtin_mul_overflow(bytes, static_cast<int64_t>(chunk[static_cast<size_t>(d)]), &bytes);
  HGQ_CHECK(fits && bytes <= believable_bytes(dataset, creation, place), FileError, place, ": claims chunks of ",
            fits ? bytes_text(bytes) : "more than 2^63 bytes", ", more than the file contains; the file is damaged");
}

/// A header can claim any shape: the file must contain the bytes for it, or packed bytes that can unpack to so many.
void check_claimed_size(int64_t dataset, int64_t creation, const std::string& place) {
  const Id space = own(H5Dget_space(dataset), place, "its shape cannot be read");
  const Id type = own(H5Dget_type(dataset), place, "its type cannot be read");
  const int64_t elements = claimed_elements(extents_of(*space, place), place);
  const size_t element_bytes = H5Tget_size(*type);
  HGQ_CHECK(element_bytes > 0, FileError, place, ": its type cannot be read (", library_reason(), ")");
  int64_t bytes = 0;
  HGQ_CHECK(!__builtin_mul_overflow(elements, static_cast<int64_t>(element_bytes), &bytes), FileError, place,
            ": claims ", elements, " values of ", element_bytes,
            " bytes, more than fits into any memory; the file is damaged");
  if (H5Pget_layout(creation) == H5D_VIRTUAL) return;
  // Several chunks can claim the same bytes of the file.
  hsize_t file_bytes = 0;
  const Id file = own(H5Iget_file_id(dataset), place, "its file cannot be found");
  must(H5Fget_filesize(*file, &file_bytes), place, "the size of its file cannot be read");
  HGQ_CHECK(H5Dget_storage_size(dataset) <= file_bytes, FileError, place, ": claims to take ",
            bytes_text(static_cast<int64_t>(std::min<hsize_t>(H5Dget_storage_size(dataset), INT64_MAX))),
            " in a file of ", bytes_text(static_cast<int64_t>(file_bytes)), "; the file is damaged");
  HGQ_CHECK(bytes <= believable_bytes(dataset, creation, place), FileError, place, ": claims ", bytes_text(bytes),
            " of values, but the file holds ", bytes_text(static_cast<int64_t>(H5Dget_storage_size(dataset))),
            " for it; the file is damaged or was never filled");
}

/// The file that contains a dataset: after an external link, it is not that of the group.
std::string file_of(int64_t dataset, const std::string& file) {
  std::string name(4096, '\0');
  const ssize_t size = H5Fget_name(dataset, name.data(), name.size());
  if (size <= 0 || static_cast<size_t>(size) >= name.size()) return file;
  name.resize(static_cast<size_t>(size));
  return name;
}

}  // namespace

void prepare_library() {
  // libhdf5 keeps one list of filters per process and one error handler per thread (or process): set once.
  static const bool kPrepared = [] {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    register_lzf();
    return true;
  }();
  static_cast<void>(kPrepared);
}

std::string library_reason() {
  const Reason reason = take_reason();
  return reason.text.empty() ? "libhdf5 gives no reason" : reason.text;
}

void forget_failure(const std::string& place) { check_disk(take_reason(), place); }

int64_t must(int64_t status, const std::string& place, const char* what) {
  if (status >= 0) return status;
  const Reason reason = take_reason();
  check_disk(reason, place);
  throw FileError(concat(place, ": ", what, " (", reason.text.empty() ? "libhdf5 gives no reason" : reason.text, ")"));
}

int64_t must_write(int64_t status, const std::string& place, const char* what) {
  if (status < 0) throw RunError(concat(place, ": ", what, " (", library_reason(), "); is there enough memory?"));
  return status;
}

Id own(int64_t id, const std::string& place, const char* what) {
  must(id, place, what);
  return {new int64_t(id), [](const int64_t* held) {
            H5Idec_ref(*held);
            delete held;
          }};
}

std::vector<uint64_t> extents_of(int64_t space, const std::string& place) {
  if (H5Sget_simple_extent_type(space) == H5S_NULL) return {0};
  const int64_t rank = must(H5Sget_simple_extent_ndims(space), place, "its shape cannot be read");
  HGQ_CHECK(rank <= Shape::kMaxRank, FileError, place, ": has ", rank, " dims; at most ", Shape::kMaxRank,
            " can be read");
  std::array<hsize_t, H5S_MAX_RANK> dims{};
  must(H5Sget_simple_extent_dims(space, dims.data(), nullptr), place, "its shape cannot be read");
  return {dims.begin(), dims.begin() + rank};
}

TypeClass class_of(int64_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_ENUM:  // numpy's booleans
      return TypeClass::kInteger;
    case H5T_FLOAT:
      return TypeClass::kFloat;
    case H5T_STRING:
      return TypeClass::kString;
    case H5T_COMPOUND:
      return TypeClass::kCompound;
    default:
      return TypeClass::kOther;
  }
}

const char* class_text(TypeClass type) {
  switch (type) {
    case TypeClass::kInteger:
      return "integers";
    case TypeClass::kFloat:
      return "floating-point numbers";
    case TypeClass::kString:
      return "text";
    case TypeClass::kCompound:
      return "a compound type";
    case TypeClass::kOther:
      break;
  }
  return "values that are neither numbers nor text";
}

Id variable_string_type(const std::string& place) {
  Id type = own(H5Tcopy(H5T_C_S1), place, "no string type");
  must(H5Tset_size(*type, H5T_VARIABLE), place, "no string type of variable length");
  must(H5Tset_cset(*type, H5T_CSET_UTF8), place, "no UTF-8 string type");
  return type;
}

Id string_memory_type(int64_t file_type, bool variable, const std::string& place) {
  if (!variable) return own(H5Tcopy(file_type), place, "its string type cannot be read");
  Id type = variable_string_type(place);
  must(H5Tset_cset(*type, H5Tget_cset(file_type)), place, "its character set cannot be read");
  return type;
}

std::string fixed_string(int64_t file_type, const char* bytes, size_t size) {
  std::string text(bytes, size);
  const H5T_str_t padding = H5Tget_strpad(file_type);
  const size_t end = padding == H5T_STR_NULLTERM   ? text.find('\0')
                     : padding == H5T_STR_SPACEPAD ? text.find_last_not_of(' ') + 1
                                                   : text.find_last_not_of('\0') + 1;
  text.resize(std::min(end, text.size()));
  return text;
}

Id open_dataset(int64_t group, const std::string& path, const std::string& file, Permissions& permissions,
                const std::string& place) {
  const LinkAccess access(permissions, LinkAccess::To::kDataset);
  Id dataset = own(H5Dopen2(group, path.c_str(), access.id()), place, "cannot be opened as a dataset");
  const Id creation = own(H5Dget_create_plist(*dataset), place, "its properties cannot be read");
  if (permissions.checked_sets.contains(place)) return dataset;
  check_no_external_storage(*creation, place);
  check_filters(*creation, place);
  check_chunks(*dataset, *creation, place);
  check_claimed_size(*dataset, *creation, place);
  check_sources(*creation, file_of(*dataset, file), permissions, place);
  permissions.checked_sets.insert(place);
  return dataset;
}

}  // namespace hgq::h5
