#include "hgq/apps/run_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "hgq/apps/config_path.h"
#include "hgq/apps/config_reference.h"
#include "hgq/apps/setup.h"
#include "hgq/core/error.h"
#include "run_config_fixture.h"

namespace hgq {
namespace run_config_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(RunConfigTest, ReadsTheExample) {
  const RunConfig c = read_valid(kExample);
  EXPECT_EQ(c.seed, 42);
  EXPECT_EQ(c.data_config.validation_share, 0.15);
  EXPECT_EQ(c.data_config.train.file, (folder_ / "../../data/samples/magic.h5").lexically_normal().string());
  EXPECT_EQ(c.model.beta, 1.0e-5);
  EXPECT_EQ(c.model.kernel_quantizer["init_bw"].text(), "2");
  ASSERT_EQ(c.model.graph.layers.size(), 4U);
  EXPECT_EQ(c.model.graph.layers[0].spec.kind, "Input");
  EXPECT_EQ(c.model.graph.layers[0].name, "input_1");
  EXPECT_TRUE(c.model.graph.layers[0].implied);
  EXPECT_EQ(c.model.graph.layers[1].name, "inp_q");
  EXPECT_THAT(c.model.graph.layers[1].spec.inputs, ElementsAre("input_1"));
  EXPECT_EQ(c.model.graph.layers[2].name, "h_dense_batch_norm");
  EXPECT_EQ(c.model.graph.layers[3].name, "h_dense");
  EXPECT_THAT(c.model.graph.layers[3].spec.inputs, ElementsAre("h_dense_batch_norm"));
  EXPECT_EQ(c.model.graph.layers[3].spec.arguments["name"].text(), "h_dense");
  EXPECT_THAT(c.model.inputs, ElementsAre("input_1"));
  EXPECT_THAT(c.model.outputs, ElementsAre("h_dense"));
  ASSERT_EQ(c.train.losses.size(), 1U);
  EXPECT_EQ(c.train.losses[0].output, "h_dense");
  EXPECT_EQ(c.train.losses[0].loss.text(), "sparse_categorical_crossentropy");
  EXPECT_EQ(c.train.batch_size, 512);
  EXPECT_EQ(c.train.epochs, 100);
  EXPECT_TRUE(c.train.shuffle);
  EXPECT_EQ(c.train.metrics.size(), 1U);
  EXPECT_EQ(c.callbacks.size(), 6U);
  EXPECT_THAT(c.proxy.trace.data, ElementsAre("train", "validation"));
  EXPECT_FALSE(c.proxy.saturate);
}

TEST_F(RunConfigTest, HasDefaultsForAllButDataLayersAndLoss) {
  const RunConfig c = read_valid(with_layers("    - HDense: {units: 1}\n"));
  EXPECT_EQ(c.seed, 0);
  EXPECT_EQ(c.train.batch_size, 32);
  EXPECT_EQ(c.train.epochs, 1);
  EXPECT_EQ(c.train.optimizer.text(), "Adam");
  EXPECT_TRUE(c.train.metrics.empty());
  EXPECT_TRUE(c.callbacks.empty());
  EXPECT_EQ(c.proxy.accum_fp_max_offset, std::nullopt);
  EXPECT_EQ(c.proxy.unary_lut_max_table_size, 2048);
  EXPECT_EQ(c.proxy.trace.cover_factor, 1.0);
}

TEST_F(RunConfigTest, ReadsTheExportSection) {
  const RunConfig c =
      read_valid(kExample, {"export={overflow: sat, accum_fp_max_offset: 3, unary_lut_max_table_size: 256, "
                            "trace: {data: test, cover_factor: 1.5, batch_size: 100}}"});
  EXPECT_TRUE(c.proxy.saturate);
  EXPECT_EQ(c.proxy.accum_fp_max_offset, 3);
  EXPECT_EQ(c.proxy.unary_lut_max_table_size, 256);
  EXPECT_THAT(c.proxy.trace.data, ElementsAre("test"));
  EXPECT_EQ(c.proxy.trace.cover_factor, 1.5);
  EXPECT_EQ(c.proxy.trace.batch_size, 100);
}

TEST_F(RunConfigTest, NamesLayersAsKerasDoes) {
  const RunConfig c = read_valid(with_layers(
      "    - HQuantize\n    - HDense: {units: 3}\n    - HDense: {units: 3, name: h_dense_1}\n    - HDense: {units: 3}\n"
      "    - HDenseBatchNorm: {units: 3}\n    - PFlatten\n    - PMaxPool1D\n    - PMaxPooling1D\n    - PAvgPool2D\n"));
  std::vector<std::string> names;
  for (const LayerNode& layer : c.model.graph.layers) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("input_1", "h_quantize", "h_dense", "h_dense_1", "h_dense_2", "h_dense_batch_norm",
                                 "p_flatten", "p_max_pooling1d", "p_max_pooling1d_1", "p_average_pooling2d"));
}

// Two inputs, two outputs; q2 is read before it stands in the list.
TEST_F(RunConfigTest, SortsAGraphSoThatValuesFlow) {
  const RunConfig c = read_valid(kGraph);
  std::vector<std::string> names;
  for (const LayerNode& layer : c.model.graph.layers) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("muon", "mask", "q1", "q2", "sum", "a", "b"));
  EXPECT_EQ(c.model.graph.layers[0].shape, std::vector<int64_t>{4});
  EXPECT_THAT(c.model.graph.layers[4].spec.inputs, ElementsAre("q1", "q2"));
  EXPECT_EQ(c.model.graph.layers[4].spec.arguments.find("inputs"), nullptr);
  EXPECT_THAT(c.model.inputs, ElementsAre("muon", "mask"));
  EXPECT_THAT(c.model.outputs, ElementsAre("b", "a"));
  ASSERT_EQ(c.train.losses.size(), 2U);
  EXPECT_EQ(c.train.losses[0].output, "b");
  EXPECT_EQ(c.train.losses[0].loss.text(), "mae");
  EXPECT_EQ(c.train.losses[0].weight, 0.5);
  EXPECT_EQ(c.train.losses[1].weight, 1.0);
}

TEST_F(RunConfigTest, ReadsSharedLayersAndNestedModels) {
  const RunConfig c = read_valid(with_layers(
      R"(    - HQuantize: {name: q}
    - Shared: {layer: block, inputs: q}
    - NestedModel:
        name: block
        inputs: q
        outputs: [second, first]
        layers:
          - Input: {name: i}
          - HDense: {units: 2, name: first}
          - HDense: {units: 3, name: second, inputs: i}
    - HDense: {units: 1, name: a, inputs: block/first}
    - HDense: {units: 1, name: b, inputs: block_1/second}
)",
      "train: {loss: mse}\n", "data: {file: a.h5, targets: {block_1/first: t, block/second: u, a: v, b: w}}\n"));
  ASSERT_EQ(c.model.graph.layers.size(), 6U);
  EXPECT_EQ(c.model.graph.layers[2].spec.kind, "NestedModel");  // in front of its further call
  EXPECT_EQ(c.model.graph.layers[3].spec.kind, "Shared");
  EXPECT_EQ(c.model.graph.layers[3].name, "block_1");
  ASSERT_EQ(c.model.graph.layers[2].inside->layers.size(), 3U);
  EXPECT_EQ(c.model.graph.layers[2].inside->layers[2].name, "second");
  EXPECT_THAT(c.model.graph.layers[2].inside->output_names(), ElementsAre("second", "first"));
  EXPECT_THAT(c.model.outputs, ElementsAre("block_1/first", "block/second", "a", "b"));
  const std::string written = c.resolved.to_yaml();
  EXPECT_THAT(written, HasSubstr("- Shared: {name: block_1, layer: block, inputs: q}"));
}

TEST_F(RunConfigTest, RefusesBadSharedLayersAndNestedModels) {
  EXPECT_THAT(error_of(with_layers("    - HQuantize\n    - Shared: {layer: h_quantise}\n")),
              HasSubstr("Shared.layer: 'h_quantise' is no layer, did you mean 'h_quantize'?"));
  EXPECT_THAT(error_of(with_layers("    - HQuantize\n    - Shared\n")), HasSubstr("Shared.layer: required"));
  EXPECT_THAT(error_of(with_layers("    - HQuantize\n    - NestedModel: {layers: [{HDens: {units: 1}}]}\n")),
              HasSubstr("unknown layer 'HDens', did you mean 'HDense'?"));
  EXPECT_THAT(error_of(with_layers("    - HQuantize\n    - NestedModel\n")),
              HasSubstr("NestedModel: missing key 'layers'"));
  EXPECT_THAT(error_of(with_layers("    - HQuantize: {inputs: s}\n    - Shared: {name: s, layer: h_quantize}\n")),
              HasSubstr("layers read each other in a circle"));
  EXPECT_THAT(error_of(with_layers("    - HQuantize\n    - NestedModel: {name: m, layers: [Input: {name: i}, HDense: "
                                   "{units: 1, name: a}, HDense: {units: 1, name: b, inputs: i}]}\n    - HAdd: "
                                   "{inputs: [m, m/a]}\n")),
              HasSubstr("layer 'h_add' reads 'm'; 'm' is read as m/a, m/b"));
}

// What cannot be read is the only thing that is said: how the other layers hang together depends on it.
TEST_F(RunConfigTest, AListThatCannotBeReadGivesNoFurtherErrors) {
  EXPECT_THAT(error_of(with_layers("    - HQuantize\n    - HDense:\n      units: 2\n")), HasSubstr("stands beside"));
  EXPECT_THAT(error_of(with_layers(
                  "    - HQuantize: {name: q}\n    - HDense: {units: 1, inputs: {a: b}}\n    - HDense: {units: 1}\n")),
              HasSubstr("HDense.inputs: found a map, expected the name of a layer"));
  EXPECT_THAT(
      error_of(with_layers(
          "    - Input: {name: a}\n    - Input: {name: b}\n    - 3\n    - NestedModel: {inputs: [a, b], layers: "
          "[Input: {name: i}, Input: {name: j}, HAdd: {inputs: [i, j]}]}\n")),
      HasSubstr("found the number 3, expected a layer"));
  EXPECT_THAT(error_of(with_layers("    - HQuantize\n    - Shared: {layer: 3}\n")),
              HasSubstr("Shared.layer: found the number 3"));
}

TEST_F(RunConfigTest, SaysWhereOutputsOfNestedModelsAreNamed) {
  EXPECT_THAT(error_of(with_layers(
                  "    - HQuantize\n    - NestedModel: {name: m, outputs: [a], layers: [HDense: {units: 1, name: a}, "
                  "HDense: {units: 1, name: b}]}\n")),
              HasSubstr("layer 'b' leads to no output; name it in the outputs of 'm' or leave it out"));
  EXPECT_THAT(
      error_of(with_layers(
          "    - HQuantize\n    - NestedModel: {name: m, outputs: [a, b], layers: [HDense: {units: 1, name: a}, "
          "HDense: {units: 1, name: b}]}\n  outputs: [m]\n")),
      HasSubstr("model.outputs: 'm' has several outputs; name m/a, m/b"));
  EXPECT_THAT(error_of(with_layers(
                  "    - HQuantize\n    - NestedModel: {layer: [HDense: {units: 1}], layers: [HDense: {units: 1}]}\n")),
              HasSubstr("There are: inputs, layers, name, outputs"));
}

TEST_F(RunConfigTest, TheImpliedInputLeavesNamesToLayers) {
  const RunConfig c =
      read_valid(with_layers("    - HQuantize: {name: input_1}\n    - HDense: {units: 1, inputs: input_1}\n"));
  EXPECT_THAT(c.model.inputs, ElementsAre("input_2"));
  EXPECT_THAT(error_of(with_layers("    - HQuantize: {name: q}\n    - HDense: {units: 1}\n", "train: {loss: mse}\n",
                                   "data: {file: a.h5, inputs: {q: x1}}\n")),
              HasSubstr("layer 'q' has the name of the input of the model, which the data give; rename one"));
}

// Keys of Keras that change nothing here may have the value that changes nothing in Keras.
TEST_F(RunConfigTest, KeysWithoutAnEffectAreNeutral) {
  read_valid(
      with_layers("    - HDenseBatchNorm: {units: 1, activity_regularizer: null, moving_mean_initializer: {class_name: "
                  "Zeros, config: {}}, "
                  "synchronized: false}\n    - PDropout: {rate: 0.5, seed: null, noise_shape: null}\n"));
  EXPECT_THAT(error_of(with_layers("    - HDense: {units: 1, activity_regularizer: {L1: 100}}\n")),
              HasSubstr("HDense.activity_regularizer: found a map, expected null: hgq does not compute it"));
  EXPECT_THAT(error_of(with_layers("    - PDropout: {rate: 0.5, seed: 5}\n")),
              HasSubstr("dropout follows the seed of the run"));
  EXPECT_THAT(error_of(with_layers("    - HDenseBatchNorm: {units: 1, bn_gamma_initializer: zeros}\n")),
              HasSubstr("write gamma_initializer"));
}

TEST_F(RunConfigTest, ANamedDatasetNamesTheImpliedInput) {
  const RunConfig c = read_valid(
      with_layers("    - HDense: {units: 1}\n", "train: {loss: mse}\n", "data: {file: a.h5, inputs: {muon: x1}}\n"));
  EXPECT_THAT(c.model.inputs, ElementsAre("muon"));
}

TEST_F(RunConfigTest, OneLossServesAllOutputsAndMayHaveArguments) {
  const std::string layers =
      "    - HDense: {name: a, units: 1}\n    - HDense: {name: b, units: 1, inputs: [input_1]}\n";
  std::string yaml =
      with_layers(layers, "train: {loss: {huber: {delta: 2.0}}}\n", "data: {file: a.h5, targets: {a: y1, b: y2}}\n");
  const RunConfig c = read_valid(yaml);
  ASSERT_EQ(c.train.losses.size(), 2U);
  EXPECT_EQ(c.train.losses[1].output, "b");
  EXPECT_EQ(c.train.losses[1].loss["huber"]["delta"].text(), "2.0");
}

TEST_F(RunConfigTest, SetChangesValuesByPath) {
  const RunConfig c = read_valid(
      kExample, {"train.epochs=10", "train.epochs=20", "model.layers.h_dense.units=8", "model.layers.0.beta=0.5",
                 "callbacks.EarlyStopping.patience=5", "train.optimizer.Adam.learning_rate=1.0e-4",
                 "train.shuffle=false", "model.layers.2.HDense.use_bias=false", "callbacks.0={TerminateOnNaN: {}}"});
  EXPECT_EQ(c.train.epochs, 20);
  EXPECT_FALSE(c.train.shuffle);
  EXPECT_EQ(c.model.graph.layers[3].spec.arguments["units"].text(), "8");
  EXPECT_EQ(c.model.graph.layers[3].spec.arguments["use_bias"].text(), "false");
  EXPECT_EQ(c.model.graph.layers[1].spec.arguments["beta"].text(), "0.5");
  EXPECT_EQ(c.callbacks[5]["EarlyStopping"]["patience"].text(), "5");
  EXPECT_EQ(c.callbacks[5]["EarlyStopping"]["monitor"].text(), "val_loss");
  EXPECT_NE(c.callbacks[0].find("TerminateOnNaN"), nullptr);
  EXPECT_EQ(c.train.optimizer["Adam"]["learning_rate"].text(), "1.0e-4");
}

TEST_F(RunConfigTest, SetReachesIntoBareNamesAndMissingSections) {
  const RunConfig c =
      read_valid(with_layers("    - HQuantize\n    - HDense: {units: 1}\n", "train: {loss: mse, optimizer: Adam}\n"),
                 {"model.layers.h_quantize.beta=0.25", "train.optimizer.Adam.learning_rate=0.5",
                  "export.trace.cover_factor=2", "train.metrics=[mse]"});
  EXPECT_EQ(c.model.graph.layers[1].spec.arguments["beta"].text(), "0.25");
  EXPECT_EQ(c.train.optimizer["Adam"]["learning_rate"].text(), "0.5");
  EXPECT_EQ(c.proxy.trace.cover_factor, 2.0);
  EXPECT_EQ(c.train.metrics.size(), 1U);
}

TEST_F(RunConfigTest, SeedWinsOverAll) {
  EXPECT_EQ(read_valid(kExample, {"seed=7"}).seed, 7);
  EXPECT_EQ(read_valid(kExample, {"seed=7"}, 9).seed, 9);
  read(kExample, {}, -1);
  EXPECT_THAT(messages(), ElementsAre("--seed: seed: found the number -1, expected an integer of at least 0"));
}

TEST_F(RunConfigTest, ResolvedConfigRerunsTheSame) {
  for (const std::string& yaml :
       {std::string(kExample), std::string(kGraph), with_layers("    - HQuantize\n    - HDense: {units: 1}\n")}) {
    const RunConfig first = read_valid(yaml, {"export.overflow=sat"});
    const std::string written = first.resolved.to_yaml();
    std::filesystem::create_directories(folder_ / "runs" / "a");
    const std::string path = (folder_ / "runs" / "a" / "config.yaml").string();
    std::ofstream(path) << written;
    ErrorList errors;
    const RunConfig second =
        read_run_config({.path = path, .sets = {}, .seed = {}}, config_hooks(built_in_registry()), errors);
    EXPECT_THAT(errors.messages(), ElementsAre()) << written;
    EXPECT_EQ(second.resolved.to_yaml(), written);
    EXPECT_THAT(differing_keys(first.resolved, second.resolved), ElementsAre());
    EXPECT_EQ(second.data_config.train.file, first.data_config.train.file);
    EXPECT_TRUE(std::filesystem::path(second.data_config.train.file).is_absolute());
    EXPECT_TRUE(second.proxy.saturate);
    ASSERT_EQ(second.model.graph.layers.size(), first.model.graph.layers.size());
    for (std::size_t i = 0; i < first.model.graph.layers.size(); ++i) {
      EXPECT_EQ(second.model.graph.layers[i].name, first.model.graph.layers[i].name);
      EXPECT_EQ(second.model.graph.layers[i].spec.inputs, first.model.graph.layers[i].spec.inputs);
    }
    ASSERT_EQ(second.train.losses.size(), first.train.losses.size());
    for (std::size_t i = 0; i < first.train.losses.size(); ++i)
      EXPECT_EQ(second.train.losses[i].weight, first.train.losses[i].weight);
  }
}

// A run that is resumed for more epochs keeps the length of its schedules, and its config says so: it reruns the
// same.
TEST_F(RunConfigTest, ResumeKeepsTheLengthOfSchedules) {
  const Node stored = read_valid(kExample, {"train.epochs=100"}).resolved;
  RunConfig same = read_valid(kExample, {"train.epochs=100"});
  keep_schedule_epochs(stored, same);
  EXPECT_FALSE(same.train.schedule_epochs);
  RunConfig longer = read_valid(kExample, {"train.epochs=200"});
  keep_schedule_epochs(stored, longer);
  EXPECT_EQ(longer.train.schedule_epochs, 100);
  EXPECT_EQ(longer.resolved["train"]["schedule_epochs"].text(), "100");
  EXPECT_NO_THROW(check_resumable(stored, longer.resolved, "runs/magic"));
  RunConfig longer_still = read_valid(kExample, {"train.epochs=300"});
  keep_schedule_epochs(longer.resolved, longer_still);
  EXPECT_EQ(longer_still.train.schedule_epochs, 100);
  EXPECT_NO_THROW(check_resumable(longer.resolved, longer_still.resolved, "runs/magic"));
  RunConfig own = read_valid(kExample, {"train.epochs=200", "train.schedule_epochs=200"});
  keep_schedule_epochs(stored, own);
  EXPECT_THROW(check_resumable(stored, own.resolved, "runs/magic"), ConfigError);
}

TEST_F(RunConfigTest, ResumeNamesTheKeysThatDiffer) {
  const Node stored = read_valid(kExample).resolved;
  const auto keys = [&](std::vector<std::string> sets) {
    return differing_keys(stored, read_valid(kExample, std::move(sets)).resolved);
  };
  EXPECT_THAT(keys({}), ElementsAre());
  EXPECT_THAT(keys({"train.optimizer.Adam.learning_rate=0.005", "train.shuffle=true"}), ElementsAre());
  EXPECT_THAT(keys({"train.epochs=7"}), ElementsAre("train.epochs"));
  EXPECT_THAT(keys({"seed=1", "model.layers.h_dense.units=3", "callbacks.EarlyStopping.patience=1", "data.scale=none"}),
              ElementsAre("seed", "data.scale", "model.layers.h_dense.units", "callbacks.EarlyStopping.patience"));
  EXPECT_THAT(keys({"model.layers.1.name=first"}), ElementsAre("model.layers"));
  EXPECT_THAT(keys({"callbacks=[ResetMinMax]"}), ElementsAre("callbacks"));
  EXPECT_THAT(keys({"train.optimizer={SGD: {learning_rate: 1}}"}),
              ElementsAre("train.optimizer.Adam", "train.optimizer.SGD"));
  EXPECT_NO_THROW(check_resumable(stored, read_valid(kExample, {"train.epochs=200"}).resolved, "runs/magic"));
  EXPECT_THROW(check_resumable(stored, read_valid(kExample, {"train.schedule_epochs=7"}).resolved, "runs/magic"),
               ConfigError);
  try {
    check_resumable(stored, read_valid(kExample, {"train.epochs=200", "seed=1", "train.batch_size=8"}).resolved,
                    "runs/magic");
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_EQ(std::string(e.what()),
              "runs/magic: the config differs from that with which this run began in seed, train.batch_size; "
              "only train.epochs may "
              "change when a run is resumed");
  }
}

TEST_F(RunConfigTest, LongChainsOfForwardReferencesAreRead) {
  std::string layers;
  for (int i = 0; i < 4000; ++i) {
    layers += "    - HQuantize: {name: q" + std::to_string(i) + ", inputs: [" +
              (i == 3999 ? "x" : "q" + std::to_string(i + 1)) + "]}\n";
  }
  const RunConfig c = read_valid(with_layers(layers + "    - Input: {name: x}\n"));
  ASSERT_EQ(c.model.graph.layers.size(), 4001U);
  EXPECT_EQ(c.model.graph.layers[0].name, "x");
  EXPECT_EQ(c.model.graph.layers[1].name, "q3999");
  EXPECT_THAT(c.model.outputs, ElementsAre("q0"));
  EXPECT_EQ(error_of(with_layers(layers + layers)),
            "run.yaml:4:5: model.layers: found a list of 8000, expected a list of 1 to 4096 layers");
}

TEST_F(RunConfigTest, HooksAreOptional) {
  ErrorList errors;
  const Node tree = Node::from_yaml(
      "data: {file: a.h5}\nmodel: {layers: [Anything, {Goes: {x: 1}}]}\ntrain: {loss: here}\n", "run.yaml", errors);
  const RunConfig c = run_config_from(tree, "", {}, errors);
  EXPECT_THAT(errors.messages(), ElementsAre());
  EXPECT_EQ(c.model.graph.layers[2].name, "goes");
}

TEST_F(RunConfigTest, WhatAHookThrowsIsAnErrorLikeOthers) {
  ErrorList errors;
  const Node tree = Node::from_yaml("data: {file: a.h5}\nmodel: {layers: [HQuantize]}\ntrain: {loss: mse, epochs: 0}\n",
                                    "run.yaml", errors);
  ConfigHooks hooks;
  hooks.check_loss = [](const Node&, ErrorList&) { throw ConfigError("no such loss"); };
  run_config_from(tree, "", hooks, errors);
  EXPECT_THAT(errors.messages(), ElementsAre("run.yaml:3:15: no such loss", StartsWith("run.yaml:3:28: train.epochs")));
}

TEST(ConfigReference, HasATableForEachSection) {
  const std::string page = config_reference(run_config_docs());
  EXPECT_THAT(page, StartsWith("## Top level\n\n| key | type | default | |\n|---|---|---|---|\n| `seed` | an integer "
                               "of at least 0 | `0` | "));
  for (const char* section : {"## model\n", "## train\n", "## export\n", "## export.trace\n", "## data\n"})
    EXPECT_THAT(page, HasSubstr(section));
  EXPECT_THAT(page, HasSubstr("| `loss` | a loss | required | one for all outputs"));
  EXPECT_THAT(page, HasSubstr("| `batch_size` | an integer in [1, 2147483648] | `32` | rows of a training step |\n"));
  EXPECT_EQ(config_reference(std::vector<KeyDoc>{{"s", "k", "a|b", "", "two\nlines"}, {"s", "k", "again", "", ""}}),
            "## s\n\n| key | type | default | |\n|---|---|---|---|\n| `k` | a\\|b |  | two lines |\n");
}

}  // namespace run_config_test
}  // namespace hgq
