#include "hgq/apps/run_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "hgq/apps/config_path.h"
#include "hgq/apps/config_reference.h"
#include "hgq/apps/setup.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// The example that users are shown, every section in it.
constexpr const char* kExample = R"(seed: 42
data:
  file: ../../data/samples/magic.h5
  inputs: x
  targets: y
  validation: 0.15
  test: {inputs: x_test, targets: y_test}
  scale: standard
model:
  kernel_quantizer: {init_bw: 2, regularizer: {MonoL1: 1.0e-6}}
  activation_quantizer: {init_bw: 2, skip_dims: [0]}
  beta: 1.0e-5
  layers:
    - HQuantize: {name: inp_q, beta: 0}
    - HDenseBatchNorm: {units: 64, activation: relu}
    - HDense: {units: 2, kq_conf: {init_bw: 3}}
train:
  loss: sparse_categorical_crossentropy
  optimizer: {Adam: {learning_rate: 5.0e-3}}
  metrics: [accuracy]
  batch_size: 512
  epochs: 100
callbacks:
  - ResetMinMax
  - FreeBOPs
  - CalibratedBOPs: {data: validation, every: 10}
  - BetaSchedule: {from: 1.0e-6, to: 1.0e-4, scale: log}
  - ParetoFront: {metrics: [val_accuracy, bops], best: [max, min]}
  - EarlyStopping: {monitor: val_loss, patience: 30}
export:
  trace: {data: [train, validation], cover_factor: 1.0}
  overflow: wrap
)";

/// A folder of its own for each test, with one config in it.
class RunConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("hgq_run_config_") + testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    path_ = (folder_ / "run.yaml").string();
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  RunConfig read(const std::string& yaml, std::vector<std::string> sets = {}, std::optional<int64_t> seed = {}) {
    std::ofstream(path_, std::ios::binary) << yaml;
    errors_ = ErrorList();
    return read_run_config({.path = path_, .sets = std::move(sets), .seed = seed}, config_hooks(built_in_registry()),
                           errors_);
  }
  RunConfig read_valid(const std::string& yaml, std::vector<std::string> sets = {}, std::optional<int64_t> seed = {}) {
    RunConfig config = read(yaml, std::move(sets), seed);
    EXPECT_THAT(messages(), ElementsAre()) << yaml;
    return config;
  }
  /// Messages, the path of the file cut to its name.
  std::vector<std::string> messages() const {
    std::vector<std::string> out;
    for (std::string message : errors_.messages()) {
      for (std::size_t at = message.find(path_); at != std::string::npos; at = message.find(path_)) {
        message.replace(at, path_.size(), "run.yaml");
      }
      out.push_back(message);
    }
    return out;
  }
  /// The only error of a config.
  std::string error_of(const std::string& yaml, std::vector<std::string> sets = {}) {
    read(yaml, std::move(sets));
    EXPECT_EQ(errors_.size(), 1U) << yaml << "\n" << testing::PrintToString(messages());
    return errors_.empty() ? "" : messages().front();
  }
  std::string error_with(const std::string& set) { return error_of(kExample, {set}); }

  std::filesystem::path folder_;
  std::string path_;
  ErrorList errors_;
};

/// The example with the first `from` changed; lines keep their numbers.
std::string example_with(const std::string& from, const std::string& to) {
  std::string text = kExample;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// A short config around layers (indented by four), with one output, at lines 3 and further.
std::string with_layers(const std::string& layers, const std::string& rest = "train: {loss: mse}\n",
                        const std::string& data = "data: {file: a.h5}\n") {
  return data + "model:\n  layers:\n" + layers + rest;
}

TEST_F(RunConfigTest, ReadsTheExample) {
  const RunConfig c = read_valid(kExample);
  EXPECT_EQ(c.seed, 42);
  EXPECT_EQ(c.data_config.validation_share, 0.15);
  EXPECT_EQ(c.data_config.train.file, (folder_ / "../../data/samples/magic.h5").lexically_normal().string());
  EXPECT_EQ(c.model.beta, 1.0e-5);
  EXPECT_EQ(c.model.kernel_quantizer["init_bw"].text(), "2");
  ASSERT_EQ(c.model.layers.size(), 4U);
  EXPECT_EQ(c.model.layers[0].kind, "Input");
  EXPECT_EQ(c.model.layers[0].name, "input_1");
  EXPECT_TRUE(c.model.layers[0].implied);
  EXPECT_EQ(c.model.layers[1].name, "inp_q");
  EXPECT_THAT(c.model.layers[1].inputs, ElementsAre("input_1"));
  EXPECT_EQ(c.model.layers[2].name, "h_dense_batch_norm");
  EXPECT_EQ(c.model.layers[3].name, "h_dense");
  EXPECT_THAT(c.model.layers[3].inputs, ElementsAre("h_dense_batch_norm"));
  EXPECT_EQ(c.model.layers[3].arguments["name"].text(), "h_dense");
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
  for (const LayerNode& layer : c.model.layers) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("input_1", "h_quantize", "h_dense", "h_dense_1", "h_dense_2", "h_dense_batch_norm",
                                 "p_flatten", "p_max_pooling1d", "p_max_pooling1d_1", "p_average_pooling2d"));
}

// Two inputs, two outputs; q2 is read before it stands in the list.
constexpr const char* kGraph = R"(data:
  file: a.h5
  inputs: {muon: x1, mask: x2}
  targets: {a: y1, b: y2}
model:
  outputs: [b, a]
  layers:
    - Input: {name: muon, shape: [4]}
    - Input: {name: mask}
    - HQuantize: {name: q1, inputs: muon}
    - HAdd: {name: sum, inputs: [q1, q2]}
    - HQuantize: {name: q2, inputs: [mask]}
    - HDense: {name: a, units: 1, inputs: [sum]}
    - HDense: {name: b, units: 1, inputs: [sum]}
train:
  loss: {a: mse, b: mae}
  loss_weights: {b: 0.5}
)";

TEST_F(RunConfigTest, SortsAGraphSoThatValuesFlow) {
  const RunConfig c = read_valid(kGraph);
  std::vector<std::string> names;
  for (const LayerNode& layer : c.model.layers) names.push_back(layer.name);
  EXPECT_THAT(names, ElementsAre("muon", "mask", "q1", "q2", "sum", "a", "b"));
  EXPECT_THAT(c.model.layers[0].shape, ElementsAre(4));
  EXPECT_THAT(c.model.layers[4].inputs, ElementsAre("q1", "q2"));
  EXPECT_EQ(c.model.layers[4].arguments.find("inputs"), nullptr);
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
  ASSERT_EQ(c.model.layers.size(), 6U);
  EXPECT_EQ(c.model.layers[2].kind, "NestedModel");  // in front of its further call
  EXPECT_EQ(c.model.layers[3].kind, "Shared");
  EXPECT_EQ(c.model.layers[3].name, "block_1");
  ASSERT_EQ(c.model.layers[2].layers.size(), 3U);
  EXPECT_EQ(c.model.layers[2].layers[2].name, "second");
  EXPECT_THAT(c.model.layers[2].outputs, ElementsAre("second", "first"));
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
  EXPECT_EQ(c.model.layers[3].arguments["units"].text(), "8");
  EXPECT_EQ(c.model.layers[3].arguments["use_bias"].text(), "false");
  EXPECT_EQ(c.model.layers[1].arguments["beta"].text(), "0.5");
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
  EXPECT_EQ(c.model.layers[1].arguments["beta"].text(), "0.25");
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
    ASSERT_EQ(second.model.layers.size(), first.model.layers.size());
    for (std::size_t i = 0; i < first.model.layers.size(); ++i) {
      EXPECT_EQ(second.model.layers[i].name, first.model.layers[i].name);
      EXPECT_EQ(second.model.layers[i].inputs, first.model.layers[i].inputs);
    }
    ASSERT_EQ(second.train.losses.size(), first.train.losses.size());
    for (std::size_t i = 0; i < first.train.losses.size(); ++i)
      EXPECT_EQ(second.train.losses[i].weight, first.train.losses[i].weight);
  }
}

// A run that is continued for more epochs keeps the length of its schedules, and its config says so: it reruns the
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
              "runs/magic: the config differs from the one that this run was begun with in seed, train.batch_size; "
              "only train.epochs may "
              "change when a run is resumed");
  }
}

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
      << testing::PrintToString(messages());
  for (const std::string what : {"'standard'", "'units'", "'accuracy'", "'epochs'", "'FreeBOPs'", "'wrap'",
                                 "'learning_rate'", "'sparse_categorical_crossentropy'"}) {
    EXPECT_THAT(testing::PrintToString(messages()), HasSubstr("did you mean " + what));
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
  EXPECT_THAT(errors.messages(), ElementsAre(testing::HasSubstr("none.yaml: there is no such file")));
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
            "run.yaml:2:1: model: missing key 'layers' (the network: NAME or {NAME: {...}}, a chain but where `inputs` "
            "says otherwise)");
  EXPECT_EQ(error_of(with_layers("    - HQuantize\n", "train: {epochs: 3}\n")),
            "run.yaml:5:1: train: missing key 'loss' (one for all outputs, or {OUTPUT: LOSS, ...})");
  EXPECT_EQ(error_of(std::string(kExample) + "callback: []\n"),
            "run.yaml:33:1: unknown key 'callback' at the top level, did you mean 'callbacks'? There are: callbacks, "
            "data, export, model, seed, train");
  EXPECT_EQ(error_of(example_with("export:", "exports:")),
            "run.yaml:30:1: unknown key 'exports' at the top level, did you mean 'export'? There are: callbacks, data, "
            "export, model, seed, train");
  EXPECT_EQ(error_of(example_with("epochs: 100", "epocs: 100")),
            "run.yaml:22:3: unknown key 'epocs' in train, did you mean 'epochs'? There are: batch_size, epochs, loss, "
            "loss_weights, metrics, optimizer, schedule_epochs, shuffle, weighted_metrics");
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
            "run.yaml:22:11: train.epochs: found the text '1_000', expected an integer in [1, 2147483648] (numbers "
            "stand without '_')");
  EXPECT_EQ(error_of(example_with("epochs: 100", "epochs: 010")),
            "run.yaml:22:11: train.epochs: found the text '010', expected an integer in [1, 2147483648] (no zeros in "
            "front of a number)");
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
  EXPECT_EQ(error_with("export.trace.data=[test, test]"), "--set #1: export.trace.data: 'test' stands there twice");
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
  EXPECT_EQ(error_of(with_layers(layers + "  outputs: [b, b]\n")),
            "run.yaml:6:16: model.outputs: 'b' stands there twice");
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
  EXPECT_THAT(errors_of_two_outputs(", sample_weights: w", ", weighted_metrics: [mae]"), testing::IsEmpty());
  EXPECT_THAT(errors_of_two_outputs(", sample_weights: {b: w}", ""), testing::IsEmpty());
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
  EXPECT_THAT(error(folder + "/rows.csv"), HasSubstr("looks like a table of data, expected a config (YAML)"));
}

TEST_F(RunConfigTest, RefusesBadSets) {
  EXPECT_EQ(error_with("train.epochs"),
            "--set #1: found 'train.epochs', expected KEY.PATH=YAML, such as train.epochs=10");
  EXPECT_EQ(error_with("=5"), "--set #1: found '=5', expected KEY.PATH=YAML, such as train.epochs=10");
  EXPECT_EQ(error_with("train..epochs=5"),
            "--set #1: found 'train..epochs=5', expected KEY.PATH=YAML, such as train.epochs=10");
  EXPECT_EQ(error_with("train.epoch=5"),
            "--set #1: unknown key 'epoch' in train, did you mean 'epochs'? There are: batch_size, epochs, loss, "
            "loss_weights, metrics, optimizer, schedule_epochs, shuffle, weighted_metrics");
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

TEST_F(RunConfigTest, LongChainsOfForwardReferencesAreRead) {
  std::string layers;
  for (int i = 0; i < 4000; ++i) {
    layers += "    - HQuantize: {name: q" + std::to_string(i) + ", inputs: [" +
              (i == 3999 ? "x" : "q" + std::to_string(i + 1)) + "]}\n";
  }
  const RunConfig c = read_valid(with_layers(layers + "    - Input: {name: x}\n"));
  ASSERT_EQ(c.model.layers.size(), 4001U);
  EXPECT_EQ(c.model.layers[0].name, "x");
  EXPECT_EQ(c.model.layers[1].name, "q3999");
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
  EXPECT_EQ(c.model.layers[2].name, "goes");
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

}  // namespace
}  // namespace hgq
