#include "hgq/data/h5_source.h"

#include <hdf5.h>

#include <algorithm>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/data/claimed_size.h"
#include "hgq/data/h5.h"

namespace hgq::h5 {

std::vector<std::string> column_names(int64_t type, const std::string& place) {
  std::vector<std::string> names;
  const int64_t count = must(H5Tget_nmembers(type), place, "its columns cannot be read");
  for (unsigned i = 0; i < static_cast<unsigned>(count); ++i) {
    char* name = H5Tget_member_name(type, i);
    HGQ_CHECK(name != nullptr, FileError, place, ": the name of column ", i, " cannot be read (", library_reason(),
              ")");
    names.emplace_back(name);
    H5free_memory(name);
  }
  return names;
}

ColumnPath split_columns(const std::string& path) {
  const size_t open = path.find('[');
  if (open == std::string::npos || !path.ends_with(']')) return {path, {}};
  ColumnPath out{path.substr(0, open), {}};
  std::string name;
  for (size_t i = open + 1; i < path.size(); ++i) {
    if (path[i] == ',' || i + 1 == path.size()) {
      const size_t begin = name.find_first_not_of(' ');
      out.columns.push_back(begin == std::string::npos ? ""
                                                       : name.substr(begin, name.find_last_not_of(' ') + 1 - begin));
      name.clear();
    } else {
      name += path[i];
    }
  }
  return out;
}

std::string names_or_none(const std::vector<std::string>& names) {
  return names.empty() ? "none" : quoted_names(names);
}

Column find_column(int64_t type, const std::string& name, const std::vector<std::string>& there,
                   const std::string& place) {
  const auto found = std::ranges::find(there, name);
  HGQ_CHECK(found != there.end(), FileError, place, ": has no column '", name, "'; its columns are ",
            names_or_none(there), did_you_mean(name, there, "; "));
  Column column{name,
                1,
                own(H5Tget_member_type(type, static_cast<unsigned>(found - there.begin())), place,
                    "a column's type cannot be read"),
                {}};
  if (H5Tget_class(*column.number_type) == H5T_ARRAY) {
    const int64_t rank = must(H5Tget_array_ndims(*column.number_type), place, "a column's shape cannot be read");
    column.extents.resize(static_cast<size_t>(rank));
    must(H5Tget_array_dims2(*column.number_type, column.extents.data()), place, "a column's shape cannot be read");
    column.width = claimed_elements(std::vector<uint64_t>(column.extents.begin(), column.extents.end()), place);
    column.number_type = own(H5Tget_super(*column.number_type), place, "a column's type cannot be read");
  }
  const TypeClass held = class_of(*column.number_type);
  HGQ_CHECK(held == TypeClass::kInteger || held == TypeClass::kFloat, FileError, place, ": column '", name, "' holds ",
            class_text(held), ", expected numbers");
  return column;
}

void choose_columns(Source& source, const std::vector<std::string>& names) {
  HGQ_CHECK(class_of(*source.type) == TypeClass::kCompound, FileError, source.place,
            ": columns are asked for by [...], but the dataset has no columns: it holds ",
            class_text(class_of(*source.type)));
  const std::vector<std::string> there = column_names(*source.type, source.place);
  int64_t width = 0;
  for (const std::string& name : names) {
    HGQ_CHECK(std::ranges::count(names, name) == 1, FileError, source.place, ": column '", name,
              "' is asked for twice");
    source.columns.push_back(find_column(*source.type, name, there, source.place));
    width += source.columns.back().width;
  }
  source.shape = source.shape.with_back(width);
}

}  // namespace hgq::h5
