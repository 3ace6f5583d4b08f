#include "hgq/data/data_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_files.h"

namespace hgq {
namespace data_config_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The section and all that is wrong in it.
struct Read {
  DataConfig config;
  std::vector<std::string> errors;
};

Read read(const std::string& yaml) {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "c.yaml", errors);
  Read out{read_data_config(node, "/data/set", errors), {}};
  out.errors = errors.messages();
  return out;
}

TEST(DataConfig, ReadsEveryKey) {
  const Read read_config = read(
      "file: ../magic.h5\ninputs: x\ntargets: y\nvalidation: 0.15\ntest: {inputs: x_test, targets: y_test}\nscale: "
      "standard\n"
      "csv: {separator: \";\", header: false}\nmemory: 0.5\n");
  EXPECT_THAT(read_config.errors, IsEmpty());
  const DataConfig& config = read_config.config;
  EXPECT_EQ(config.train.file, "/data/magic.h5");
  EXPECT_THAT(config.train.inputs[0].array.names, ElementsAre("x"));
  EXPECT_EQ(config.train.inputs[0].array.place, "c.yaml:2:9");
  EXPECT_EQ(config.validation_share, 0.15);
  EXPECT_EQ(config.test->file, "/data/magic.h5");
  EXPECT_THAT(config.test->targets[0].array.names, ElementsAre("y_test"));
  EXPECT_EQ(config.scale, ScaleKind::kStandard);
  EXPECT_EQ(config.csv.separator, ';');
  EXPECT_EQ(config.csv.header, false);
  EXPECT_EQ(config.memory_limit, int64_t{1} << 29);
}

TEST(DataConfig, WhatIsNotGivenHasADefault) {
  const Read read_config = read("file: /abs/d.h5\n");
  EXPECT_THAT(read_config.errors, IsEmpty());
  const DataConfig& config = read_config.config;
  EXPECT_EQ(config.train.file, "/abs/d.h5");
  EXPECT_THAT(config.train.inputs[0].array.names, ElementsAre("x"));
  EXPECT_THAT(config.train.targets[0].array.names, ElementsAre("y"));
  EXPECT_FALSE(config.validation_share || config.validation || config.test);
  EXPECT_EQ(config.scale, ScaleKind::kNone);
  EXPECT_FALSE(config.csv.separator || config.csv.header);
  EXPECT_EQ(config.memory_limit, default_memory_limit());
}

TEST(DataConfig, ArraysInEveryForm) {
  const Read read_config = read(
      "file: d.csv\ninputs: {muon: 0:36, mask: [a, 3, \"b c\"], other: {file: o.npy}, more: {file: m.npz, name: q}}\n"
      "targets: {file: y.npy}\n");
  EXPECT_THAT(read_config.errors, IsEmpty());
  const auto& inputs = read_config.config.train.inputs;
  ASSERT_EQ(inputs.size(), 4U);
  EXPECT_EQ(inputs[0].name, "muon");
  EXPECT_THAT(inputs[0].array.names, ElementsAre("0:36"));
  EXPECT_THAT(inputs[1].array.names, ElementsAre("a", "3", "b c"));
  EXPECT_EQ(inputs[2].array.file, "/data/set/o.npy");
  EXPECT_THAT(inputs[2].array.names, IsEmpty());
  EXPECT_THAT(inputs[3].array.names, ElementsAre("q"));
  EXPECT_EQ(read_config.config.train.targets[0].array.file, "/data/set/y.npy");
  EXPECT_EQ(read_config.config.train.targets[0].name, "");
}

TEST(DataConfig, OtherSetsTakeWhatTheyDoNotGiveFromTheTrainingSet) {
  const Read read_config =
      read("file: a.h5\ninputs: u\ntargets: v\nvalidation: {file: b.h5}\ntest: {inputs: w, targets: z}\n");
  EXPECT_THAT(read_config.errors, IsEmpty());
  EXPECT_EQ(read_config.config.validation->file, "/data/set/b.h5");
  EXPECT_THAT(read_config.config.validation->inputs[0].array.names, ElementsAre("u"));
  EXPECT_EQ(read_config.config.test->file, "/data/set/a.h5");
}

struct Bad {
  const char* yaml;
  const char* message;
};

TEST(DataConfig, SampleWeightsOfOneOfAllOrOfSomeOutputs) {
  EXPECT_TRUE(read("file: d.h5\n").config.train.weights.empty());
  const Read one = read("file: d.h5\nsample_weights: w\nvalidation: {file: v.h5}\ntest: {inputs: a, targets: b}\n");
  EXPECT_THAT(one.errors, IsEmpty());
  EXPECT_THAT(one.config.train.weights[0].array.names, ElementsAre("w"));
  EXPECT_EQ(one.config.train.weights[0].name, "");
  EXPECT_THAT(one.config.validation->weights[0].array.names, ElementsAre("w"));  // the same names in another file
  EXPECT_TRUE(one.config.test->weights.empty());                                 // other rows, no weights of theirs
  const Read own = read(
      "file: d.h5\nsample_weights: {a: wa, b: {file: wb.npy}}\ntest: {inputs: x, targets: y, sample_weights: {a: "
      "wt}}\n");
  EXPECT_THAT(own.errors, IsEmpty());
  EXPECT_EQ(own.config.train.weights[0].name, "a");
  EXPECT_EQ(own.config.train.weights[1].array.file, "/data/set/wb.npy");
  EXPECT_THAT(own.config.test->weights[0].array.names, ElementsAre("wt"));
}

TEST(DataConfig, EveryMistakeIsNamedWithItsPlace) {
  const std::vector<Bad> all = {
      {"flie: a.h5\n", "c.yaml:1:1: unknown key 'flie' in data, did you mean 'file'?"},
      {"inputs: x\n", "c.yaml:1:9: data: no file is given, expected file: NAME"},
      {"file: [a, b]\n", "c.yaml:1:7: data.file: found"},
      {"file: a\ninputs: []\n", "c.yaml:2:9: data.inputs: expected the name of a dataset or a list of columns"},
      {"file: a\ninputs: {}\n", "c.yaml:2:9: data.inputs: the map is empty; expected LAYER: DATASET"},
      {"file: a\ninputs: [a, [b]]\n", "c.yaml:2:13: data.inputs: expected the name or number of a column"},
      {"file: a\ninputs: {m: {name: x}}\n", "data.inputs.m: missing key 'file'"},
      {"file: a\ntargets: {file: y.npy, nmae: q}\n", "unknown key 'nmae' in data.targets, did you mean 'name'?"},
      {"file: a\nsample_weights: {}\n", "c.yaml:2:17: data.sample_weights: the map is empty"},
      {"file: a\nsample_weights: {file: w.npy, nmae: q}\n", "unknown key 'nmae' in data.sample_weights"},
      {"file: a\nvalidation: 1.5\n", "c.yaml:2:13: data.validation: found '1.5', expected a share between 0 and 1"},
      {"file: a\nvalidation: 0\n", "data.validation: found '0', expected a share between 0 and 1"},
      {"file: a\nvalidation: yes\n", "data.validation: found 'yes', expected a share"},
      {"file: a\nvalidation: [1]\n", "data.validation: found a list, expected a share"},
      {"file: a\nvalidation: {targets: y}\n", "data.validation: needs inputs, or a file of its own"},
      {"file: a\ntest: {inputs: x_test}\n", "c.yaml:2:7: data.test: has inputs of its own, so it needs targets too"},
      {"file: a\nscale: standart\n", "data.scale: found the text 'standart'"},
      {"file: a\ncsv: {separator: \"::\"}\n", "data.csv.separator: found '::', expected one character, or tab"},
      {"file: a\ncsv: {header: no}\n", "data.csv.header: found the text 'no', expected true or false"},
      {"file: a\nmemory: 0\n", "data.memory: found"},
      {"file: a\nmemory: 1e\n", "data.memory: found"},
      {"- a\n", "c.yaml:1:1: data: found a list, expected a map"},
  };
  for (const Bad& bad : all)
    EXPECT_THAT(read(bad.yaml).errors, ::testing::Contains(HasSubstr(bad.message))) << bad.yaml;
}

TEST(DataConfig, AllMistakesAreFoundAtOnce) {
  EXPECT_EQ(read("flie: a\nscale: big\nvalidation: 2\nmemory: -1\ntest: 7\n").errors.size(),
            6U);  // and no file is given
}

}  // namespace data_config_test
}  // namespace hgq
