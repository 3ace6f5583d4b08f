#include <hdf5.h>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/data/claimed_size.h"
#include "hgq/data/h5.h"
#include "hgq/data/h5_native.h"

namespace hgq::h5 {
namespace {

/// Attributes are read as a whole; a larger one is a sign of a damaged file.
constexpr int64_t kLargestAttribute = int64_t{1} << 30U;

struct Attribute {
  Id id;
  Id type;
  std::string place;
  int64_t count = 0;
};

herr_t append_attribute_name(hid_t /*object*/, const char* name, const H5A_info_t* /*info*/, void* names) {
  try {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  } catch (const std::exception&) {  // exceptions must not pass through C; the caller sees that the iteration failed
    return -1;
  }
}

Attribute open_attribute(const Group& group, int64_t object, const std::string& name) {
  Attribute attribute;
  attribute.place = concat(group.place(), ", attribute '", name, "'");
  if (!group.has_attribute(name)) {
    const std::vector<std::string> there = group.attribute_names();
    throw FileError(
        concat(attribute.place, ": does not exist; there are ", there.empty() ? "none" : quoted_names(there)));
  }
  attribute.id = own(H5Aopen(object, name.c_str(), H5P_DEFAULT), attribute.place, "cannot be opened");
  attribute.type = own(H5Aget_type(*attribute.id), attribute.place, "its type cannot be read");
  const Id space = own(H5Aget_space(*attribute.id), attribute.place, "its shape cannot be read");
  attribute.count = claimed_elements(extents_of(*space, attribute.place), attribute.place);
  const auto bytes = static_cast<int64_t>(H5Tget_size(*attribute.type));
  HGQ_CHECK(bytes > 0 && attribute.count <= kLargestAttribute / bytes, FileError, attribute.place, ": claims ",
            attribute.count, " values of ", bytes, " bytes; the file is damaged");
  return attribute;
}

std::vector<std::string> variable_texts(const Attribute& attribute) {
  const Id type = string_memory_type(*attribute.type, true, attribute.place);
  std::vector<char*> texts(static_cast<size_t>(attribute.count), nullptr);
  must(H5Aread(*attribute.id, *type, static_cast<void*>(texts.data())), attribute.place, "cannot be read");
  std::vector<std::string> out;
  for (const char* text : texts) out.emplace_back(text == nullptr ? "" : text);
  const Id space = own(H5Aget_space(*attribute.id), attribute.place, "its shape cannot be read");
  H5Dvlen_reclaim(*type, *space, H5P_DEFAULT, static_cast<void*>(texts.data()));
  return out;
}

std::vector<std::string> fixed_texts(const Attribute& attribute) {
  const size_t size = H5Tget_size(*attribute.type);
  std::vector<char> bytes(static_cast<size_t>(attribute.count) * size);
  must(H5Aread(*attribute.id, *string_memory_type(*attribute.type, false, attribute.place), bytes.data()),
       attribute.place, "cannot be read");
  std::vector<std::string> out;
  for (size_t i = 0; i < static_cast<size_t>(attribute.count); ++i)
    out.push_back(fixed_string(*attribute.type, bytes.data() + i * size, size));
  return out;
}

template <typename T>
std::vector<T> numbers(const Attribute& attribute, int64_t native) {
  const TypeClass held = class_of(*attribute.type);
  HGQ_CHECK(held == TypeClass::kInteger || held == TypeClass::kFloat, FileError, attribute.place, ": holds ",
            class_text(held), ", expected numbers");
  std::vector<T> values(static_cast<size_t>(attribute.count));
  if (!values.empty()) must(H5Aread(*attribute.id, native, values.data()), attribute.place, "cannot be read");
  return values;
}

template <typename T>
T only_one(const std::vector<T>& values, const std::string& place) {
  HGQ_CHECK(values.size() == 1, FileError, place, ": holds ", values.size(), " values, expected one");
  return values.front();
}

/// Creates and writes the attribute; it replaces one of the same name.
void write_values(int64_t object, const std::string& place, const std::string& name, int64_t file_type,
                  int64_t memory_type, const Id& space, const void* values) {
  if (H5Aexists(object, name.c_str()) > 0) must_write(H5Adelete(object, name.c_str()), place, "cannot be replaced");
  const int64_t id = must_write(H5Acreate2(object, name.c_str(), file_type, *space, H5P_DEFAULT, H5P_DEFAULT), place,
                                "cannot be created");
  const Id attribute = own(id, place, "cannot be created");
  if (values != nullptr) must_write(H5Awrite(*attribute, memory_type, values), place, "cannot be written");
}

}  // namespace

bool Group::has_attribute(const std::string& name) const {
  return must(H5Aexists(*object_, name.c_str()), place(), "its attributes cannot be read") > 0;
}

std::vector<std::string> Group::attribute_names() const {
  std::vector<std::string> names;
  hsize_t position = 0;
  must(H5Aiterate2(*object_, H5_INDEX_NAME, H5_ITER_INC, &position, append_attribute_name, &names), place(),
       "its attributes cannot be listed");
  return names;
}

std::string Group::attribute_string(const std::string& name) const {
  return only_one(attribute_strings(name), concat(place(), ", attribute '", name, "'"));
}

std::vector<std::string> Group::attribute_strings(const std::string& name) const {
  const Attribute attribute = open_attribute(*this, *object_, name);
  if (attribute.count == 0) return {};
  const TypeClass held = class_of(*attribute.type);
  HGQ_CHECK(held == TypeClass::kString, FileError, attribute.place, ": holds ", class_text(held), ", expected text");
  return H5Tis_variable_str(*attribute.type) > 0 ? variable_texts(attribute) : fixed_texts(attribute);
}

double Group::attribute_double(const std::string& name) const {
  return only_one(attribute_doubles(name), concat(place(), ", attribute '", name, "'"));
}

std::vector<double> Group::attribute_doubles(const std::string& name) const {
  return numbers<double>(open_attribute(*this, *object_, name), H5T_NATIVE_DOUBLE);
}

int64_t Group::attribute_integer(const std::string& name) const {
  const Attribute attribute = open_attribute(*this, *object_, name);
  HGQ_CHECK(class_of(*attribute.type) == TypeClass::kInteger, FileError, attribute.place, ": holds ",
            class_text(class_of(*attribute.type)), ", expected an integer");
  return only_one(numbers<int64_t>(attribute, H5T_NATIVE_INT64), attribute.place);
}

void Group::set_attribute(const std::string& name, const std::string& value) {
  const std::string where = concat(place(), ", attribute '", name, "'");
  const Id type = variable_string_type(where);
  const char* text = value.c_str();
  write_values(*object_, where, name, *type, *type, own(H5Screate(H5S_SCALAR), where, "no dataspace"),
               static_cast<const void*>(&text));
}

void Group::set_attribute(const std::string& name, std::span<const std::string> values) {
  const std::string where = concat(place(), ", attribute '", name, "'");
  const hsize_t count = values.size();
  const Id space = own(H5Screate_simple(1, &count, nullptr), where, "no dataspace");
  if (values.empty()) return write_values(*object_, where, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, space, nullptr);
  const Id type = variable_string_type(where);
  std::vector<const char*> texts;
  for (const std::string& value : values) texts.push_back(value.c_str());
  write_values(*object_, where, name, *type, *type, space, static_cast<const void*>(texts.data()));
}

void Group::set_attribute(const std::string& name, double value) {
  const std::string where = concat(place(), ", attribute '", name, "'");
  write_values(*object_, where, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
               own(H5Screate(H5S_SCALAR), where, "no dataspace"), &value);
}

void Group::set_attribute(const std::string& name, int64_t value) {
  const std::string where = concat(place(), ", attribute '", name, "'");
  write_values(*object_, where, name, H5T_STD_I64LE, H5T_NATIVE_INT64,
               own(H5Screate(H5S_SCALAR), where, "no dataspace"), &value);
}

}  // namespace hgq::h5
