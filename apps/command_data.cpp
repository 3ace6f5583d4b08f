#include "hgq/apps/command_data.h"

#include <iostream>

#include "hgq/apps/output_file.h"
#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/data/array_option.h"

namespace hgq {
namespace {

/// The CSV options of the model, changed by --csv.
CsvOptions csv_options(const std::string& given, const CsvOptions& own) {
  if (given.empty()) return own;
  ErrorList errors;
  const Node node = Node::from_yaml(given.starts_with('{') ? given : concat("{", given, "}"), "--csv", errors);
  CsvOptions options = read_csv_options(node, "--csv", errors);
  errors.throw_if_any();
  if (!options.separator) options.separator = own.separator;
  if (!options.header) options.header = own.header;
  if (!options.comment) options.comment = own.comment;
  if (node.find("missing") == nullptr) options.missing = own.missing;
  return options;
}

/// Chooses the arrays of a command.
class ArrayChoice {
 public:
  ArrayChoice(const DataCommand& command, DataFiles& files)
      : command_(command), data_(command.data.empty() ? nullptr : &files.open(command.data)) {
    spec_.file = command.data;
  }

  void inputs(const std::vector<NamedArray>& own) { spec_.inputs = choose(command_.inputs, own, "x", "--inputs"); }
  void targets(const std::vector<NamedArray>& own) { spec_.targets = choose(command_.targets, own, "y", "--targets"); }
  void sample_weights(const std::string& given) {
    if (!given.empty()) spec_.weights = parse_arrays(given, data_, "--sample-weights");
  }
  const SetSpec& spec() const { return spec_; }

 private:
  /// An array of the command; if it is not given, the array that the model names.
  struct Choice {
    NamedArray array;
    NamedArray own;
    bool is_given;
  };

  std::vector<NamedArray> choose(const std::string& given, const std::vector<NamedArray>& own,
                                 const std::string& fallback, const std::string& option) {
    std::vector<NamedArray> arrays;
    if (!given.empty()) {
      arrays = parse_arrays(given, data_, option);
      for (const NamedArray& array : arrays) {
        HGQ_CHECK(data_ != nullptr || !array.array.file.empty(), ConfigError, option, " ", printable(given),
                  ": there is no file of this name; give --data FILE, or ", option, " FILE or FILE:NAME");
        HGQ_CHECK(has_names() || !array.array.file.empty(), ConfigError, option, " ", printable(given),
                  ": there is no file of this name, and ", command_.data, " holds one array without a name");
        chosen_.push_back({array, {}, true});
      }
      return arrays;
    }
    HGQ_CHECK(data_ != nullptr, ConfigError, "no file is given for ", option.substr(2), "; give --data FILE, or ",
              option, " FILE or FILE:NAME");
    for (const NamedArray& array : own.empty() ? std::vector<NamedArray>{{"", {"", {fallback}, ""}}} : own) {
      Choice choice{array, array, false};
      ArraySpec& spec = choice.array.array;
      spec.file.clear();
      if (!has_names()) spec.names.clear();
      if (has_names() && spec.names.empty()) spec.names = {fallback};
      check_apart(choice, option);
      chosen_.push_back(choice);
      arrays.push_back(choice.array);
    }
    return arrays;
  }

  /// NPY and IDX files contain one array without a name.
  bool has_names() const {
    return data_ == nullptr || (data_->kind() != FileKind::kNpy && data_->kind() != FileKind::kIdx);
  }

  /// Whether one file would replace several of the training, or one array two.
  void check_apart(const Choice& choice, const std::string& option) const {
    for (const Choice& other : chosen_) {
      const std::string& file = other.array.array.file;
      if (!file.empty() && file != command_.data) continue;
      const bool same = other.array.array.names == choice.array.array.names;
      // Models of earlier versions contain no file names: then arrays without names count as different.
      const bool known = !choice.own.array.names.empty() || !choice.own.array.file.empty();
      const bool were_same = known && !other.is_given && other.own.array.names == choice.own.array.names &&
                             other.own.array.file == choice.own.array.file;
      const bool columns_of_two_files =
          data_->kind() == FileKind::kCsv && !other.is_given && other.own.array.file != choice.own.array.file;
      if ((!same || were_same) && !columns_of_two_files) continue;
      refuse(choice, option);
    }
  }

  [[noreturn]] void refuse(const Choice& choice, const std::string& option) const {
    const std::string layer = choice.array.name.empty() ? "" : choice.array.name + "=";
    const std::string& file = choice.own.array.file;
    const std::string names =
        choice.own.array.names.empty() ? "" : concat(" (", join_names(choice.own.array.names), ")");
    throw ConfigError(concat(
        command_.data, ": is taken for the ", option == "--inputs" ? "first of the inputs" : "inputs",
        file.empty()
            ? std::string()
            : concat("; in training the ", option == "--inputs" ? concat("input '", choice.own.name, "'") : "targets",
                     " came from another file, ", file, names),
        "; give ", option, " ", option == "--inputs" ? "LAYER=FILE,LAYER=FILE" : layer + "FILE",
        has_names() ? concat(", or ", option, " ", option == "--inputs" ? "LAYER=NAME,LAYER=NAME" : layer + "NAME",
                             " for names in this file")
                    : std::string()));
  }

  const DataCommand& command_;
  const DataFile* data_;
  SetSpec spec_;
  std::vector<Choice> chosen_;
};

std::vector<std::string> files_of(const SetSpec& spec) {
  std::vector<std::string> files{spec.file};
  for (const auto* const arrays : {&spec.inputs, &spec.targets, &spec.weights}) {
    for (const NamedArray& named : *arrays) files.push_back(named.array.file);
  }
  return files;
}

std::string places(const std::vector<NamedRows>& arrays) {
  std::string text;
  for (const NamedRows& named : arrays) {
    const std::string layer = arrays.size() > 1 && !named.name.empty() ? named.name + " = " : "";
    text += concat(text.empty() ? "" : ", ", layer, named.rows->place());
  }
  return text;
}

void tell(const RowSet& rows) {
  for (const std::string& note : rows.notes) std::cerr << "hgq-train: note: " << bounded_message(note) << "\n";
  std::cerr << "hgq-train: note: " << rows.size() << (rows.size() == 1 ? " row: " : " rows: ") << "inputs from "
            << places(rows.inputs);
  if (!rows.targets.empty()) std::cerr << "; targets from " << places(rows.targets);
  if (!rows.weights.empty()) std::cerr << "; sample weights from " << places(rows.weights);
  std::cerr << "\n";
}

int64_t memory_of(const DataCommand& command) {
  return command.memory ? memory_limit_of(*command.memory) : default_memory_limit();
}

}  // namespace

std::vector<FieldSpec> inputs_of(const Model& model) {
  std::vector<FieldSpec> inputs;
  for (const int i : model.inputs()) inputs.push_back({model.entry(i).name, model.entry(i).shape});
  return inputs;
}

std::unique_ptr<Dataset> load_command_data(const DataCommand& command, const ModelExtras& extras,
                                           const std::vector<FieldSpec>& inputs, const std::vector<OutputSpec>& outputs,
                                           const std::string& sample_weights) {
  DataFiles files(csv_options(command.csv, extras.csv),
                  {.memory = memory_of(command), .allow_external = command.allow_external});
  ArrayChoice choice(command, files);
  choice.inputs(extras.inputs);
  if (!outputs.empty()) choice.targets(extras.targets);
  choice.sample_weights(sample_weights);
  check_output(command.out_option, command.out, files_of(choice.spec()),
               command.remade.empty() ? "" : beside(command.model, command.remade));
  RowSet rows = [&] {
    try {
      return open_rows(choice.spec(), files);
    } catch (const FileError& e) {
      if (!command.inputs.empty() || !extras.inputs.empty()) throw;
      throw FileError(concat(e.what(), "; the model does not say what its inputs are called, --inputs does"));
    }
  }();
  tell(rows);
  const std::string from = places(rows.inputs);
  std::vector<std::string> names;
  for (const FieldSpec& input : inputs) names.push_back(input.name);
  std::unique_ptr<Dataset> set =
      load_set(std::move(rows), names, outputs, extras.scaling, extras.classes, memory_of(command),
               outputs.empty() ? std::vector<Scaling>{} : extras.target_scaling);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Shape& found = set->inputs()[i].sample;
    HGQ_CHECK(found == inputs[i].sample, ShapeError, from, ": a row for the input '", printable(inputs[i].name),
              "' of the model has shape ", found, ", expected ", inputs[i].sample,
              "; --inputs chooses arrays or columns");
  }
  return set;
}

}  // namespace hgq
