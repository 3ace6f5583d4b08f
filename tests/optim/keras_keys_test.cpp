// What keras.optimizers.serialize(), keras.losses.serialize() and keras.metrics.serialize() of Keras 2.15 give stands
// in a config as it is; a value that hgq cannot follow is refused with the reason.
#include "hgq/optim/keras_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/optim/kinds.h"

namespace hgq {
namespace keras_keys_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> errors_of(const std::string& sort, const std::string& text) {
  const TrainingKinds& kinds = built_in_training_kinds();
  ErrorList errors;
  const Node node = Node::from_yaml(text, "a.yaml", errors);
  if (sort == "loss") make_loss(node, kinds.losses, errors);
  if (sort == "metric") make_metric(node, kinds.metrics, errors);
  if (sort == "optimizer") make_optimizer(node, {}, errors);
  return errors.messages();
}

std::string saved(const std::string& name, const std::string& config) {
  return concat(R"({"module": "keras", "class_name": ")", name, R"(", "config": {)", config,
                R"(}, "registered_name": null})");
}

constexpr const char* kCommon =
    R"("weight_decay": null, "clipnorm": null, "global_clipnorm": null, "clipvalue": null, "use_ema": false,
       "ema_momentum": 0.99, "ema_overwrite_frequency": null, "jit_compile": false, "is_legacy_optimizer": false)";

TEST(KerasKeys, OptimizersAsKerasSavesThem) {
  const std::pair<const char*, const char*> own[] = {
      {"Adam", R"("beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07, "amsgrad": false)"},
      {"Adamax", R"("beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07)"},
      {"Nadam", R"("beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07)"},
      {"SGD", R"("momentum": 0.0, "nesterov": false)"},
      {"RMSprop", R"("rho": 0.9, "momentum": 0.0, "epsilon": 1e-07, "centered": false)"},
      {"Adagrad", R"("initial_accumulator_value": 0.1, "epsilon": 1e-07)"}};
  for (const auto& [name, keys] : own) {
    const std::string config = concat(R"("name": ")", name, R"(", "learning_rate": 0.001, )", keys);
    EXPECT_THAT(errors_of("optimizer", saved(name, concat(config, ", ", kCommon))), IsEmpty()) << name;
    EXPECT_THAT(errors_of("optimizer", saved(name, concat(config, R"(, "decay": 0.0)"))), IsEmpty()) << name;
  }
  EXPECT_THAT(errors_of("optimizer", "{Adam: {use_ema: true}}"),
              ElementsAre(HasSubstr("Adam.use_ema: found true, expected false or null: hgq keeps no moving average")));
  EXPECT_THAT(errors_of("optimizer", "{SGD: {decay: 0.01}}"), ElementsAre(HasSubstr("falls by a schedule")));
  EXPECT_THAT(errors_of("optimizer", "{SGD: {decy: 0.01}}"), ElementsAre(HasSubstr("unknown key")));
}

TEST(KerasKeys, LossesAsKerasSavesThem) {
  const std::string smoothing = R"("from_logits": false, "label_smoothing": 0.0, "axis": -1)";
  const std::pair<const char*, std::string> own[] = {
      {"SparseCategoricalCrossentropy", R"("from_logits": false, "ignore_class": null)"},
      {"CategoricalCrossentropy", smoothing},
      {"BinaryCrossentropy", smoothing},
      {"MeanSquaredError", R"("dtype": "float32")"},
      {"MeanAbsoluteError", R"("dtype": null)"},
      {"Huber", R"("delta": 1.0)"}};
  for (const auto& [name, keys] : own) {
    EXPECT_THAT(errors_of("loss", saved(name, keys + R"(, "reduction": "auto", "name": "x", "fn": "x")")), IsEmpty());
    EXPECT_THAT(
        errors_of("loss", saved(name, R"("reduction": "sum")")),
        ElementsAre(HasSubstr("reduction: found the text 'sum', expected auto or sum_over_batch_size or mean: a "
                              "loss is the mean over the batch")));
  }
  for (const char* const loss : {"BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"}) {
    EXPECT_THAT(errors_of("loss", concat("{", loss, ": {label_smoothing: 0.1}}")), IsEmpty());
    EXPECT_THAT(errors_of("loss", concat("{", loss, ": {label_smoothing: null}}")), IsEmpty());
    EXPECT_THAT(errors_of("loss", concat("{", loss, ": {label_smoothing: 1}}")),
                ElementsAre(HasSubstr("expected a number in [0, 1)")));
  }
  EXPECT_THAT(errors_of("loss", "{MeanSquaredError: {label_smoothing: 0}}"), ElementsAre(HasSubstr("unknown key")));
}

TEST(KerasKeys, MetricsAsKerasSavesThem) {
  for (const char* const name :
       {"CategoricalAccuracy", "SparseCategoricalAccuracy", "MeanSquaredError", "MeanAbsoluteError"})
    EXPECT_THAT(errors_of("metric", saved(name, R"("name": "x", "dtype": "float32")")), IsEmpty()) << name;
  EXPECT_THAT(errors_of("metric", saved("BinaryAccuracy", R"("dtype": "float32", "threshold": 0.5)")), IsEmpty());
  EXPECT_THAT(errors_of("metric", saved("AUC", R"("name": "auc", "dtype": "float32", "num_thresholds": 200,
      "curve": "ROC", "summation_method": "interpolation", "multi_label": false, "num_labels": null,
      "label_weights": null, "from_logits": false)")),
              IsEmpty());
  EXPECT_THAT(errors_of("metric", "{AUC: {curve: PR}}"), ElementsAre(HasSubstr("under the ROC curve only")));
  EXPECT_THAT(errors_of("metric", "{BinaryAccuracy: {threshold: 0.7}}"), ElementsAre(HasSubstr("above 0.5")));
}

TEST(KerasKeys, LogitsThatAreNoneAreRefused) {
  const auto record = [](const std::string& loss, const char* function) {
    ErrorList errors;
    const Node node = Node::from_yaml(loss, "a.yaml", errors);
    const LossPtr made = make_loss(node, built_in_training_kinds().losses, errors);
    errors.throw_if_any();
    Tape tape;
    made->record({tape.input("x", Shape{3}), tape.input("y", Shape{3}), function});
  };
  EXPECT_NO_THROW(record("{CategoricalCrossentropy: {from_logits: true}}", ""));
  EXPECT_NO_THROW(record("{CategoricalCrossentropy: {from_logits: false}}", "softmax"));
  EXPECT_NO_THROW(record("categorical_crossentropy", "softmax"));
  try {
    record("{BinaryCrossentropy: {from_logits: false}}", "linear");
    ADD_FAILURE();
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), HasSubstr("from_logits is false, but the output is not made by sigmoid; put HActivation"));
  }
  EXPECT_THROW(record("{BinaryCrossentropy: {from_logits: true}}", "sigmoid"), ConfigError);
}

TEST(KerasKeys, AnAucIsForClasses) {
  EXPECT_THROW(auc()->check_fits(*mse()), ConfigError);
  for (const LossPtr& loss : {sparse_categorical_crossentropy(), categorical_crossentropy(), binary_crossentropy()})
    EXPECT_NO_THROW(auc()->check_fits(*loss));
}

}  // namespace keras_keys_test
}  // namespace hgq
