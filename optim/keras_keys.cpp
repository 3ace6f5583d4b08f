#include "hgq/optim/keras_keys.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "hgq/core/error.h"

namespace hgq {
namespace {

/// A key, and the values that mean what hgq does, as texts; "null" is no value. Without any, all of them do.
struct KerasKey {
  std::string_view key;
  std::array<std::string_view, 4> values{};
  std::string_view reason{};  // why no other value is taken
};

constexpr std::array<KerasKey, 8> kOptimizerKeys{{
    {"is_legacy_optimizer"},
    {"jit_compile"},
    {"ema_momentum"},
    {"ema_overwrite_frequency"},
    {"use_ema", {"false", "null"}, "hgq keeps no moving average of the weights"},
    {"decay", {"0", "null"}, "the learning rate falls by a schedule (learning_rate: {InverseTimeDecay: {...}})"},
    {"loss_scale_factor", {"null"}, "hgq does not scale the loss"},
    {"gradient_accumulation_steps", {"null"}, "hgq updates after each batch; a larger train.batch_size does the same"},
}};

constexpr std::array<KerasKey, 4> kLossKeys{{
    {"name"},
    {"fn"},
    {"dtype", {"float32", "null"}, "hgq trains in float32"},
    {"reduction",
     {"auto", "sum_over_batch_size", "mean"},
     "a loss is the mean over the batch; train.loss_weights scales it"},
}};

constexpr std::array<KerasKey, 3> kMetricKeys{{
    {"name"},
    {"fn"},
    {"dtype", {"float32", "null"}, "hgq computes metrics of float32 values, and their means in double"},
}};

constexpr std::array<KerasKey, 2> kCrossentropyKeys{{
    {"axis", {"-1", "null"}, "classes are the last dimension of the output"},
    {"ignore_class", {"null"}, "hgq takes every row; a sample weight of 0 leaves one out"},
}};

constexpr std::array<KerasKey, 7> kAucKeys{{
    {"num_thresholds"},  // the exact area needs none
    {"summation_method", {"interpolation", "null"}, "the area is exact, which interpolation comes close to"},
    {"curve", {"ROC", "null"}, "hgq computes the area under the ROC curve only"},
    {"multi_label"},  // of several columns hgq takes the mean
    {"num_labels"},
    {"label_weights", {"null"}, "the mean over the columns has no weights"},
    {"from_logits"},  // order alone counts
}};

constexpr std::array<KerasKey, 1> kBinaryAccuracyKeys{{
    {"threshold", {"0.5", "null"}, "an output counts as 1 above 0.5, and a logit above 0"},
}};

bool is_value(const Node& node, std::string_view value) {
  if (node.is_null()) return value == "null";
  if (!node.is_scalar()) return false;
  if (const auto number = decimal_number(node)) return number == decimal_number(Node::scalar(std::string(value)));
  return node.text() == value;
}

void read_keys(ConfigReader& c, std::span<const KerasKey> keys) {
  for (const KerasKey& key : keys) {
    const std::string name(key.key);
    const Node* const node = c.map().is_map() ? c.map().find(key.key) : nullptr;
    if (node == nullptr) continue;  // a key that nobody wrote is not suggested
    c.known(name);
    if (key.values.front().empty()) continue;
    const auto fits = [&](std::string_view value) { return !value.empty() && is_value(*node, value); };
    if (std::ranges::any_of(key.values, fits)) continue;
    std::string expected;
    for (const std::string_view value : key.values) {
      if (!value.empty()) expected += concat(expected.empty() ? "" : " or ", value);
    }
    c.error(name, concat("found ", describe(*node), ", expected ", expected, ": ", key.reason));
  }
}

}  // namespace

void read_keras_optimizer_keys(ConfigReader& c) { read_keys(c, kOptimizerKeys); }
void read_keras_loss_keys(ConfigReader& c) { read_keys(c, kLossKeys); }
void read_keras_metric_keys(ConfigReader& c) { read_keys(c, kMetricKeys); }
void read_keras_binary_accuracy_keys(ConfigReader& c) { read_keys(c, kBinaryAccuracyKeys); }
void read_keras_auc_keys(ConfigReader& c) { read_keys(c, kAucKeys); }

std::optional<bool> read_keras_crossentropy_keys(ConfigReader& c) {
  read_keys(c, kCrossentropyKeys);
  const Node* const node = c.map().is_map() ? c.map().find("from_logits") : nullptr;
  if (node == nullptr) return {};
  c.known("from_logits");
  if (node->is_null()) return {};
  const std::optional<bool> given = true_or_false(*node);
  if (!given) c.error("from_logits", concat("found ", describe(*node), ", expected true or false"));
  return given;
}

}  // namespace hgq
