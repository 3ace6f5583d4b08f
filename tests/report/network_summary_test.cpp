// What a network is made of, against the model itself, and against its proxy.
#include "hgq/report/network_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hgq/core/error.h"
#include "hgq/core/fixed_point.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/kernel_layer.h"
#include "hgq/tests/support/sample_models.h"
#include "hgq/tests/support/temporary_folder.h"

namespace hgq::report {
namespace network_summary_test {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class NetworkSummaryTest : public ::testing::Test {
 protected:
  /// Saves model and proxy of a model with two dense layers, which has seen some rows.
  void save(bool traced = true) {
    model_ =
        filled(Sequential({HQuantize().name("q"), HDense(8).relu().name("a"), HDenseBatchNorm(3).name("b")}, Shape{5}));
    if (traced) trace_minmax(model_, sample_rows(Shape{5}, 200).view());
    ModelExtras extras;
    extras.scaling = {{.offset = {1, 2, 3, 4, 5}, .divisor = {1, 1, 2, 2, 4}}};
    save_model_with_extras(model_, extras, folder_ / "model.h5");
    if (traced) save_proxy_with_extras(to_proxy_model(model_), model_, extras, folder_ / "proxy.h5");
  }
  NetworkSummary summary(const std::string& file, const SummaryOptions& options = {}) {
    return summarize(folder_ / file, built_in_registry(), workers_, options);
  }
  const TemporaryFolder folder_;
  Workers workers_{1};
  Model model_;
};

TEST_F(NetworkSummaryTest, CountsWhatTheModelHas) {
  save();
  const NetworkSummary found = summary("model.h5");
  ASSERT_EQ(found.layers.size(), 3U);
  std::vector<ExactBops> bops;
  const std::vector<ExactSignal> signals = model_.exact_signals(bops);
  for (size_t i = 1; i < model_.entries().size(); ++i) {  // the first is the input
    const SummaryLayer& layer = found.layers[i - 1];
    int64_t parameters = 0;
    for (const Parameter* const p : model_.entries()[i].layer->parameters()) parameters += p->value.size();
    EXPECT_EQ(layer.parameters, parameters);
    double bits = 0;
    for (const float b : signals[i].bits) bits += static_cast<double>(b);
    EXPECT_EQ(layer.values->total, bits);
    int64_t elements = 0;
    for (const auto& [type, count] : layer.types) elements += count;
    EXPECT_EQ(elements, layer.shape.size());
    if (i == 1) continue;
    auto& kernel = dynamic_cast<KernelLayer&>(*model_.entries()[i].layer);
    const Tensor weights = kernel.evaluated_weights().kernel;
    int64_t zeros = 0;
    double weight_bits = 0;
    for (const float w : weights.values()) {
      zeros += w == 0 ? 1 : 0;
      weight_bits += significant_bits(w);
    }
    EXPECT_EQ(layer.weights->zeros, zeros);
    EXPECT_EQ(layer.weights->count, weights.size());
    EXPECT_EQ(layer.weights->total, weight_bits);
  }
  EXPECT_EQ(found.layers[1].parameters - found.layers[1].bit_widths, 5 * 8 + 8);
  EXPECT_EQ(found.layers[2].parameters - found.layers[2].bit_widths, 8 * 3 + 3 * 3);  // gamma and beta, too
  EXPECT_GT(found.layers[1].luts.value_or(0), 0);
  ASSERT_TRUE(found.circuit) << found.no_circuit;
  double luts = 0;
  for (const SummaryLayer& layer : found.layers) luts += layer.luts.value_or(0);
  EXPECT_NEAR(luts, found.circuit->luts, 1e-6 * luts + 1);
}

TEST_F(NetworkSummaryTest, TheProxyHasTheSameWeightsTypesAndCircuit) {
  save();
  const NetworkSummary of_model = summary("model.h5");
  const NetworkSummary of_proxy = summary("proxy.h5");
  EXPECT_TRUE(of_proxy.is_proxy);
  EXPECT_EQ(of_model.circuit->luts, of_proxy.circuit->luts);
  EXPECT_EQ(of_model.circuit->ffs, of_proxy.circuit->ffs);
  EXPECT_EQ(of_proxy.scaling.size(), 1U);
  const auto total = [](const NetworkSummary& s) {
    double bits = 0;
    for (const SummaryLayer& layer : s.layers) bits += layer.weights ? layer.weights->total : 0;
    return bits;
  };
  EXPECT_EQ(total(of_model), total(of_proxy));
  EXPECT_EQ(of_model.layers[0].types, of_proxy.layers[1].types);
  EXPECT_EQ(of_model.layers.back().types, of_proxy.layers.back().types);
}

TEST_F(NetworkSummaryTest, WithoutRangesThereAreWeightsAlone) {
  save(false);
  const NetworkSummary found = summary("model.h5");
  EXPECT_FALSE(found.circuit);
  EXPECT_TRUE(found.layers[1].weights);
  EXPECT_FALSE(found.layers[1].values);
  EXPECT_THAT(summary_text(found), HasSubstr("run trace"));
  EXPECT_TRUE(to_json(found).at("circuit").is_null());
  EXPECT_TRUE(to_json(found).at("total").at("bops").is_null());
}

TEST_F(NetworkSummaryTest, ALargeNetworkIsEstimatedOnRequest) {
  save();
  for (const char* const file : {"model.h5", "proxy.h5"}) {
    EXPECT_FALSE(summary(file, {.most_bops_to_estimate = 10}).circuit);
    EXPECT_THAT(summary(file, {.most_bops_to_estimate = 10}).no_circuit, HasSubstr("--luts"));
  }
  const NetworkSummary impossible = summary("model.h5", {.stage_delay = 0.01});
  EXPECT_FALSE(impossible.circuit->clocks);
  EXPECT_THAT(summary_text(impossible), HasSubstr("no stage can be as short"));
}

TEST_F(NetworkSummaryTest, EveryElementIsInItsType) {
  save();
  for (const auto& [file, layer, kernel, outputs] :
       {std::tuple("model.h5", "a", 5 * 8, 8), std::tuple("model.h5", "b", 8 * 3, 3),
        std::tuple("proxy.h5", "b", 8 * 3, 0), std::tuple("model.h5", "q", 0, 5), std::tuple("proxy.h5", "q", 0, 5)}) {
    std::istringstream csv(elements_csv(folder_ / file, layer, built_in_registry()));
    std::string line;
    std::getline(csv, line);
    EXPECT_EQ(line, "part,index,value,bits,type");
    int kernels = 0;
    int values = 0;
    while (std::getline(csv, line)) {
      kernels += line.starts_with("kernel,") ? 1 : 0;
      values += line.starts_with("output,") ? 1 : 0;
      if (line.starts_with("output,") || line.ends_with("\"0 bits\"")) continue;
      std::istringstream fields(line);
      std::string part, index, value, bits, k, b, i;
      std::getline(fields, part, ',');
      std::getline(fields, index, ',');
      std::getline(fields, value, ',');
      std::getline(fields, bits, ',');
      std::getline(fields, k, '<');
      std::getline(fields, b, ',');
      std::getline(fields, i, '>');
      const Kbi type{.k = k == "\"fixed" ? 1 : 0, .b = std::stoi(b), .i = std::stoi(i)};
      const double number = std::stod(value);
      const auto in_type = [&](const Kbi& t) {
        return std::ldexp(static_cast<double>(quantize(number, t, Rounding::kTrn, Overflow::kWrap).mantissa),
                          -t.fraction());
      };
      EXPECT_EQ(in_type(type), number) << line;
      const Kbi smaller{.k = type.k, .b = type.b - 1, .i = type.i};
      if (type.b > 1) {
        EXPECT_NE(in_type(smaller), number) << line;
      }
    }
    EXPECT_EQ(kernels, kernel) << file << layer;
    EXPECT_EQ(values, outputs) << file << layer;
  }
  EXPECT_THAT([&] { elements_csv(folder_ / "model.h5", "c", built_in_registry()); },
              ThrowsMessage<ConfigError>(HasSubstr("has no layer 'c'; its layers are")));
}

}  // namespace network_summary_test
}  // namespace hgq::report
