#include "hgq/apps/distillation_keys.h"

#include <filesystem>
#include <utility>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Calls a function; what it throws names the key.
template <typename F>
auto with_key(F&& f) {
  try {
    return f();
  } catch (const ConfigError& e) {
    throw ConfigError(concat("train.distillation.teacher: ", e.what()));
  } catch (const FileError& e) {
    throw FileError(concat("train.distillation.teacher: ", e.what()));
  }
}

}  // namespace

DistillationConfig read_distillation(const Node& node, const std::string& folder, ErrorList& errors,
                                     std::vector<KeyDoc>* docs) {
  DistillationConfig distillation;
  ConfigReader c(node, "train.distillation", errors, docs);
  distillation.teacher = c.text(
      "teacher", "a model of hgq or of Python HGQ, or a proxy (of a model of QKeras or Keras: `import`)", std::nullopt);
  distillation.temperature =
      c.number("temperature",
               "divides the logits of both before they are compared, so that small probabilities count; not for "
               "regressions",
               {.fallback = distillation.temperature, .min = 0.01, .max = 1000});
  distillation.weight = c.number("weight", "share of the teacher in the loss; the targets have the rest",
                                 {.fallback = distillation.weight, .min = 0, .max = 1, .above_min = true});
  c.finish();
  if (!distillation.teacher.empty())
    distillation.teacher = (std::filesystem::path(folder) / distillation.teacher).lexically_normal().string();
  return distillation;
}

Node to_node(const DistillationConfig& distillation) {
  const std::string path = std::filesystem::absolute(distillation.teacher).lexically_normal().string();
  return Node::map({{"teacher", Node::scalar(path)},
                    {"temperature", Node::number(distillation.temperature)},
                    {"weight", Node::number(distillation.weight)}});
}

std::shared_ptr<const Teacher> load_teacher(const DistillationConfig& distillation, const Registry& registry) {
  if (distillation.empty()) return nullptr;
  return with_key([&] { return Teacher::load(distillation.teacher, registry); });
}

std::function<SharedRows(const SharedRows&, const DataSets&)> targets_of_teacher(const DistillationConfig& distillation,
                                                                                 std::shared_ptr<const Teacher> teacher,
                                                                                 std::vector<std::string> inputs,
                                                                                 std::vector<OutputSpec> outputs) {
  if (!teacher) return {};
  return [teacher = std::move(teacher), inputs = std::move(inputs), outputs = std::move(outputs),
          temperature = distillation.temperature](const SharedRows& rows, const DataSets& found) {
    return with_key([&] {
      return teacher->rows(rows, {inputs, outputs, found.target_scaling, found.classes}, temperature);
    });
  };
}

}  // namespace hgq
