#include "hgq/apps/config_file.h"

#include <filesystem>
#include <string_view>

#include "hgq/config/similar_file.h"
#include "hgq/core/error.h"
#include "hgq/data/file_form.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;

}  // namespace

bool can_be_config(const std::string& path, ErrorList& errors) {
  constexpr std::string_view kExpected = ", expected a config (YAML)";
  const auto refuse = [&](const std::string& message) {
    errors.add(path, message);
    return false;
  };
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return refuse("there is no such file" + similar_file(path, ".yaml"));
  if (fs::is_directory(status)) {
    const std::string inside = (fs::path(path) / "config.yaml").string();
    return refuse(
        concat("is a folder", kExpected, fs::exists(inside, error) ? concat(", did you mean '", inside, "'?") : ""));
  }
  if (!fs::is_regular_file(status)) return true;  // the reader gives a better message
  const FileForm form = file_form(path);
  if (form == FileForm::kHdf5)
    return refuse(concat("is ", describe(form), kExpected,
                         "; 'hgq-train summary' shows a model, and data are named in a config as data.file"));
  if (form == FileForm::kKerasZip)
    return refuse(concat("is ", describe(form), kExpected, "; 'hgq-train import' reads models of QKeras and Keras"));
  if (form == FileForm::kZip) return refuse(concat("is ", describe(form), kExpected));
  if (form == FileForm::kTable)
    return refuse(concat("seems to be a table of data", kExpected, "; data are named in a config as data.file"));
  if (is_data(form))
    return refuse(concat("is ", describe(form), kExpected, "; data are named in a config as data.file"));
  return true;
}

bool has_sections(const Node& tree, const std::string& path, ErrorList& errors) {
  constexpr std::string_view kSections = ", expected the sections data, model and train";
  if (tree.is_null() && errors.empty()) {
    errors.add(path, concat("is empty", kSections));
  } else if (!tree.is_null() && !tree.is_map()) {
    errors.add(tree.place(), concat("found ", describe(tree), kSections));
  } else if (tree.find("base") != nullptr && tree.find("axes") != nullptr) {
    errors.add(path, concat("is the file of a sweep", kSections, "; 'hgq-train sweep' makes its runs"));
    return false;
  }
  return tree.is_map();
}

}  // namespace hgq
