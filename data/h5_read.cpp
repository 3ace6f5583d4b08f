#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/data/claimed_size.h"
#include "hgq/data/h5.h"
#include "hgq/data/h5_external.h"
#include "hgq/data/h5_native.h"
#include "hgq/data/h5_packing.h"
#include "hgq/data/h5_source.h"

namespace hgq::h5 {
namespace {

Shape shape_of(int64_t dataset, const std::string& place) {
  const Id space = own(H5Dget_space(dataset), place, "its shape cannot be read");
  std::vector<int64_t> dims;
  for (const uint64_t extent : extents_of(*space, place)) dims.push_back(static_cast<int64_t>(extent));
  return Shape(dims);
}

void choose_rows(Source& source, int64_t first, int64_t count) {
  const int64_t rows = source.shape.rank() == 0 ? 1 : source.shape[0];
  source.first = first;
  source.count = count < 0 ? rows - first : count;
  HGQ_CHECK(first >= 0 && first <= rows && source.count <= rows - first, FileError, source.place, ": has ", rows,
            " rows, rows ", first, " to ", first + source.count, " are asked for");
}

/// The rows to read, as a selection in the file.
Id file_selection(const Source& source) {
  Id space = own(H5Dget_space(*source.dataset), source.place, "its shape cannot be read");
  const int rank = H5Sget_simple_extent_ndims(*space);
  if (rank == 0 || (source.first == 0 && source.count == source.shape[0])) return space;
  std::array<hsize_t, H5S_MAX_RANK> start{};
  std::array<hsize_t, H5S_MAX_RANK> extent{};
  H5Sget_simple_extent_dims(*space, extent.data(), nullptr);
  start[0] = static_cast<hsize_t>(source.first);
  extent[0] = static_cast<hsize_t>(source.count);
  must(H5Sselect_hyperslab(*space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr), source.place,
       "its rows cannot be selected");
  return space;
}

/// Checks that the chunks that are read next unpack to the size that they claim.
void check_wanted_chunks(const Source& source) {
  Permissions& permissions = *source.permissions;
  if (permissions.watched) return;
  const Id creation = own(H5Dget_create_plist(*source.dataset), source.place, "its properties cannot be read");
  std::vector<bool>& checked = permissions.checked_chunks[source.place];
  if (H5Pget_layout(*creation) == H5D_VIRTUAL) {
    if (checked.empty()) check_chunks_of_sources(*creation, source.file, permissions);
    checked.assign(1, true);
  } else {
    check_unpacking(*source.dataset, *creation, source.first, source.count, checked, source.place);
  }
}

/// Reads the rows as `memory_type` into `values`, which has room for `elements` of them.
void read_selected(const Source& source, int64_t memory_type, int64_t elements, void* values) {
  if (elements == 0) return;
  check_wanted_chunks(source);
  const Id in_file = file_selection(source);
  const auto count = static_cast<hsize_t>(elements);
  const Id in_memory = own(H5Screate_simple(1, &count, nullptr), source.place, "no dataspace in memory");
  must(H5Dread(*source.dataset, memory_type, *in_memory, *in_file, H5P_DEFAULT, values), source.place,
       "its values cannot be read; the file is damaged or cut off");
}

/// The columns side by side as one compound of `number` in memory.
Id columns_memory_type(const Source& source, int64_t number, size_t number_bytes) {
  Id type = own(H5Tcreate(H5T_COMPOUND, number_bytes * static_cast<size_t>(source.shape[-1])), source.place,
                "no compound type");
  size_t offset = 0;
  for (const Column& column : source.columns) {
    Id member;
    if (!column.extents.empty()) {
      member = own(H5Tarray_create2(number, static_cast<unsigned>(column.extents.size()), column.extents.data()),
                   source.place, "no array type");
    }
    must(H5Tinsert(*type, column.name.c_str(), offset, member ? *member : number), source.place, "no compound type");
    offset += number_bytes * static_cast<size_t>(column.width);
  }
  return type;
}

/// Reads numbers, whatever their type in the file, as `native` of type T.
template <typename T>
void read_numbers(const Source& source, int64_t native, std::span<T> out) {
  const int64_t elements = source.count * source.row_size();
  HGQ_CHECK(static_cast<int64_t>(out.size()) >= elements, ShapeError, source.place, ": ", elements,
            " values do not fit into a buffer of ", out.size());
  if (source.columns.empty()) {
    const TypeClass held = class_of(*source.type);
    HGQ_CHECK(held == TypeClass::kInteger || held == TypeClass::kFloat, FileError, source.place, ": holds ",
              class_text(held), ", expected numbers",
              held == TypeClass::kCompound ? concat("; choose columns by [NAME,...] of ",
                                                    names_or_none(column_names(*source.type, source.place)))
                                           : "");
    read_selected(source, native, elements, out.data());
  } else {
    const Id type = columns_memory_type(source, native, sizeof(T));
    read_selected(source, *type, elements / source.shape[-1], out.data());
  }
}

bool all_integers(const Source& source) {
  if (source.columns.empty()) return class_of(*source.type) == TypeClass::kInteger;
  return std::ranges::all_of(source.columns,
                             [](const Column& c) { return class_of(*c.number_type) == TypeClass::kInteger; });
}

bool any_unsigned_64(const Source& source) {
  const auto is = [](const Id& type) { return H5Tget_size(*type) == 8 && H5Tget_sign(*type) == H5T_SGN_NONE; };
  if (source.columns.empty()) return is(source.type);
  return std::ranges::any_of(source.columns, [&](const Column& c) { return is(c.number_type); });
}

std::vector<int64_t> integers_of_unsigned(const Source& source) {
  std::vector<uint64_t> values(static_cast<size_t>(source.count * source.row_size()));
  read_numbers<uint64_t>(source, H5T_NATIVE_UINT64, values);
  for (const uint64_t value : values) {
    HGQ_CHECK(value <= static_cast<uint64_t>(INT64_MAX), FileError, source.place, ": holds ", value,
              ", more than 2^63 - 1");
  }
  return {values.begin(), values.end()};
}

std::vector<int64_t> integers_of_floats(const Source& source) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  std::vector<double> values(static_cast<size_t>(source.count * source.row_size()));
  read_numbers<double>(source, H5T_NATIVE_DOUBLE, values);
  std::vector<int64_t> out;
  out.reserve(values.size());
  for (const double value : values) {
    HGQ_CHECK(std::abs(value) <= kExact && std::trunc(value) == value, FileError, source.place, ": holds ", value,
              ", expected an integer");
    out.push_back(static_cast<int64_t>(value));
  }
  return out;
}

/// The file that a group lies in.
struct Home {
  const std::string& file;
  Permissions& permissions;
};

Source open_source(int64_t group, const Home& home, const std::string& place, const std::string& path,
                   const std::vector<std::string>& columns) {
  Source source;
  source.place = place;
  source.file = home.file;
  source.permissions = &home.permissions;
  source.dataset = open_dataset(group, path, home.file, home.permissions, source.place);
  source.type = own(H5Dget_type(*source.dataset), source.place, "its type cannot be read");
  source.shape = shape_of(*source.dataset, source.place);
  if (!columns.empty()) choose_columns(source, columns);
  return source;
}

std::vector<std::string> read_variable_strings(const Source& source) {
  const Id type = string_memory_type(*source.type, true, source.place);
  const auto elements = static_cast<hsize_t>(source.count * source.row_size());
  std::vector<char*> texts(elements, nullptr);
  read_selected(source, *type, static_cast<int64_t>(elements), static_cast<void*>(texts.data()));
  std::vector<std::string> out;
  out.reserve(elements);
  for (const char* text : texts) out.emplace_back(text == nullptr ? "" : text);
  if (elements > 0) {
    const Id space = own(H5Screate_simple(1, &elements, nullptr), source.place, "no dataspace in memory");
    H5Dvlen_reclaim(*type, *space, H5P_DEFAULT, static_cast<void*>(texts.data()));
  }
  return out;
}

std::vector<std::string> read_fixed_strings(const Source& source) {
  const size_t size = H5Tget_size(*source.type);
  const int64_t elements = source.count * source.row_size();
  check_fits_memory(2 * elements * static_cast<int64_t>(size), source.place);
  std::vector<char> bytes(static_cast<size_t>(elements) * size);
  read_selected(source, *string_memory_type(*source.type, false, source.place), elements, bytes.data());
  std::vector<std::string> out;
  out.reserve(static_cast<size_t>(elements));
  for (size_t i = 0; i < static_cast<size_t>(elements); ++i)
    out.push_back(fixed_string(*source.type, bytes.data() + i * size, size));
  return out;
}

/// Opens the dataset at `path`, or some of its columns. If there is an object whose name contains the brackets, that
/// one is meant.
Source find_source(const Group& group, int64_t id, const Home& home, const std::string& path, const std::string& place,
                   auto&& check_is_there) {
  ColumnPath split = split_columns(path);
  if (!split.columns.empty() && group.has(path)) split = {path, {}};
  if (!group.is_dataset(split.path)) {
    check_is_there(split.path);
    throw FileError(concat(
        place, ": is a group, expected a dataset; it holds ",
        names_or_none(group.is_group(split.path) ? group.group(split.path).names() : std::vector<std::string>{})));
  }
  return open_source(id, home, place, split.path, split.columns);
}

/// The number that libhdf5 gives for values that were never written.
std::string fill_text(const Source& source, int64_t creation) {
  double value = 0;
  const TypeClass held = class_of(*source.type);
  const bool number = held == TypeClass::kInteger || held == TypeClass::kFloat;
  const bool known = number && H5Pget_fill_value(creation, H5T_NATIVE_DOUBLE, &value) >= 0;
  H5Eclear2(H5E_DEFAULT);
  return known ? concat(value) : std::string("the fill value");
}

/// Fills in the bytes that the values take in the file, and a note if some were never written.
void describe_storage(const Source& source, int64_t creation, const std::string& file, const Permissions& permissions,
                      DatasetInfo& info) {
  if (H5Pget_layout(creation) == H5D_VIRTUAL) {
    info.stored_bytes = stored_in_sources(creation, file, permissions);
    const int64_t unmapped = unmapped_values(creation, source.shape.size());
    if (unmapped > 0)
      info.note =
          concat(source.place, ": ", unmapped, " of ", source.shape.size(),
                 " values come from no source of this virtual dataset, and are read as ", fill_text(source, creation));
    return;
  }
  info.stored_bytes =
      static_cast<int64_t>(std::min<hsize_t>(H5Dget_storage_size(*source.dataset), static_cast<hsize_t>(INT64_MAX)));
  if (source.shape.size() == 0) return;
  const ChunkCount chunks = count_chunks(*source.dataset, creation);
  const std::string rows = source.shape.rank() == 0 ? "its value is" : concat("all ", source.shape[0], " rows are");
  if (info.stored_bytes == 0) {
    info.note = concat(source.place, ": was never written: ", rows, " read as ", fill_text(source, creation));
  } else if (chunks.stored < chunks.all) {
    info.note = concat(source.place, ": ", chunks.all - chunks.stored, " of ", chunks.all,
                       " chunks were never written; their values are read as ", fill_text(source, creation));
  }
}

}  // namespace

void Group::check_chunks(const std::string& path) const {
  Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                              [&](const std::string& p) { check_is_there(p); });
  choose_rows(source, 0, -1);
  check_wanted_chunks(source);
}

DatasetInfo Group::info(const std::string& path) const {
  const Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                                    [&](const std::string& p) { check_is_there(p); });
  DatasetInfo info;
  info.shape = source.shape;
  info.type = class_of(*source.type);
  info.bytes = static_cast<int>(H5Tget_size(*source.type));
  info.is_signed =
      info.type == TypeClass::kFloat || (info.type == TypeClass::kInteger && H5Tget_sign(*source.type) == H5T_SGN_2);
  if (info.type == TypeClass::kCompound) info.columns = column_names(*source.type, source.place);
  if (!source.columns.empty()) info.type = all_integers(source) ? TypeClass::kInteger : TypeClass::kFloat;
  const Id creation = own(H5Dget_create_plist(*source.dataset), source.place, "its properties cannot be read");
  std::array<hsize_t, H5S_MAX_RANK> chunk{};
  if (H5Pget_layout(*creation) == H5D_CHUNKED && H5Pget_chunk(*creation, H5S_MAX_RANK, chunk.data()) > 0) {
    info.chunk_rows = static_cast<int64_t>(chunk[0]);
    info.chunk_bytes = chunk_bytes(*source.dataset, *creation);
    info.packing = packing_of(*creation);
  }
  describe_storage(source, *creation, file_name_, *permissions_, info);
  return info;
}

Tensor Group::read_floats(const std::string& path, int64_t first, int64_t count) const {
  Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                              [&](const std::string& p) { check_is_there(p); });
  choose_rows(source, first, count);
  check_fits_memory(source.count * source.row_size() * static_cast<int64_t>(sizeof(float)), source.place);
  Tensor out(source.wanted_shape());
  read_numbers<float>(source, H5T_NATIVE_FLOAT, out.values());
  return out;
}

void Group::read_floats_into(const std::string& path, int64_t first, int64_t count, std::span<float> out) const {
  Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                              [&](const std::string& p) { check_is_there(p); });
  choose_rows(source, first, count);
  read_numbers<float>(source, H5T_NATIVE_FLOAT, out);
}

void Group::read_doubles_into(const std::string& path, int64_t first, int64_t count, std::span<double> out) const {
  Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                              [&](const std::string& p) { check_is_there(p); });
  choose_rows(source, first, count);
  read_numbers<double>(source, H5T_NATIVE_DOUBLE, out);
}

void Group::read_long_doubles_into(const std::string& path, int64_t first, int64_t count,
                                   std::span<long double> out) const {
  Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                              [&](const std::string& p) { check_is_there(p); });
  choose_rows(source, first, count);
  read_numbers<long double>(source, H5T_NATIVE_LDOUBLE, out);
}

std::vector<double> Group::read_doubles(const std::string& path, int64_t first, int64_t count) const {
  Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                              [&](const std::string& p) { check_is_there(p); });
  choose_rows(source, first, count);
  check_fits_memory(source.count * source.row_size() * static_cast<int64_t>(sizeof(double)), source.place);
  std::vector<double> out(static_cast<size_t>(source.count * source.row_size()));
  read_numbers<double>(source, H5T_NATIVE_DOUBLE, out);
  return out;
}

std::vector<int64_t> Group::read_integers(const std::string& path, int64_t first, int64_t count) const {
  Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                              [&](const std::string& p) { check_is_there(p); });
  choose_rows(source, first, count);
  check_fits_memory(2 * source.count * source.row_size() * static_cast<int64_t>(sizeof(int64_t)), source.place);
  if (!all_integers(source)) return integers_of_floats(source);
  if (any_unsigned_64(source)) return integers_of_unsigned(source);
  std::vector<int64_t> out(static_cast<size_t>(source.count * source.row_size()));
  read_numbers<int64_t>(source, H5T_NATIVE_INT64, out);
  return out;
}

std::vector<std::string> Group::read_strings(const std::string& path, int64_t first, int64_t count) const {
  Source source = find_source(*this, *object_, {file_name_, *permissions_}, path, place(path),
                              [&](const std::string& p) { check_is_there(p); });
  HGQ_CHECK(source.columns.empty() && class_of(*source.type) == TypeClass::kString, FileError, source.place, ": holds ",
            class_text(class_of(*source.type)), ", expected text");
  choose_rows(source, first, count);
  return H5Tis_variable_str(*source.type) > 0 ? read_variable_strings(source) : read_fixed_strings(source);
}

}  // namespace hgq::h5
