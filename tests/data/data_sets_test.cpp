#include "hgq/data/data_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "data_files.h"
#include "hgq/core/rng.h"
#include "hgq/data/h5.h"

namespace hgq {
namespace data_sets_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kTrain = 3000;
constexpr int64_t kTest = 500;

class Sets : public ::testing::Test {
 protected:
  void SetUp() override {
    h5::File out = h5::File::create(folder / "d.h5");
    write(out, "", kTrain, 1);
    write(out, "_test", kTest, 2);
    out.flush();
  }
  static void write(h5::File& out, const std::string& suffix, int64_t rows, uint64_t seed) {
    std::vector<float> x;
    std::vector<int32_t> y;
    for (int64_t r = 0; r < rows; ++r) {
      x.push_back(10.0F + static_cast<float>(normal_double(random_bits(seed, 0, 0, static_cast<uint64_t>(r)))));
      x.push_back(static_cast<float>(r % 7));
      y.push_back(static_cast<int32_t>(1 + r % 3));
    }
    out.write_floats("x" + suffix, ConstTensorView{x.data(), Shape{rows, 2}});
    out.write_int32("y" + suffix, y, Shape{rows});
    std::vector<float> w;
    for (int64_t r = 0; r < rows; ++r) w.push_back(static_cast<float>(r % 5) - 1);
    out.write_floats("w" + suffix, ConstTensorView{w.data(), Shape{rows, 1}});
    w[static_cast<size_t>(rows / 2)] = std::numeric_limits<float>::quiet_NaN();
    out.write_floats("nan" + suffix, ConstTensorView{w.data(), Shape{rows}});
  }
  DataConfig config(const std::string& rest) {
    ErrorList errors;
    const DataConfig out =
        read_data_config(Node::from_yaml("file: d.h5\n" + rest, "c.yaml", errors), folder.path(), errors);
    errors.throw_if_any();
    return out;
  }
  static DataSets load(const DataConfig& config) {
    return load_data(open_data(config), config, {"in"}, {{"out", Shape{3}, TargetKind::kClassNumbers}}, 42);
  }
  TemporaryFolder folder;
};

std::vector<float> all_of(const Dataset& data, bool targets) {
  std::vector<float> out;
  for (const Batch& batch : data.batches(997)) {
    const auto values = targets ? batch.y().values() : batch.x().values();
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

TEST_F(Sets, ScalingIsFittedOnTheTrainingRowsAlone) {
  const DataSets sets = load(config("validation: 0.2\ntest: {inputs: x_test, targets: y_test}\nscale: standard\n"));
  EXPECT_EQ(sets.train->size(), 2400);
  EXPECT_EQ(sets.validation->size(), 600);
  EXPECT_EQ(sets.test->size(), kTest);
  EXPECT_EQ(sets.train->inputs()[0].name, "in");
  EXPECT_EQ(sets.train->targets()[0].name, "out");
  const std::vector<float> x = all_of(*sets.train, false);
  double sum = 0.0;
  double squares = 0.0;
  for (size_t i = 0; i < x.size(); i += 2) {
    sum += static_cast<double>(x[i]);
    squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  EXPECT_NEAR(sum / 2400, 0.0, 1e-6);
  EXPECT_NEAR(squares / 2400, 1.0, 1e-6);
  // The test rows are scaled by the same numbers.
  h5::File file = h5::File::open(folder / "d.h5");
  const double raw_value = static_cast<double>(file.read_floats("x_test").values()[0]);
  EXPECT_EQ(all_of(*sets.test, false)[0],
            static_cast<float>((raw_value - sets.scaling[0].offset[0]) / sets.scaling[0].divisor[0]));
}

TEST_F(Sets, ClassesAreMappedAndTheMapIsKept) {
  const DataSets sets = load(config("test: {inputs: x_test, targets: y_test}\n"));
  EXPECT_THAT(sets.classes[0].names, ElementsAre("1", "2", "3"));
  EXPECT_EQ(sets.validation, nullptr);
  const std::vector<float> y = all_of(*sets.test, true);
  for (size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], static_cast<float>(i % 3));
}

TEST_F(Sets, BlocksAndMemoryGiveTheSameRows) {
  DataConfig settings = config("validation: 0.2\ntest: {inputs: x_test, targets: y_test}\nscale: standard\n");
  const DataSets memory = load(settings);
  settings.memory_limit = 5000;
  const DataSets blocks = load(settings);
  EXPECT_EQ(memory.train->block_rows(), 2400);
  EXPECT_LT(blocks.train->block_rows(), 200);
  EXPECT_LT(blocks.test->block_rows(), 200);
  EXPECT_EQ(memory.scaling[0].offset, blocks.scaling[0].offset);
  EXPECT_EQ(memory.scaling[0].divisor, blocks.scaling[0].divisor);
  for (const bool targets : {false, true}) {
    EXPECT_EQ(all_of(*memory.train, targets), all_of(*blocks.train, targets));
    EXPECT_EQ(all_of(*memory.validation, targets), all_of(*blocks.validation, targets));
    EXPECT_EQ(all_of(*memory.test, targets), all_of(*blocks.test, targets));
  }
}

TEST_F(Sets, TheSeedDecidesTheSplit) {
  const DataConfig settings = config("validation: 0.2\n");
  const std::vector<OutputSpec> outputs = {{"out", Shape{3}, TargetKind::kClassNumbers}};
  const auto first = [&](uint64_t seed) {
    return all_of(*load_data(open_data(settings), settings, {"in"}, outputs, seed).validation, false);
  };
  EXPECT_EQ(first(1), first(1));
  EXPECT_NE(first(1), first(2));
}

TEST_F(Sets, SingleNumbersAreRowsOfOne) {
  const auto shapes = input_shapes(open_data(config("inputs: y\ntargets: y\n")).train);
  EXPECT_EQ(shapes.at(""), Shape{1});
  EXPECT_EQ(input_shapes(open_data(config("")).train).at(""), Shape{2});
}

/// Times around 1.7e9 s, of which float32 keeps steps of 128 s.
TEST_F(Sets, WideNumbersAreScaledBeforeTheyAreRounded) {
  std::vector<double> times;
  std::vector<int64_t> ticks;
  std::string csv = "t,y\n";
  for (int64_t i = 0; i < kTrain; ++i) {
    ticks.push_back(1700000000000 + 37 * (i * 7919 % kTrain));
    times.push_back(static_cast<double>(ticks.back()) / 1000);
    csv += concat(times.back(), ",", 1 + i % 3, "\n");
  }
  {
    h5::File file = h5::File::create(folder / "t.h5");
    file.write_doubles("t", times, Shape{kTrain, 1});
    file.write_int64("ticks", ticks, Shape{kTrain});
    file.flush();
  }
  write_text(folder, "t.csv", csv);
  double mean = 0;
  for (const double t : times) mean += t / kTrain;
  double square = 0;
  for (const double t : times) square += (t - mean) * (t - mean) / kTrain;
  const auto [low, high] = std::ranges::minmax(times);
  for (const char* scale : {"standard", "minmax"}) {
    for (const char* inputs : {"{file: t.h5, name: t}", "{file: t.h5, name: ticks}", "{file: t.csv, name: t}"}) {
      for (const char* memory : {"1", "0.00001"}) {
        const DataConfig settings =
            config(concat("scale: ", scale, "\ninputs: ", inputs, "\ntargets: y\nmemory: ", memory, "\n"));
        const DataSets sets = load(settings);
        const std::vector<float> x = all_of(*sets.train, false);
        double error = 0;
        for (size_t i = 0; i < x.size(); ++i) {
          const double expected =
              scale[0] == 's' ? (times[i] - mean) / std::sqrt(square) : (times[i] - low) / (high - low);
          error = std::max(error, std::abs(expected - static_cast<double>(x[i])));
        }
        EXPECT_LT(error, 1e-6) << scale << inputs << memory;
        RowSet rows;
        DataFiles files;
        rows = open_rows(SetSpec{"", {settings.train.inputs}, {}}, files);
        EXPECT_EQ(all_of(*load_set(std::move(rows), {"in"}, {}, sets.scaling, {}, settings.memory_limit), false), x);
      }
    }
  }
}

/// Numbers that float64 has and float32 has not: they are scaled, or refused with their place, and never become
/// infinite.
TEST_F(Sets, HugeNumbersAreScaledOrRefused) {
  const auto write = [&](double huge) {
    std::string csv = "a,b,y\n";
    for (int i = 0; i < 20; ++i) csv += concat(i, ",", i % 2 == 0 ? huge : -huge, ",", i % 3 + 1, "\n");
    write_text(folder, "huge.csv", csv);
  };
  const auto error_of = [&](const std::string& keys) -> std::string {
    ErrorList errors;
    const Node node = Node::from_yaml("file: huge.csv\n" + keys, "c.yaml", errors);
    const DataConfig settings = read_data_config(node, folder.path(), errors);
    errors.throw_if_any();
    try {
      const bool numbers = !settings.target_scales.empty();
      const OutputSpec output{"out", Shape{numbers ? 1 : 3},
                              numbers ? TargetKind::kNumbers : TargetKind::kClassNumbers};
      const DataSets sets = load_data(open_data(settings), settings, {"in"}, {output}, 42);
      const std::vector<float> x = all_of(*sets.train, numbers);
      return std::ranges::all_of(x, [](float v) { return std::isfinite(v) && std::abs(v) <= 2; }) ? "" : "not scaled";
    } catch (const FileError& e) {
      return e.what();
    }
  };
  for (const char* const scale : {"standard", "minmax", "power_of_two"}) {
    const std::string keys = concat("inputs: [a, b]\ntargets: y\nscale: ", scale, "\n");
    write(1e200);
    EXPECT_EQ(error_of(keys), "") << scale;
    write(1.7e308);
    const std::string error = error_of(keys);
    if (scale[0] != 's') {
      EXPECT_THAT(error, HasSubstr("column 1: holds numbers that are too large to be scaled"));
    }
    // Predictions are float32 in the unit of the targets.
    const std::string of_targets = concat("inputs: a\ntargets: b\nscale_targets: ", scale, "\n");
    write(1e200);
    EXPECT_THAT(error_of(of_targets), HasSubstr("predictions in their unit would be beyond float32")) << scale;
    write(1e37);
    EXPECT_EQ(error_of(of_targets), "") << scale;
  }
}

TEST_F(Sets, ASetForATrainedModelTakesItsScalingAndClasses) {
  const DataSets trained = load(config("scale: minmax\n"));
  DataFiles files;
  const auto open = [&](bool targets) {
    SetSpec spec{folder / "d.h5", {{"", {.names = {"x_test"}}}}, {}};
    if (targets) spec.targets = {{"", {.names = {"y_test"}}}};
    return open_rows(spec, files);
  };
  const auto set = load_set(open(true), {"in"}, {{"out", Shape{3}, TargetKind::kClassNumbers}}, trained.scaling,
                            trained.classes, 1 << 30);
  EXPECT_EQ(set->size(), kTest);
  EXPECT_THAT(std::vector<float>({all_of(*set, true)[0], all_of(*set, true)[1]}), ElementsAre(0, 1));
  const auto inputs_alone = load_set(open(false), {"in"}, {}, trained.scaling, {}, 1 << 30);
  EXPECT_EQ(inputs_alone->targets().size(), 0U);
  EXPECT_EQ(all_of(*inputs_alone, false), all_of(*set, false));
  EXPECT_EQ(all_of(*load_set(open(false), {"in"}, {}, {}, {}, 1 << 30), false)[1], 0.0F);
  EXPECT_THAT(message_of([&] {
                load_set(open(false), {"in"}, {}, {{{1}, {1}}}, {}, 1 << 30);
              }),
              HasSubstr("input 'in' has 2 features, but its scaling was fitted on 1"));
}

std::vector<float> weights_of(const Dataset& data, size_t index = 0) {
  std::vector<float> out;
  for (const Batch& batch : data.batches(997)) {
    const auto values = batch.weights()[index].values();
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

TEST_F(Sets, SampleWeightsGoWithTheirRows) {
  DataConfig settings = config("sample_weights: w\nvalidation: 0.2\ntest: {inputs: x_test, targets: y_test}\n");
  for (const int64_t limit : {int64_t{1} << 30, int64_t{5000}}) {
    settings.memory_limit = limit;
    const DataSets sets = load(settings);
    EXPECT_EQ(sets.train->weights()[0].name, "out");
    EXPECT_TRUE(sets.test->weights().empty());
    EXPECT_EQ(sets.train->targets().size(), 1U);
    for (const Dataset* const set : {sets.train.get(), sets.validation.get()}) {
      const SplitRows split = split_rows(kTrain, 0.2, 42);
      const std::vector<int64_t>& rows = set == sets.train.get() ? split.train : split.validation;
      const std::vector<float> w = weights_of(*set);
      ASSERT_EQ(w.size(), rows.size());
      for (size_t i = 0; i < w.size(); ++i) ASSERT_EQ(w[i], static_cast<float>(rows[i] % 5) - 1);
    }
  }
  settings = config("test: {inputs: x_test, targets: y_test, sample_weights: w_test}\n");
  const DataSets sets = load(settings);
  EXPECT_TRUE(sets.train->weights().empty());
  EXPECT_EQ(weights_of(*sets.test)[3], 2.0F);
}

TEST_F(Sets, AnOutputWithoutWeightsHasOnes) {
  DataConfig settings = config("targets: {a: y, b: y}\nsample_weights: {b: w}\n");
  const std::vector<OutputSpec> outputs = {{"a", Shape{3}, TargetKind::kClassNumbers},
                                           {"b", Shape{3}, TargetKind::kClassNumbers}};
  const DataSets sets = load_data(open_data(settings), settings, {"in"}, outputs, 42);
  ASSERT_EQ(sets.train->weights().size(), 2U);
  EXPECT_THAT(weights_of(*sets.train, 0), ::testing::Each(1.0F));
  EXPECT_EQ(weights_of(*sets.train, 1)[4], 3.0F);
  settings = config("targets: {a: y, b: y}\nsample_weights: w\n");
  EXPECT_EQ(load_data(open_data(settings), settings, {"in"}, outputs, 42).train->weights().size(), 1U);
}

TEST_F(Sets, BadSampleWeightsAreRefused) {
  for (const int64_t limit : {int64_t{1} << 30, int64_t{5000}}) {
    DataConfig settings = config("sample_weights: nan\n");
    settings.memory_limit = limit;
    EXPECT_THAT(message_of([&] { load(settings); }), HasSubstr("d.h5:/nan: holds 1 NaN value, the first in row 1500"));
  }
  EXPECT_THAT(message_of([&] { load(config("sample_weights: x\n")); }),
              HasSubstr("d.h5:/x: has rows of shape [2], but the sample weights 'out' are one number a row"));
  EXPECT_THAT(message_of([&] { load(config("sample_weights: w_test\n")); }), HasSubstr("has 500 rows, but "));
  EXPECT_THAT(message_of([&] { load(config("sample_weights: {outt: w}\n")); }), HasSubstr("did you mean 'out'?"));
}

TEST_F(Sets, SampleWeightsMayHaveTheShapeOfTheLosses) {
  {
    h5::File out = h5::File::create(folder / "places.h5");
    const std::vector<float> x(60, 1.0F);
    out.write_floats("x", ConstTensorView{x.data(), Shape{10, 2}});
    out.write_floats("y", ConstTensorView{x.data(), Shape{10, 2, 3}});
    out.write_floats("w", ConstTensorView{x.data(), Shape{10, 2}});
    out.write_floats("bad", ConstTensorView{x.data(), Shape{10, 3}});
    out.flush();
  }
  const std::vector<OutputSpec> places = {{"out", Shape{2, 3}, TargetKind::kNumbers}};
  const auto load_places = [&](const std::string& weights) {
    ErrorList errors;
    const DataConfig read = read_data_config(
        Node::from_yaml("file: places.h5\nsample_weights: " + weights + "\n", "c.yaml", errors), folder.path(), errors);
    return load_data(open_data(read), read, {"in"}, places, 42);
  };
  EXPECT_EQ(load_places("w").train->weights()[0].sample, Shape{2});
  EXPECT_THAT(message_of([&] { load_places("bad"); }), HasSubstr("or rows of shape [2], as the losses of a row"));
}

TEST_F(Sets, SetsOfOtherShapesAreRefused) {
  {
    h5::File out = h5::File::create(folder / "e.h5");
    const std::vector<float> x(30, 1.0F);
    out.write_floats("x", ConstTensorView{x.data(), Shape{10, 3}});
    out.write_floats("y", ConstTensorView{x.data(), Shape{10}});
    out.flush();
  }
  EXPECT_THAT(message_of([&] { open_data(config("test: {file: e.h5}\n")); }),
              HasSubstr("e.h5:/x: has rows of shape [3], but "));
  EXPECT_THAT(message_of([&] { open_data(config("test: {inputs: {a: x_test}, targets: y_test}\n")); }),
              HasSubstr("data.test.inputs: gives 'a' where the training set gives ''"));
}

}  // namespace data_sets_test
}  // namespace hgq
