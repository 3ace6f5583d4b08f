// The proxies that Python HGQ made of its own models: read, computed, written, read again. `data.h5` holds what the
// package's emulation in Keras gives for them, and for each row whether anything overflowed; hls4ml's C simulation
// gives the same.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../support/temporary_folder.h"
#include "hgq/data/h5.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/verify.h"
#include "hgq/proxy/dense.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/quantizer.h"
#include "proxy_test_support.h"

namespace hgq {
namespace golden_test {

struct GoldenProxy {
  std::string model, tag;
};

void PrintTo(const GoldenProxy& proxy, std::ostream* out) { *out << proxy.model << "/" << proxy.tag; }

class ProxyGolden : public ::testing::TestWithParam<GoldenProxy> {
 protected:
  std::string path() const { return golden_model(GetParam().model + "/" + GetParam().tag + ".h5"); }
  h5::File data() const { return h5::File::open(golden_model(GetParam().model + "/data.h5")); }
};

void expect_equals_package(const ProxyModel& model, const h5::File& data, const std::string& tag) {
  const Emulator emulator(model);
  for (const std::string set : {"calib", "test", "overflow"}) {
    SCOPED_TRACE(set);
    const Tensor x = data.read_floats("x/" + set);
    const Tensor expected = data.read_floats(tag + "/" + set);
    const std::vector<int64_t> overflows = data.read_integers(tag + "/" + set + "_overflows");
    const std::vector<ConstTensorView> inputs{x.view()};
    const Emulation result = emulator.run(inputs);
    ASSERT_EQ(result.outputs[0].shape(), expected.shape());
    ASSERT_EQ(result.row_overflows.size(), overflows.size());
    for (int64_t e = 0; e < expected.size(); ++e) {
      ASSERT_EQ(result.outputs[0].data()[e], expected.data()[e]) << "element " << e;
    }
    for (size_t row = 0; row < overflows.size(); ++row) {
      EXPECT_EQ(result.row_overflows[row], overflows[row]) << "row " << row;
    }
    int64_t values = 0;
    for (const OverflowCount& count : result.overflows) values += count.values;
    EXPECT_EQ(values > 0, result.rows_with_overflow() > 0);
  }
}

TEST_P(ProxyGolden, EveryValueAndOverflowIsThatOfThePackage) {
  expect_equals_package(load_proxy(path()), data(), GetParam().tag);
}

/// case.json holds the counts of rows that the package found.
TEST_P(ProxyGolden, DiffersFromTheModelInAsManyRowsAsThePackages) {
  const h5::File golden = data();
  std::ifstream text(golden_model(GetParam().model + "/case.json"));
  const nlohmann::json counts = nlohmann::json::parse(text)["agreement"][GetParam().tag];
  const ProxyModel model = load_proxy(path());
  const Emulator emulator(model);
  for (const std::string set : {"calib", "test", "overflow"}) {
    SCOPED_TRACE(set);
    const Tensor x = golden.read_floats("x/" + set);
    const Tensor y = golden.read_floats("hgq/" + set);
    const std::vector<ConstTensorView> inputs{x.view()};
    const std::vector<ConstTensorView> outputs{y.view()};
    const VerifyReport report = verify(outputs, emulator.run(inputs));
    EXPECT_EQ(report.rows, counts[set]["rows"]);
    EXPECT_EQ(report.rows_with_overflow, counts[set]["rows_with_overflow"]);
    EXPECT_EQ(report.rows_differ, counts[set]["proxy_differs_from_model"]);
    EXPECT_EQ(report.rows_differ_without_overflow, 0);
  }
}

void expect_same_graph(const KerasGraph& written, const KerasGraph& package) {
  EXPECT_EQ(written.name, package.name);
  EXPECT_EQ(written.inputs, package.inputs);
  EXPECT_EQ(written.outputs, package.outputs);
  ASSERT_EQ(written.nodes.size(), package.nodes.size());
  for (size_t i = 0; i < written.nodes.size(); ++i) {
    const KerasNode& ours = written.nodes[i];
    const KerasNode& theirs = package.nodes[i];
    EXPECT_EQ(ours.name, theirs.name);
    EXPECT_EQ(ours.class_name, theirs.class_name);
    EXPECT_EQ(ours.inputs, theirs.inputs);
    for (const auto& [key, value] : ours.config.entries()) {
      ASSERT_NE(theirs.config.find(key), nullptr) << ours.name << " " << key;
      EXPECT_TRUE(same_value(value, *theirs.config.find(key))) << ours.name << " " << key;
    }
    for (const auto& [key, value] : theirs.config.entries()) {
      const bool of_training =
          key.ends_with("_initializer") || key.ends_with("_regularizer") || key.ends_with("_constraint");
      EXPECT_TRUE(of_training || ours.config.find(key) != nullptr) << theirs.name << " lost " << key;
    }
  }
}

/// The order of the layers, all configs (`fusible` and overrides among them), and every weight.
TEST_P(ProxyGolden, IsWrittenAsThePackageWroteIt) {
  const TemporaryFolder folder;
  save_proxy(load_proxy(path()), folder / "proxy.h5");
  const KerasFile package = read_keras_file(path());
  const KerasFile written = read_keras_file(folder / "proxy.h5");
  expect_same_graph(keras_graph(written.model_config), keras_graph(package.model_config));
  ASSERT_EQ(written.layers.size(), package.layers.size());
  for (size_t i = 0; i < written.layers.size(); ++i) {
    EXPECT_EQ(written.layers[i].layer, package.layers[i].layer);
    ASSERT_EQ(written.layers[i].weights.size(), package.layers[i].weights.size());
    for (size_t w = 0; w < written.layers[i].weights.size(); ++w) {
      const KerasWeight& ours = written.layers[i].weights[w];
      const KerasWeight& theirs = package.layers[i].weights[w];
      EXPECT_EQ(ours.name, theirs.name);
      EXPECT_EQ(ours.shape, theirs.shape);
      EXPECT_EQ(ours.values, theirs.values) << written.layers[i].layer << " " << ours.name;
    }
  }
}

TEST_P(ProxyGolden, ComputesTheSameAfterWritingAndReading) {
  const TemporaryFolder folder;
  save_proxy(load_proxy(path()), folder / "proxy.h5");
  expect_equals_package(load_proxy(folder / "proxy.h5"), data(), GetParam().tag);
}

INSTANTIATE_TEST_SUITE_P(
    Models, ProxyGolden,
    ::testing::Values(GoldenProxy{"mlp_relu", "proxy_wrap"}, GoldenProxy{"mlp_relu", "proxy_sat"},
                      GoldenProxy{"mlp_relu", "proxy_wrap_acc2"}, GoldenProxy{"mlp_relu", "proxy_wrap_cover1.1"},
                      GoldenProxy{"jsc_bn", "proxy_wrap"}, GoldenProxy{"jsc_bn", "proxy_sat"},
                      GoldenProxy{"sigmoid_out", "proxy_wrap"}, GoldenProxy{"sigmoid_out", "proxy_sat"},
                      GoldenProxy{"sigmoid_out", "proxy_wrap_cover1.1"}, GoldenProxy{"softmax_out", "proxy_wrap"},
                      GoldenProxy{"softmax_out", "proxy_sat"}, GoldenProxy{"mixer", "proxy_wrap"},
                      GoldenProxy{"mixer", "proxy_sat"}));

}  // namespace golden_test
}  // namespace hgq
