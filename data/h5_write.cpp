#include <hdf5.h>

#include <array>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"
#include "hgq/data/h5_native.h"
#include "hgq/data/h5_written_file.h"

namespace hgq::h5 {
namespace {

Id space_of(const Shape& shape, const std::string& place) {
  if (shape.rank() == 0) return own(H5Screate(H5S_SCALAR), place, "no dataspace");
  std::array<hsize_t, Shape::kMaxRank> extents{};
  for (int i = 0; i < shape.rank(); ++i) extents[static_cast<size_t>(i)] = static_cast<hsize_t>(shape[i]);
  return own(H5Screate_simple(shape.rank(), extents.data(), nullptr), place, "no dataspace");
}

Id create(int64_t group, const std::string& path, const std::string& place, int64_t file_type, const Shape& shape) {
  const Id links = own(H5Pcreate(H5P_LINK_CREATE), place, "no link properties");
  const Id creation = own(H5Pcreate(H5P_DATASET_CREATE), place, "no creation properties");
  must(H5Pset_create_intermediate_group(*links, 1), place, "no intermediate groups");
  must(H5Pset_obj_track_times(*creation, false), place, "times cannot be left out");  // equal content, equal file
  const Id space = space_of(shape, place);
  const int64_t id = must_write(H5Dcreate2(group, path.c_str(), file_type, *space, *links, *creation, H5P_DEFAULT),
                                place, "cannot be created");
  return own(id, place, "cannot be created");
}

void write(int64_t group, const std::string& path, const std::string& place, int64_t file_type, int64_t memory_type,
           const Shape& shape, size_t count, const void* values) {
  HGQ_CHECK(static_cast<int64_t>(count) == shape.size(), ShapeError, place, ": shape ", shape, " has ", shape.size(),
            " values, ", count, " are given");
  const Id dataset = create(group, path, place, file_type, shape);
  if (count == 0) return;
  must_write(H5Dwrite(*dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), place, "cannot be written");
}

}  // namespace

void Group::write_floats(const std::string& path, ConstTensorView values) {
  check_is_free(path);
  write(*object_, path, place(path), H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.shape, static_cast<size_t>(values.size()),
        values.data);
}

void Group::create_floats(const std::string& path, const Shape& shape) {
  check_is_free(path);
  create(*object_, path, place(path), H5T_IEEE_F32LE, shape);
}

void File::write_rows(const std::string& path, int64_t first, ConstTensorView values) {
  const std::string here = place(path);
  const Id dataset = own(H5Dopen2(*object_, path.c_str(), H5P_DEFAULT), here, "cannot be opened");
  const Id space = own(H5Dget_space(*dataset), here, "no dataspace");
  const Id memory = space_of(values.shape, here);
  std::array<hsize_t, Shape::kMaxRank> start{static_cast<hsize_t>(first)};
  std::array<hsize_t, Shape::kMaxRank> counts{};
  for (int i = 0; i < values.shape.rank(); ++i) counts[static_cast<size_t>(i)] = static_cast<hsize_t>(values.shape[i]);
  must(H5Sselect_hyperslab(*space, H5S_SELECT_SET, start.data(), nullptr, counts.data(), nullptr), here,
       "has no such rows");
  must_write(H5Dwrite(*dataset, H5T_NATIVE_FLOAT, *memory, *space, H5P_DEFAULT, values.data), here,
             "cannot be written");
  if (written_) written_->check();
}

void Group::write_doubles(const std::string& path, std::span<const double> values, const Shape& shape) {
  check_is_free(path);
  write(*object_, path, place(path), H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, shape, values.size(), values.data());
}

void Group::write_int8(const std::string& path, std::span<const int8_t> values, const Shape& shape) {
  check_is_free(path);
  write(*object_, path, place(path), H5T_STD_I8LE, H5T_NATIVE_INT8, shape, values.size(), values.data());
}

void Group::write_int32(const std::string& path, std::span<const int32_t> values, const Shape& shape) {
  check_is_free(path);
  write(*object_, path, place(path), H5T_STD_I32LE, H5T_NATIVE_INT32, shape, values.size(), values.data());
}

void Group::write_int64(const std::string& path, std::span<const int64_t> values, const Shape& shape) {
  check_is_free(path);
  write(*object_, path, place(path), H5T_STD_I64LE, H5T_NATIVE_INT64, shape, values.size(), values.data());
}

void Group::write_strings(const std::string& path, std::span<const std::string> values) {
  check_is_free(path);
  const Id type = variable_string_type(place(path));
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  write(*object_, path, place(path), *type, *type, Shape{static_cast<int64_t>(values.size())}, values.size(),
        static_cast<const void*>(texts.data()));
}

}  // namespace hgq::h5
