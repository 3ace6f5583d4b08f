#include "hgq/optim/optimizer_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "hgq/config/keras_object.h"
#include "hgq/core/error.h"
#include "hgq/optim/optimizers.h"

namespace hgq {
namespace {

/// The shortest text that is this float32.
std::string shortest(float value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

/// Reads the arguments of one optimizer.
struct Reader {
  ConfigReader c;
  const ScheduleContext& context;
  std::vector<KeyDoc>* docs;

  double decay(const std::string& key, std::string_view doc, double fallback) {
    return c.number(key, doc, {.fallback = fallback, .min = 0, .max = 1, .below_max = true});
  }
  double share(const std::string& key, std::string_view doc) {
    return c.number(key, doc, {.fallback = 0, .min = 0, .max = 1});
  }
  double positive(const std::string& key, std::string_view doc, double fallback) {
    return c.number(key, doc, {.fallback = fallback, .min = 0});
  }

  template <typename Options>
  void read_adam_rates(Options& o) {
    o.beta_1 = decay("beta_1", "decay of the mean of gradients", o.beta_1);
    o.beta_2 = decay("beta_2", "decay of the mean of their squares", o.beta_2);
    o.epsilon = positive("epsilon", "added to the divisor", o.epsilon);
  }

  /// What every optimizer takes.
  template <typename Options>
  void read_common(Options& o) {
    const Node* rate = c.node("learning_rate", "a number, or a schedule", "a number or {SCHEDULE: {...}}",
                              shortest(o.learning_rate(0)));
    if (rate != nullptr) {
      if (const auto schedule = make_schedule(*rate, context, c.errors(), docs)) o.learning_rate = *schedule;
    }
    o.weight_decay =
        positive("weight_decay", "every step weights shrink by this share of the learning rate", o.weight_decay);
    int ways = 0;
    const auto clip = [&](const std::string& key, std::string_view doc, double& value) {
      value = c.optional_number(key, doc, {.min = 0, .above_min = true}).value_or(0.0);
      if (value > 0 && ++ways == 2)
        c.error(key, "is the second way of clipping here; clipnorm, clipvalue and global_clipnorm exclude each other");
    };
    clip("clipnorm", "largest norm of a parameter's gradient", o.clipnorm);
    clip("clipvalue", "largest element of a gradient", o.clipvalue);
    clip("global_clipnorm", "largest common norm of all gradients", o.global_clipnorm);
    c.known("name");  // Keras writes one
    c.finish();
  }

  /// The optimizer, unless reading found errors.
  template <typename Made, typename Options>
  std::unique_ptr<Optimizer> finish(Options& options, size_t errors_before) {
    read_common(options);
    if (c.errors().size() > errors_before) return nullptr;
    return std::make_unique<Made>(options);
  }
};

std::unique_ptr<Optimizer> sgd(Reader& r, size_t before) {
  SGDOptions o;
  o.momentum = r.share("momentum", "share of the last step that is repeated");
  o.nesterov = r.c.boolean("nesterov", "look ahead along the momentum", false);
  return r.finish<SGD>(o, before);
}

template <typename Made, typename Options>
std::unique_ptr<Optimizer> adam(Reader& r, size_t before) {
  Options o;
  r.read_adam_rates(o);
  o.amsgrad = r.c.boolean("amsgrad", "divide by the largest mean square so far", false);
  return r.finish<Made>(o, before);
}

template <typename Made>
std::unique_ptr<Optimizer> adam_relative(Reader& r, size_t before) {
  AdamaxOptions o;
  r.read_adam_rates(o);
  return r.finish<Made>(o, before);
}

std::unique_ptr<Optimizer> rmsprop(Reader& r, size_t before) {
  RMSpropOptions o;
  o.rho = r.decay("rho", "decay of the mean of squared gradients", o.rho);
  o.momentum = r.share("momentum", "share of the last step that is repeated");
  o.epsilon = r.positive("epsilon", "added to the mean square", o.epsilon);
  o.centered = r.c.boolean("centered", "take the square of the mean gradient off", false);
  return r.finish<RMSprop>(o, before);
}

std::unique_ptr<Optimizer> adagrad(Reader& r, size_t before) {
  AdagradOptions o;
  o.initial_accumulator_value =
      r.positive("initial_accumulator_value", "sum of squared gradients at the start", o.initial_accumulator_value);
  o.epsilon = r.positive("epsilon", "added to the sum of squares", o.epsilon);
  return r.finish<Adagrad>(o, before);
}

struct Entry {
  KerasName name;
  std::unique_ptr<Optimizer> (*read)(Reader&, size_t errors_before);
};

constexpr std::array<Entry, 7> kTable{{
    {{"SGD", {"sgd"}}, sgd},
    {{"Adam", {"adam"}}, adam<Adam, AdamOptions>},
    {{"AdamW", {"adamw"}}, adam<AdamW, AdamWOptions>},
    {{"Adamax", {"adamax"}}, adam_relative<Adamax>},
    {{"Nadam", {"nadam"}}, adam_relative<Nadam>},
    {{"RMSprop", {"rmsprop"}}, rmsprop},
    {{"Adagrad", {"adagrad"}}, adagrad},
}};

constexpr auto kNames = [] {
  std::array<KerasName, kTable.size()> names{};
  for (size_t i = 0; i < names.size(); ++i) names[i] = kTable[i].name;
  return names;
}();

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const KerasName& name : kNames) names.emplace_back(name.class_name);
  return names;
}

std::unique_ptr<Optimizer> make_optimizer(const Node& node, const ScheduleContext& context, ErrorList& errors,
                                          std::vector<KeyDoc>* docs) {
  const size_t before = errors.size();
  const KerasObject object = read_keras_object(node, "an optimizer", kNames, errors);
  if (object.name.empty()) return nullptr;
  const auto* entry = std::ranges::find(kTable, object.name, [](const Entry& e) { return e.name.class_name; });
  Reader reader{ConfigReader(object.arguments, object.written, errors, docs), context, docs};
  return entry->read(reader, before);
}

}  // namespace hgq
