// What is wrong with a config: places, what was found, what to do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "hgq/apps/config_path.h"
#include "hgq/core/error.h"
#include "run_config_fixture.h"

namespace hgq {
namespace run_config_errors_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(RunConfigTest, ReportsAllErrorsAtOnceInTheOrderOfTheFile) {
  std::string yaml = example_with("validation: 0.15", "validation: 1.5");
  const auto change = [&yaml](const std::string& from, const std::string& to) {
    yaml.replace(yaml.find(from), from.size(), to);
  };
  change("scale: standard", "scale: standart");
  change("MonoL1: 1.0e-6", "MonoL1: -1");
  change("beta: 1.0e-5", "beta: -1");
  change("units: 64", "unts: 64");
  change("kq_conf: {init_bw: 3}", "kq_conf: {init_bits: 3}");
  change("sparse_categorical_crossentropy", "sparse_categorical_crosentropy");
  change("learning_rate: 5.0e-3", "learning_rte: 5.0e-3");
  change("metrics: [accuracy]", "metrics: [acuracy]");
  change("batch_size: 512", "batch_size: 0");
  change("epochs: 100", "epoch: 100");
  change("- FreeBOPs", "- FreeBops");
  change("every: 10", "every: 0");
  change("overflow: wrap", "overflow: wrp");
  read(yaml, {"train.nope=1"});
  std::vector<std::string> places;
  for (const std::string& message : messages()) places.push_back(message.substr(0, message.find(": ")));
  EXPECT_THAT(places, ElementsAre("run.yaml:6:15", "run.yaml:8:10", StartsWith("run.yaml:10:"), "run.yaml:12:9",
                                  "run.yaml:15:7", "run.yaml:15:25", "run.yaml:16:36", "run.yaml:18:9",
                                  "run.yaml:19:22", "run.yaml:20:13", "run.yaml:21:15", "run.yaml:22:3",
                                  "run.yaml:25:5", StartsWith("run.yaml:26:"), "run.yaml:32:13", "--set #1"))
      << ::testing::PrintToString(messages());
  for (const std::string what : {"'standard'", "'units'", "'accuracy'", "'epochs'", "'FreeBOPs'", "'wrap'",
                                 "'learning_rate'", "'sparse_categorical_crossentropy'"}) {
    EXPECT_THAT(::testing::PrintToString(messages()), HasSubstr("did you mean " + what));
  }
}

TEST_F(RunConfigTest, RefusesWhatIsNoConfig) {
  EXPECT_EQ(error_of(""), "run.yaml: is empty, expected the sections data, model and train");
  EXPECT_EQ(error_of("# nothing\n"), "run.yaml: is empty, expected the sections data, model and train");
  EXPECT_EQ(error_of("- a\n- b\n"), "run.yaml:1:1: found a list, expected the sections data, model and train");
  EXPECT_EQ(error_of("hello\n"), "run.yaml:1:1: found the text 'hello', expected the sections data, model and train");
  EXPECT_EQ(
      error_of("\x89HDF\r\n\x1A\n..."),
      "run.yaml: is an HDF5 file (a model, or data), expected a config (YAML); 'hgq-train summary' shows a model, and "
      "data are named in a config as data.file");
  EXPECT_EQ(error_of(std::string("seed: 1\n\0\1", 10)), "run.yaml:2:1: control character 0x00, expected a text file");
  ErrorList errors;
  read_run_config({.path = (folder_ / "none.yaml").string(), .sets = {}, .seed = {}}, {}, errors);
  EXPECT_THAT(errors.messages(), ElementsAre(::testing::HasSubstr("none.yaml: there is no such file")));
  ErrorList folder_errors;
  read_run_config({.path = folder_.string(), .sets = {}, .seed = {}}, {}, folder_errors);
  EXPECT_THAT(folder_errors.messages(), ElementsAre(folder_.string() + ": is a folder, expected a config (YAML)"));
}

TEST_F(RunConfigTest, RefusesYamlThatIsNotStrict) {
  EXPECT_EQ(error_of(std::string(kExample) + "seed: 1\n"),
            "run.yaml:33:1: duplicate key 'seed', first at run.yaml:1:1");
  EXPECT_EQ(error_of(example_with("epochs: 100", "batch_size: 3")),
            "run.yaml:22:3: duplicate key 'batch_size', first at run.yaml:21:3");
  EXPECT_EQ(error_of(std::string(kExample) + "---\nseed: 1\n"),
            "run.yaml:33:1: a second YAML document begins here, expected one");
  EXPECT_EQ(error_of(example_with("epochs: 100", "<<: {epochs: 100}")),
            "run.yaml:22:3: the merge key '<<', which is not supported: write the keys out");
  EXPECT_EQ(error_of(example_with("  epochs: 100", "\tepochs: 100")),
            "run.yaml:22:1: a tab in the indentation, expected spaces");
  EXPECT_EQ(error_of(example_with("scale: standard", "scale: \"standard")),
            "run.yaml:8:10: this quote is never closed");
  EXPECT_EQ(error_of(example_with("skip_dims: [0]", "skip_dims: [0")),
            "run.yaml:11:51: this closing bracket closes nothing; is another one missing before it?");
  EXPECT_EQ(error_of(example_with("seed: 42", "seed: &s 42")),
            "run.yaml:1:7: an anchor (&name), which is not supported: write the value out where it is used");
}

TEST_F(RunConfigTest, NamesMissingAndUnknownSections) {
  EXPECT_EQ(error_of("data: {file: a.h5}\ntrain: {loss: mse}\n"), "run.yaml:1:1: missing key 'model' (the network)");
  EXPECT_EQ(error_of("data: {file: a.h5}\nmodel: {layers: [HQuantize]}\n"),
            "run.yaml:1:1: missing key 'train' (how it is trained)");
  EXPECT_EQ(error_of("model: {layers: [HQuantize]}\ntrain: {loss: mse}\n"),
            "run.yaml:1:1: missing key 'data' (what to learn from)");
  EXPECT_EQ(error_of("data: {file: a.h5}\nmodel:\ntrain: {loss: mse}\n"),
            "run.yaml:2:1: model: found nothing, expected a map");
  EXPECT_EQ(error_of("data: {file: a.h5}\nmodel: [HQuantize]\ntrain: {loss: mse}\n"),
            "run.yaml:2:8: model: found a list, expected a map (key: value)");
  EXPECT_EQ(error_of("data: {file: a.h5}\nmodel: {beta: 1}\ntrain: {loss: mse}\n"),
            "run.yaml:2:1: model: missing key 'layers' (the network: NAME or {NAME: {...}}, a chain except for layers "
            "with `inputs`)");
  EXPECT_EQ(error_of(with_layers("    - HQuantize\n", "train: {epochs: 3}\n")),
            "run.yaml:5:1: train: missing key 'loss' (one for all outputs, or {OUTPUT: LOSS, ...})");
  EXPECT_EQ(error_of(std::string(kExample) + "callback: []\n"),
            "run.yaml:33:1: unknown key 'callback' at the top level, did you mean 'callbacks'? There are: callbacks, "
            "data, export, model, seed, train");
  EXPECT_EQ(error_of(example_with("export:", "exports:")),
            "run.yaml:30:1: unknown key 'exports' at the top level, did you mean 'export'? There are: callbacks, data, "
            "export, model, seed, train");
  EXPECT_EQ(error_of(example_with("epochs: 100", "epocs: 100")),
            "run.yaml:22:3: unknown key 'epocs' in train, did you mean 'epochs'? There are: batch_size, "
            "class_weight, distillation, epochs, freeze, loss, "
            "loss_weights, metrics, optimizer, phases, schedule_epochs, shuffle, weighted_metrics");
}

TEST_F(RunConfigTest, RefusesImpossibleNumbers) {
  EXPECT_EQ(error_of(example_with("epochs: 100", "epochs: -3")),
            "run.yaml:22:11: train.epochs: found the number -3, expected an integer in [1, 2147483648]");
  EXPECT_EQ(error_of(example_with("epochs: 100", "epochs: 1e2")),
            "run.yaml:22:11: train.epochs: found the number 1e2, expected an integer in [1, 2147483648] (write 100)");
  EXPECT_EQ(error_of(example_with("epochs: 100", "epochs: 0x10")),
            "run.yaml:22:11: train.epochs: found the text '0x10', expected an integer in [1, 2147483648] (numbers are "
            "decimal)");
  EXPECT_EQ(error_of(example_with("epochs: 100", "epochs: 1_000")),
            "run.yaml:22:11: train.epochs: found the text '1_000', expected an integer in [1, 2147483648] (write "
            "numbers without '_')");
  EXPECT_EQ(error_of(example_with("epochs: 100", "epochs: 010")),
            "run.yaml:22:11: train.epochs: found the text '010', expected an integer in [1, 2147483648] (write numbers "
            "without leading zeros)");
  EXPECT_EQ(error_of(example_with("batch_size: 512", "batch_size: 0")),
            "run.yaml:21:15: train.batch_size: found the number 0, expected an integer in [1, 2147483648]");
  EXPECT_EQ(error_of(example_with("batch_size: 512", "batch_size: many")),
            "run.yaml:21:15: train.batch_size: found the text 'many', expected an integer in [1, 2147483648]");
  EXPECT_EQ(
      error_of(example_with("beta: 1.0e-5", "beta: .inf")),
      "run.yaml:12:9: model.beta: found the text '.inf', expected a number of at least 0 (numbers must be finite)");
  EXPECT_EQ(
      error_of(example_with("beta: 1.0e-5", "beta: nan")),
      "run.yaml:12:9: model.beta: found the text 'nan', expected a number of at least 0 (numbers must be finite)");
  EXPECT_EQ(error_of(example_with("cover_factor: 1.0", "cover_factor: 0")),
            "run.yaml:31:52: export.trace.cover_factor: found the number 0, expected a number above 0");
  EXPECT_EQ(error_of(example_with("seed: 42", "seed: 4.2")),
            "run.yaml:1:7: seed: found the number 4.2, expected an integer of at least 0 (not a whole number)");
  EXPECT_THAT(error_of(example_with("validation: 0.15", "validation: 1.5")),
              StartsWith("run.yaml:6:15: data.validation: "));
}

TEST_F(RunConfigTest, RefusesWrongTypes) {
  EXPECT_EQ(error_with("train.shuffle=yes"),
            "--set #1: train.shuffle: found the text 'yes', expected true or false (write true, without quotes)");
  EXPECT_EQ(error_of(example_with("metrics: [accuracy]", "metrics: [[accuracy]]")),
            "run.yaml:20:13: found a list, expected a metric as NAME or {NAME: {...}}");
  EXPECT_EQ(error_of(example_with("optimizer: {Adam: {learning_rate: 5.0e-3}}", "optimizer: 5")),
            "run.yaml:19:14: found the number 5, expected an optimizer as NAME or {NAME: {...}}");
  EXPECT_EQ(error_with("callbacks={ResetMinMax: {}}"), "--set #1: callbacks: found a map, expected a list (- NAME)");
  EXPECT_EQ(
      error_of(example_with("kernel_quantizer: {init_bw: 2, regularizer: {MonoL1: 1.0e-6}}", "kernel_quantizer: 2")),
      "run.yaml:10:21: model.kernel_quantizer: found the number 2, expected a map (key: value)");
  EXPECT_EQ(error_with("export.trace.data=[train, trian]"),
            "--set #1: export.trace.data: unknown rows 'trian', did you mean 'train'?");
  EXPECT_EQ(error_with("export.trace.data=[test, test]"), "--set #1: export.trace.data: 'test' is given twice");
  EXPECT_EQ(error_with("export.trace.data=[]"),
            "--set #1: export.trace.data: found an empty list, expected names of train, validation, test");
  EXPECT_EQ(error_of(example_with("overflow: wrap", "overflow: warp")),
            "run.yaml:32:13: export.overflow: found the text 'warp', expected one of wrap, sat, did you mean 'wrap'?");
}

TEST_F(RunConfigTest, RefusesBadLayers) {
  EXPECT_EQ(error_of(with_layers("    - HDens: {units: 1}\n")),
            "run.yaml:4:7: unknown layer 'HDens', did you mean 'HDense'?");
  EXPECT_THAT(error_of(with_layers("    - Transformer\n")),
              StartsWith("run.yaml:4:7: unknown layer 'Transformer'; there are: HQuantize, "));
  EXPECT_EQ(error_of(with_layers("    - HDense:\n      units: 5\n")),
            "run.yaml:5:7: 'units' stands beside 'HDense', expected a layer as NAME or {NAME: {...}}; arguments are "
            "indented deeper than the name");
  EXPECT_EQ(error_of(with_layers("    - 5\n")),
            "run.yaml:4:7: found the number 5, expected a layer as NAME or {NAME: {...}}");
  EXPECT_EQ(error_of("data: {file: a.h5}\nmodel: {layers: []}\ntrain: {loss: mse}\n"),
            "run.yaml:2:17: model.layers: found a list of 0, expected a list of 1 to 4096 layers");
  EXPECT_EQ(error_of("data: {file: a.h5}\nmodel: {layers: HDense}\ntrain: {loss: mse}\n"),
            "run.yaml:2:17: model.layers: found the text 'HDense', expected a list of 1 to 4096 layers");
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: a b}\n")),
            "run.yaml:4:25: HQuantize.name: found the text 'a b', expected a letter, then letters, digits and '_' "
            "(hls4ml makes C++ names of them)");
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: 5}\n")),
            "run.yaml:4:25: HQuantize.name: found the number 5, expected text");
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: q}\n    - HQuantize: {name: q}\n")),
            "run.yaml:5:25: duplicate layer name 'q', first at run.yaml:4:7");
  EXPECT_EQ(error_of(with_layers("    - HQuantize\n    - HDense: 64\n")),
            "run.yaml:5:15: HDense: found the number 64, expected a map (key: value)");
}

TEST_F(RunConfigTest, RefusesBadGraphs) {
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: first}\n    - HDense: {units: 1, inputs: [frist]}\n")),
            "run.yaml:5:35: layer 'h_dense' reads 'frist', which is no layer, did you mean 'first'?");
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: q}\n    - HAdd: {name: a, inputs: [q, b]}\n    - HDense: "
                                 "{name: b, units: 1, inputs: [a]}\n")),
            "run.yaml:6:44: layers read each other in a circle: a -> b -> a");
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: q, inputs: [q]}\n")),
            "run.yaml:4:37: layers read each other in a circle: q -> q");
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: q, inputs: []}\n")),
            "run.yaml:4:36: HQuantize.inputs: found an empty list, expected names of layers");
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: q, inputs: 3}\n")),
            "run.yaml:4:36: HQuantize.inputs: found the number 3, expected the name of a layer");
  EXPECT_EQ(error_of(with_layers("    - Input: {inputs: [a]}\n    - HQuantize\n")),
            "run.yaml:4:15: an Input layer reads nothing, found 'inputs'");
  EXPECT_EQ(error_of(with_layers("    - Input: {shape: [0]}\n    - HQuantize\n")),
            "run.yaml:4:23: Input.shape: found the number 0, expected an integer of at least 1");
  EXPECT_EQ(error_of(with_layers("    - Input: {shpe: [3]}\n    - HQuantize\n")),
            "run.yaml:4:15: unknown key 'shpe' in Input, did you mean 'shape'? There are: name, shape");
  EXPECT_EQ(error_of(with_layers("    - HQuantize: {name: q}\n    - Input: {name: x}\n")),
            "run.yaml:4:7: the first layer, 'q', reads nothing; in a model with Input layers give it 'inputs'");
  EXPECT_EQ(error_of(with_layers("    - Input: {name: a}\n    - Input: {name: b}\n    - HQuantize\n")),
            "run.yaml:4:7: no layer reads the Input 'a'");
}

TEST_F(RunConfigTest, RefusesBadOutputs) {
  const std::string layers = "    - HDense: {name: a, units: 1}\n    - HDense: {name: b, units: 1, inputs: [a]}\n";
  EXPECT_EQ(error_of(with_layers(layers + "  outputs: [c]\n")),
            "run.yaml:6:13: model.outputs: 'c' is no layer; there are: input_1, a, b");
  EXPECT_EQ(error_of(with_layers(layers + "  outputs: [b, b]\n")), "run.yaml:6:16: model.outputs: 'b' is named twice");
  EXPECT_EQ(error_of(with_layers(layers + "  outputs: []\n")),
            "run.yaml:6:12: model.outputs: found an empty list, expected names of layers");
  EXPECT_EQ(error_of(with_layers(layers + "  outputs: a\n")),
            "run.yaml:5:7: layer 'b' leads to no output; name it in model.outputs or leave it out");
}

TEST_F(RunConfigTest, RefusesDatasetsAndLossesThatBelongToNoLayer) {
  const auto graph_with = [](const std::string& from, const std::string& to) {
    std::string text = kGraph;
    return text.replace(text.find(from), from.size(), to);
  };
  EXPECT_THAT((read(graph_with("muon: x1, mask", "moun: x1, mask")), messages()),
              ElementsAre("run.yaml:3:18: data.inputs: 'moun' is not an Input layer, did you mean 'muon'?",
                          "run.yaml:3:18: data.inputs: no dataset for the layer 'muon'"));
  EXPECT_EQ(
      error_of(graph_with("{muon: x1, mask: x2}", "x")),
      "run.yaml:3:11: data.inputs: expected a dataset for each of the layers muon, mask, as {muon: DATASET, ...}");
  EXPECT_EQ(error_of(graph_with("targets: {a: y1, b: y2}", "targets: {a: y1}")),
            "run.yaml:4:16: data.targets: no dataset for the layer 'b'");
  EXPECT_EQ(error_of(graph_with("loss: {a: mse, b: mae}", "loss: {a: mse}")),
            "run.yaml:16:3: train.loss: no loss for the output 'b'");
  EXPECT_THAT((read(graph_with("loss: {a: mse, b: mae}", "loss: {a: mse, sum: mae}")), messages()),
              ElementsAre("run.yaml:16:3: train.loss: no loss for the output 'b'",
                          "run.yaml:16:18: train.loss: 'sum' is no output; there are: b, a"));
  EXPECT_EQ(error_of(graph_with("loss_weights: {b: 0.5}", "loss_weights: {c: 0.5}")),
            "run.yaml:17:18: train.loss_weights: 'c' is no output; there are: b, a");
  EXPECT_EQ(error_of(graph_with("loss_weights: {b: 0.5}", "loss_weights: {b: -1}")),
            "run.yaml:17:21: train.loss_weights.b: found the number -1, expected a number of at least 0");
}

/// The errors of a config with two outputs and these lines in its sections data and train.
std::vector<std::string> errors_of_two_outputs(const std::string& data, const std::string& train) {
  ErrorList errors;
  const Node tree =
      Node::from_yaml("data: {file: d.h5, targets: {a: y, b: z}" + data +
                          "}\nmodel: {layers: [HQuantize, HDense: {units: 2, name: a}, HDense: {units: 1, "
                          "name: b, inputs: a}], outputs: [a, b]}\ntrain: {loss: mse" +
                          train + "}\n",
                      "c.yaml", errors);
  const RunConfig config = run_config_from(tree, "", config_hooks(built_in_registry()), errors);
  if (errors.empty() && !train.empty()) {
    EXPECT_THAT(config.resolved.to_yaml(), HasSubstr("weighted_metrics"));
  }
  return errors.messages();
}

TEST_F(RunConfigTest, SampleWeightsBelongToOutputs) {
  EXPECT_THAT(errors_of_two_outputs(", sample_weights: w", ", weighted_metrics: [mae]"), ::testing::IsEmpty());
  EXPECT_THAT(errors_of_two_outputs(", sample_weights: {b: w}", ""), ::testing::IsEmpty());
  EXPECT_THAT(errors_of_two_outputs(", sample_weights: {bb: w}", ""),
              ElementsAre(HasSubstr("data.sample_weights: 'bb' is not an output, did you mean 'b'?")));
  EXPECT_THAT(errors_of_two_outputs(", test: {inputs: x, targets: {a: y, b: z}, sample_weights: {c: w}}", ""),
              ElementsAre(HasSubstr("data.test.sample_weights: 'c' is not an output")));
  EXPECT_THAT(errors_of_two_outputs("", ", weighted_metrics: [AUC]"),
              ElementsAre(HasSubstr("'auc' has no weighted form; put it under train.metrics")));
}

TEST_F(RunConfigTest, PathsOfSetsStartFromTheCurrentFolder) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(read_valid(kExample, {"data.file=other.h5"}).data_config.train.file, here + "/other.h5");
  EXPECT_EQ(read_valid(kExample, {"data.file=/tmp/other.h5"}).data_config.train.file, "/tmp/other.h5");
  const RunConfig c =
      read_valid(kExample, {"data.inputs={file: x.npy}", "data.test={inputs: {file: sub/t.npy}, targets: y}"});
  EXPECT_EQ(c.data_config.train.inputs[0].array.file, here + "/x.npy");
  EXPECT_EQ(c.data_config.test->inputs[0].array.file, here + "/sub/t.npy");
  EXPECT_NE(c.data_config.train.file.rfind(here, 0), 0U);  // of the file itself: from the config
  EXPECT_THAT(c.resolved.to_yaml(), HasSubstr(here + "/x.npy"));
}

TEST_F(RunConfigTest, ATypingErrorInThePathIsHelped) {
  std::ofstream(folder_ / "magic_run.yaml") << "seed: 1\n";
  std::ofstream(folder_ / "rows.csv") << "a,b,c\n1,2,3\n";
  const auto error = [&](const std::string& path) {
    ErrorList errors;
    read_run_config({.path = path, .sets = {}, .seed = {}}, {}, errors);
    return errors.empty() ? std::string() : errors.messages().front();
  };
  const std::string folder = folder_.string();
  EXPECT_EQ(error(folder + "/magic_rnu.yaml"),
            concat(folder, "/magic_rnu.yaml: there is no such file, did you mean '", folder, "/magic_run.yaml'?"));
  EXPECT_THAT(error(folder + "/zzz"), HasSubstr("; in '" + folder + "' there "));
  EXPECT_THAT(error(folder + "/none/x.yaml"), HasSubstr("there is no folder"));
  EXPECT_THAT(error(folder + "/rows.csv"), HasSubstr("seems to be a table of data, expected a config (YAML)"));
}

TEST_F(RunConfigTest, RefusesBadSets) {
  EXPECT_EQ(error_with("train.epochs"),
            "--set #1: found 'train.epochs', expected KEY.PATH=YAML, such as train.epochs=10");
  EXPECT_EQ(error_with("=5"), "--set #1: found '=5', expected KEY.PATH=YAML, such as train.epochs=10");
  EXPECT_EQ(error_with("train..epochs=5"),
            "--set #1: found 'train..epochs=5', expected KEY.PATH=YAML, such as train.epochs=10");
  EXPECT_EQ(error_with("train.epoch=5"),
            "--set #1: unknown key 'epoch' in train, did you mean 'epochs'? There are: batch_size, class_weight, "
            "distillation, epochs, freeze, loss, "
            "loss_weights, metrics, optimizer, phases, schedule_epochs, shuffle, weighted_metrics");
  EXPECT_EQ(error_with("trian.epochs=5"),
            "--set #1: unknown key 'trian' at the top level, did you mean 'train'? There are: callbacks, data, export, "
            "model, seed, train");
  EXPECT_EQ(error_with("train.epochs.x=5"), "--set #1: 'train.epochs' is the number 100, it has no key 'x'");
  EXPECT_EQ(error_with("model.layers.h_dens.units=5"),
            "--set #1: 'model.layers' has no item 'h_dens', did you mean 'h_dense'?");
  EXPECT_EQ(error_with("model.layers.3.units=5"), "--set #1: 'model.layers' has the items 0 to 2, there is no item 3");
  EXPECT_EQ(error_with("model.layers.-1.units=5"),
            "--set #1: 'model.layers' has no item '-1'; there are: inp_q, h_dense_batch_norm, h_dense");
  EXPECT_EQ(error_with("train.epochs=[1"), "--set #1: the value '[1': this '[' is not closed, expected ',' or ']'");
  EXPECT_EQ(error_with("train.epochs={a: 1, a: 2}"),
            "--set #1: the value '{a: 1, a: 2}': duplicate key 'a', first at --set #1:1:2");
  EXPECT_EQ(error_with("train.epochs="),
            "--set #1: train.epochs: found nothing, expected an integer in [1, 2147483648]");
  EXPECT_EQ(error_of(kExample, {"seed=1", "train.epochs=-1"}),
            "--set #2: train.epochs: found the number -1, expected an integer in [1, 2147483648]");
  EXPECT_EQ(error_of(std::string(kExample), {"callbacks.1=EarlyStopping", "callbacks.EarlyStopping.patience=1"}),
            "--set #2: 'callbacks' has more than one 'EarlyStopping', name it by its index");
  std::string deep = "a";
  for (int i = 0; i < 100; ++i) deep += ".a";
  EXPECT_EQ(error_with(deep + "=1"), "--set #1: a path of more than 64 keys");
}

}  // namespace run_config_errors_test
}  // namespace hgq
