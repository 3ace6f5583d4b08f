#include "hgq/optim/optimizer_config.h"

#include <array>
#include <charconv>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/optim/keras_keys.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace {

/// The shortest text that is this float32.
std::string shortest(float value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

}  // namespace

OptimizerSettings read_optimizer_settings(ConfigReader& c, const ScheduleContext& context,
                                          const OptimizerSettings& fallbacks) {
  OptimizerSettings settings = fallbacks;
  const Node* rate = c.node("learning_rate", "a number, or a schedule", "a number or {SCHEDULE: {...}}",
                            shortest(settings.learning_rate(0)));
  if (rate != nullptr) {
    if (const auto schedule = make_schedule(*rate, context, c.errors(), c.docs())) settings.learning_rate = *schedule;
  }
  settings.weight_decay = c.number("weight_decay", "every step weights shrink by this share of the learning rate",
                                   {.fallback = settings.weight_decay, .min = 0});
  int ways = 0;
  const auto clip = [&](const std::string& key, std::string_view doc, double& value) {
    value = c.optional_number(key, doc, {.min = 0, .above_min = true}).value_or(0.0);
    if (value > 0 && ++ways == 2)
      c.error(key, "is the second way of clipping here; clipnorm, clipvalue and global_clipnorm exclude each other");
  };
  clip("clipnorm", "largest norm of a parameter's gradient", settings.clipnorm);
  clip("clipvalue", "largest element of a gradient", settings.clipvalue);
  clip("global_clipnorm", "largest common norm of all gradients", settings.global_clipnorm);
  c.known("name");  // Keras writes one
  read_keras_optimizer_keys(c);
  return settings;
}

std::unique_ptr<Optimizer> make_optimizer(const Node& node, const ScheduleContext& context, ErrorList& errors,
                                          std::vector<KeyDoc>* docs) {
  const TrainingKinds& kinds = context.kinds != nullptr ? *context.kinds : built_in_training_kinds();
  return kinds.optimizers.make(node, errors, docs,
                               [&](MakeOptimizer make, ConfigReader& c) { return make(c, context); });
}

}  // namespace hgq
