// What a model file of Python HGQ does not hold, and its user gives. The forms of functions are those that HGQ 0.2.6
// with Keras 2.15 writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"
#include "hgq/data/keras_file.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/predict.h"
#include "proxy_test_support.h"

namespace hgq {
namespace python_import_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char* const kLambda = R"({"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", null, null]}})";
const char* const kBump = R"({"module": "builtins", "class_name": "function", "config": "bump",
                              "registered_name": "function"})";

Model with_function(const std::string& function) {
  return Sequential({HQuantize(), HDense(4), HActivation(function).name("act"), HDense(2)}, Shape{3}, {.seed = 5});
}

/// The file of a model, as Python HGQ writes it, with a key of a layer put in or left out.
void write_python(Model& model, const std::string& path, const std::string& layer, const std::string& key,
                  const std::string& json) {
  save_model(model, path);
  KerasFile file = read_keras_file(path);
  Node* const layers = file.model_config.find("config")->find("layers");
  for (Node& node : layers->items()) {
    Node* const config = node.find("config");
    if ((*config)["name"].text() != layer) continue;
    if (json.empty()) {
      config->erase(key);
    } else {
      config->set(key, Node::from_json(nlohmann::json::parse(json), "test"));
    }
  }
  write_keras_file(file, path);
}

Tensor rows() { return tensor({4, 3}, {1, 2, -3, 0.5, -0.25, 1.5, -2, 0.125, 3, 0, 1, -1}); }

std::vector<float> predictions(Model& model) {
  Workers workers(1);
  const Tensor y = predict(model, rows().view(), workers);
  return {y.values().begin(), y.values().end()};
}

std::string message(const std::string& path, const ImportOptions& options) {
  return message_of<Error>([&] { load_model(path, {}, {}, options); });
}

TEST(PythonImport, NamesOfFunctionsAreReadInEveryForm) {
  EXPECT_EQ(keras_function_name(Node::string("tanh")), "tanh");
  EXPECT_EQ(keras_function_name(Node::string("golden>square")), "square");
  EXPECT_EQ(keras_function_name(Node::string("x > 0 ? x : 0")), "x > 0 ? x : 0");
  EXPECT_EQ(keras_function_name(Node::from_json(nlohmann::json::parse(kBump), "")), "bump");
  EXPECT_EQ(keras_function_name(Node::from_json(nlohmann::json::parse(kLambda), "")), "<lambda>");
}

TEST(PythonImport, AFunctionOfPythonIsRefusedByNameAndTakesAFormula) {
  const TemporaryFolder folder;
  Model model = with_function("exp(-x*x)");
  write_python(model, folder / "m.h5", "act", "activation", kBump);
  EXPECT_THAT(message(folder / "m.h5", {}),
              AllOf(HasSubstr("unknown function 'bump' of layer 'act'"), HasSubstr("--function 'bump=FORMULA IN x'")));
  for (const std::string name : {"bump", "act"}) {
    Model read = load_model(folder / "m.h5", {}, {}, {.functions = {{name, "exp(-x*x)"}}});
    EXPECT_EQ(predictions(read), predictions(model));
    EXPECT_EQ(read.find("act")->output_function(), "exp(-x*x)");
  }
}

TEST(PythonImport, ALambdaIsNamedByItsLayer) {
  const TemporaryFolder folder;
  Model model = with_function("x*x");
  write_python(model, folder / "m.h5", "act", "activation", kLambda);
  EXPECT_THAT(message(folder / "m.h5", {}),
              AllOf(HasSubstr("layer 'act' has a lambda"), HasSubstr("--function 'act=FORMULA IN x'")));
  Model read = load_model(folder / "m.h5", {}, {}, {.functions = {{"act", "square"}}});
  EXPECT_EQ(predictions(read), predictions(model));
}

TEST(PythonImport, FormulasThatNobodyTakesOrThatAreWrongAreNamed) {
  const TemporaryFolder folder;
  Model model = with_function("tanh");
  save_model(model, folder / "m.h5");
  EXPECT_THAT(message(folder / "m.h5", {.functions = {{"bmp", "x"}}}),
              AllOf(HasSubstr("no HActivation has the name or function 'bmp'"), HasSubstr("its functions are tanh")));
  EXPECT_THAT(message(folder / "m.h5", {.functions = {{"tanh", "exp(-x*"}}}),
              HasSubstr("--function tanh: HActivation.activation: the formula 'exp(-x*'"));
}

TEST(PythonImport, EpsilonIsGivenOrGuessedWithANote) {
  const TemporaryFolder folder;
  Model model = Sequential({HQuantize(), HDenseBatchNorm(4).name("norm").set("epsilon", "0.5"), HDense(2)}, Shape{3});
  for (State* const state : model.states()) {
    if (state->name.find("moving_variance") != std::string::npos) state->value.data()[0] = 3;
  }
  write_python(model, folder / "m.h5", "norm", "epsilon", "");
  std::vector<std::string> notes;
  Model guessed = load_model(folder / "m.h5", {}, {}, {}, &notes);
  EXPECT_THAT(notes,
              ElementsAre(HasSubstr("the file does not say the epsilon of norm; 0.001, Keras' default, is taken")));
  EXPECT_NE(predictions(guessed), predictions(model));
  notes.clear();
  Model given = load_model(folder / "m.h5", {}, {}, {.epsilon = 0.5}, &notes);
  EXPECT_THAT(notes, IsEmpty());
  EXPECT_EQ(predictions(given), predictions(model));
}

// As HGQ-demos' tgc has it: kernel_constraint=Diag(mask).
TEST(PythonImport, ConstraintsRegularizersAndInitializersOfOnesOwnAreLeftOutWithANote) {
  const TemporaryFolder folder;
  Model model = Sequential({HQuantize(), HDense(4).name("d"), HDense(2)}, Shape{3}, {.seed = 5});
  const std::vector<std::pair<std::string, std::string>> python{
      {"kernel_constraint", R"({"module": "src", "class_name": "Diag", "config": {}, "registered_name": "src>Diag"})"},
      {"bias_constraint", R"({"class_name": "Custom>MaxNorm", "config": {"max_value": {"class_name": "__numpy__"}}})"},
      {"kernel_regularizer", R"({"module": "builtins", "class_name": "function", "config": "MyReg"})"},
      {"activity_regularizer", R"({"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.01}})"},
      {"kernel_initializer", R"({"module": "__main__", "class_name": "Ones", "config": {"scale": 2}})"}};
  for (const auto& [key, json] : python) {
    write_python(model, folder / "m.h5", "d", key, json);
    std::vector<std::string> notes;
    Model read = load_model(folder / "m.h5", {}, {}, {}, &notes);
    EXPECT_EQ(predictions(read), predictions(model));
    EXPECT_THAT(notes, ElementsAre(AllOf(HasSubstr("only training on would use"), HasSubstr(key + " '"),
                                         HasSubstr("' of layer 'd'"))))
        << key;
  }
  write_python(model, folder / "m.h5", "d", "kernel_constraint",
               R"({"module": "tf_keras.constraints", "class_name": "MaxNorm", "config": {"max_value": 2, "axis": 0}})");
  std::vector<std::string> notes;
  load_model(folder / "m.h5", {}, {}, {}, &notes);
  EXPECT_THAT(notes, IsEmpty());
}

TEST(PythonImport, ActivationLayersStandForTheirFunctions) {
  const TemporaryFolder folder;
  const auto expect_like = [&](const std::string& object, const std::string& function) {
    Model model = with_function(function);
    write_python(model, folder / "m.h5", "act", "activation", object);
    Model read = load_model(folder / "m.h5");
    EXPECT_EQ(predictions(read), predictions(model)) << object;
  };
  expect_like(R"({"module": "keras.layers", "class_name": "ReLU", "config":
                  {"max_value": null, "negative_slope": 0.0, "threshold": 0.0}})",
              "relu");
  expect_like(R"({"class_name": "ReLU", "config": {"max_value": 0.5, "negative_slope": 0.25, "threshold": 0.125}})",
              "x >= 0.125 ? min(x, 0.5) : 0.25*(x - 0.125)");
  expect_like(R"({"class_name": "LeakyReLU", "config": {"alpha": 0.25}})", "x > 0 ? x : 0.25*x");
  expect_like(R"({"class_name": "Custom>Activation", "config": {"activation": "tanh"}})", "tanh");
  expect_like(R"({"class_name": "Softmax", "config": {"axis": -1}})", "softmax");
}

TEST(PythonImport, LayersWithAKernelTakeTheirActivationInAnyForm) {
  const TemporaryFolder folder;
  Model model = Sequential({HQuantize(), HDense(4).name("d").relu(), HDense(2)}, Shape{3}, {.seed = 5});
  for (const std::string relu : {R"({"module": "keras.layers", "class_name": "ReLU", "config": {"max_value": null}})",
                                 R"({"module": "builtins", "class_name": "function", "config": "relu"})"}) {
    write_python(model, folder / "m.h5", "d", "activation", relu);
    Model read = load_model(folder / "m.h5");
    EXPECT_EQ(predictions(read), predictions(model));
  }
  write_python(model, folder / "m.h5", "d", "activation", R"({"class_name": "LeakyReLU", "config": {"alpha": 0.5}})");
  EXPECT_THAT(message(folder / "m.h5", {}), AllOf(HasSubstr("activation"), HasSubstr("relu")));
}

}  // namespace python_import_test
}  // namespace hgq
