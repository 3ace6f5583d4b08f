#include "hgq/data/data_config.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string_view>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/data/claimed_size.h"

namespace hgq {
namespace {

constexpr double kGibibyte = 1024.0 * 1024.0 * 1024.0;

std::string resolved(const std::string& folder, const std::string& path) {
  return path.empty() ? path : (std::filesystem::path(folder) / path).lexically_normal().string();
}

/// The names of one array, from "x", "[a, b]" or "3"; empty after an error.
std::vector<std::string> read_names(const Node& node, const std::string& what, ErrorList& errors) {
  std::vector<std::string> names;
  if (node.is_scalar() && !node.text().empty()) return {node.text()};
  for (const Node& item : node.items()) {
    if (item.is_scalar() && !item.text().empty()) {
      names.push_back(item.text());
    } else {
      errors.add(item.place(), concat(what, ": expected the name or number of a column"));
    }
  }
  if (names.empty() && (!node.is_list() || node.items().empty())) {
    errors.add(node.place(), concat(what, ": expected the name of a dataset or a list of columns"));
  }
  return names;
}

/// A name, a list of columns, or {file: ..., name: ...}.
ArraySpec read_array(const Node& node, const std::string& what, const std::string& folder, ErrorList& errors) {
  ArraySpec array;
  array.place = node.place();
  if (!node.is_map()) {
    array.names = read_names(node, what, errors);
    return array;
  }
  ConfigReader reader(node, what, errors);
  array.file = resolved(folder, reader.text("file", "file of this array alone", std::nullopt));
  if (const Node* name = reader.node("name", "dataset, array or columns in it"))
    array.names = read_names(*name, what + ".name", errors);
  reader.finish();
  return array;
}

/// Reads one array, or a map of layers to arrays. If the key is not given, the array is `fallback`, or none if that is
/// empty. A map with the key `file` is one array.
std::vector<NamedArray> read_arrays(ConfigReader& reader, const std::string& key, const std::string& doc,
                                    const std::string& fallback, const std::string& folder) {
  const Node* node = reader.node(key, doc, "arrays", fallback.empty() ? "none" : fallback);
  const std::string what = concat(reader.section(), ".", key);
  if (node == nullptr && fallback.empty()) return {};
  if (node == nullptr) return {{"", {"", {fallback}, reader.map().place()}}};
  if (!node->is_map() || node->find("file") != nullptr) return {{"", read_array(*node, what, folder, reader.errors())}};
  std::vector<NamedArray> arrays;
  for (const auto& [layer, value] : node->entries()) {
    arrays.push_back({layer, read_array(value, concat(what, ".", layer), folder, reader.errors())});
  }
  if (arrays.empty()) reader.errors().add(node->place(), concat(what, ": the map is empty; expected LAYER: DATASET"));
  return arrays;
}

/// The set of `validation` or `test`: for keys that are not given, those of the training set.
SetSpec read_set(const Node& node, const std::string& section, const SetSpec& train, const std::string& folder,
                 ErrorList& errors) {
  ConfigReader reader(node, section, errors);
  SetSpec set;
  if (!node.is_map()) return set;  // the reader has reported it
  set.file = reader.has("file")
                 ? resolved(folder, reader.text("file", "file of this set, if another than data.file", std::nullopt))
                 : train.file;
  if (!reader.has("file") && !reader.has("inputs")) {
    errors.add(node.place(), concat(section, ": needs inputs, or a file of its own"));
  }
  set.inputs = reader.has("inputs") ? read_arrays(reader, "inputs", "as data.inputs", "x", folder) : train.inputs;
  set.targets = reader.has("targets") ? read_arrays(reader, "targets", "as data.targets", "y", folder) : train.targets;
  const bool rows_of_its_own = reader.has("inputs") || reader.has("targets");
  set.weights = read_arrays(reader, "sample_weights", "as data.sample_weights", "", folder);
  if (!reader.has("sample_weights") && !rows_of_its_own) set.weights = train.weights;
  if (reader.has("inputs") && !reader.has("targets") && !reader.has("file")) {
    errors.add(node.place(), concat(section, ": has inputs of its own, so it needs targets too"));
  }
  reader.finish();
  return set;
}

void read_validation(ConfigReader& reader, const std::string& folder, DataConfig& config) {
  const Node* node =
      reader.node("validation",
                  "rows that are not used for training, measured after each epoch (val_...): a share of the "
                  "training rows, or a set of its own",
                  "a number in (0, 1), or a set", "none");
  if (node == nullptr) return;
  if (node->is_map()) {
    config.validation = read_set(*node, "data.validation", config.train, folder, reader.errors());
    return;
  }
  const std::optional<double> share = node->is_scalar() ? decimal_number(*node) : std::nullopt;
  if (share && *share > 0.0 && *share < 1.0) {
    config.validation_share = share;
  } else {
    reader.error("validation",
                 concat("found ", node->is_scalar() ? concat("'", node->text(), "'") : std::string("a list"),
                        ", expected a share between 0 and 1, or {inputs: ..., targets: ...}"));
  }
}

/// A kind for all regressions, or {OUTPUT: KIND, ...}.
void read_target_scales(ConfigReader& reader, DataConfig& config) {
  const Node* const node =
      reader.node("scale_targets",
                  "how the targets of regressions are scaled, in the same way; metrics and "
                  "predictions are in the unit of the file; {OUTPUT: ..., ...} for several outputs",
                  "none, standard, minmax, power_of_two", "none");
  if (node == nullptr) return;
  config.target_scales_place = node->place();
  if (node->is_map()) {
    ConfigReader by_output(*node, "data.scale_targets", reader.errors());
    for (const auto& [output, value] : node->entries())
      config.target_scales.emplace_back(output,
                                        scale_kind_of(by_output.choice(output, "", scale_kind_names(), "none")));
    return;
  }
  const ScaleKind kind = scale_kind_of(reader.choice("scale_targets", "", scale_kind_names(), "none"));
  if (kind != ScaleKind::kNone) config.target_scales.emplace_back("", kind);
}

}  // namespace

int64_t default_memory_limit() { return physical_memory() / 2; }

int64_t memory_limit_of(double gib) { return static_cast<int64_t>(std::min(gib, 1.0e6) * kGibibyte); }

CsvOptions read_csv_options(const Node& node, const std::string& section, ErrorList& errors,
                            std::vector<KeyDoc>* docs) {
  ConfigReader reader(node, section, errors, docs);
  CsvOptions options;
  const std::string separator = reader.text(
      "separator",
      "one character, or tab, or blank (any run of blanks and tabs); if not given, the one of tab ; | , blank "
      "that cuts the first 50 lines most evenly into most numbers",
      "");
  if (separator == "\\t" || separator == "tab") {
    options.separator = '\t';
  } else if (separator == "blank" || separator == "space") {
    options.separator = ' ';
  } else if (separator.size() == 1 &&
             (std::ispunct(static_cast<unsigned char>(separator[0])) != 0 || separator == " " || separator == "\t") &&
             std::string_view("\"+-.").find(separator[0]) == std::string_view::npos) {
    options.separator = separator[0];
  } else if (!separator.empty()) {
    reader.error("separator", concat("found '", printable(separator),
                                     "', expected one character, or tab, or blank; none of + - . \""));
  }
  reader.node(
      "header",
      "whether the first line names the columns; if not given, it does if all of its fields above columns of numbers "
      "are text; a mixture of text and numbers there is an error",
      "true or false");
  if (reader.has("header")) options.header = reader.boolean("header", "", true);
  const std::string comment =
      reader.text("comment", "lines that begin with this text are left out; empty: no line is left out", "#");
  const bool usable = comment.size() <= 8 && comment.find_first_of(" \t\r\n\"") == std::string::npos;
  if (!usable)
    reader.error("comment", concat("found '", printable(comment), "', expected a few characters, no blanks"));
  if (reader.has("comment") && usable) options.comment = comment;
  options.missing =
      reader.choice("missing",
                    "for rows in which a value of any column is missing (the field is empty or ? NA N/A NaN null "
                    "None - -- .): an error if the value is needed, or drop to leave the rows out",
                    {"error", "drop"}, "error") == "drop"
          ? CsvMissing::kDrop
          : CsvMissing::kError;
  reader.finish();
  return options;
}

DataConfig read_data_config(const Node& node, const std::string& folder, ErrorList& errors, std::vector<KeyDoc>* docs) {
  ConfigReader reader(node, "data", errors, docs);
  DataConfig config;
  config.train.file =
      resolved(folder, reader.text("file", "HDF5, NPZ, NPY, IDX or CSV file; its kind is found from its content", ""));
  config.train.inputs = read_arrays(
      reader, "inputs", "what the network reads: an array, or {LAYER: ARRAY, ...} for several inputs", "x", folder);
  config.train.targets =
      read_arrays(reader, "targets", "its targets: an array, or {OUTPUT: ARRAY, ...} for several outputs", "y", folder);
  config.train.weights = read_arrays(
      reader, "sample_weights",
      "factor of each row's loss, as Keras' sample_weight: an array, or {OUTPUT: ARRAY, ...}; none: 1 for all", "",
      folder);
  for (const std::vector<NamedArray>* arrays : {&config.train.inputs, &config.train.targets, &config.train.weights}) {
    for (const NamedArray& named : *arrays) {
      if (config.train.file.empty() && named.array.file.empty()) {
        errors.add(named.array.place, "data: no file is given, expected file: NAME");
        break;
      }
    }
    if (config.train.file.empty()) break;
  }
  read_validation(reader, folder, config);
  if (const Node* test =
          reader.node("test", "rows for the final metrics of a run; none: the validation rows, or the training rows",
                      "a set", "none")) {
    config.test = read_set(*test, "data.test", config.train, folder, errors);
  }
  config.scale = scale_kind_of(reader.choice(
      "scale",
      "how inputs are scaled, by the training rows: standard (mean 0, deviation 1 of each column), minmax (to [0, 1]), "
      "power_of_two (to [-1, 1] without an offset, which 'export --fold-scaling' moves into the firmware)",
      scale_kind_names(), "none"));
  read_target_scales(reader, config);
  const Node* csv =
      reader.node("csv", "format of CSV files, if it should not be found automatically: keys of data.csv", "a map");
  if (csv != nullptr || docs != nullptr)
    config.csv = read_csv_options(csv == nullptr ? Node() : *csv, "data.csv", errors, docs);
  const std::optional<double> gib = reader.optional_number(
      "memory", "GiB for the rows of a set; a larger set is read in blocks; none: half of the machine's memory",
      {.min = 0.0, .max = 1.0e6, .above_min = true});
  config.memory_limit = gib ? memory_limit_of(*gib) : default_memory_limit();
  config.allow_external = reader.boolean(
      "allow_external",
      "whether external links and virtual datasets of an HDF5 file may lead to files outside of its folder", false);
  reader.finish();
  return config;
}

}  // namespace hgq
