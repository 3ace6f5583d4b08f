#include "proxy_contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "layer_contract_model.h"
#include "tape_lab.h"
#include "temporary_folder.h"

namespace hgq::testing {
namespace {

constexpr int64_t kRows = 300;

std::vector<Tensor> rows_of(const Model& model, float scale) {
  std::vector<Tensor> rows;
  for (const int input : model.inputs()) {
    const Model::Entry& entry = model.entry(input);
    rows.push_back(spread_numbers(entry.shape.with_front(kRows), entry.name, -scale, scale));
  }
  return rows;
}

void expect_equal(const Emulation& a, const Emulation& b) {
  EXPECT_EQ(a.overflows, b.overflows);
  EXPECT_EQ(a.row_overflows, b.row_overflows);
  ASSERT_EQ(a.outputs.size(), b.outputs.size());
  for (size_t i = 0; i < a.outputs.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(a.outputs[i].values(), b.outputs[i].values()));
}

void expect_exported(Model& model, const ProxyOptions& options, const LayerContract& contract) {
  SCOPED_TRACE(options.aggressive ? "wrap" : "sat");
  const TemporaryFolder folder;
  const ProxyModel proxy = to_proxy_model(model, options);
  save_proxy(proxy, folder / "proxy.h5");
  const ProxyModel read = load_proxy(folder / "proxy.h5", kinds_of(contract_defaults(contract)));
  Workers workers(1);
  for (const float scale : {1.0F, 4.0F}) {
    SCOPED_TRACE(scale == 1 ? "the rows that were traced" : "rows out of range");
    const std::vector<Tensor> rows = rows_of(model, scale);
    const Emulation emulation = Emulator(proxy).run(views_of(rows), &workers);
    const std::vector<Tensor> expected = Predictor(model, workers).run(views_of(rows));
    const VerifyReport report = verify(views_of(expected), emulation);
    if (scale == 1) {
      EXPECT_EQ(report.rows_with_overflow, 0);
    }
    if (contract.exact_in_proxy) {
      EXPECT_EQ(report.rows_differ_without_overflow, 0);
    }
    for (const Tensor& output : emulation.outputs) {
      for (const float v : output.values()) ASSERT_TRUE(std::isfinite(v));
    }
    SCOPED_TRACE("the proxy read from its file");
    expect_equal(Emulator(read).run(views_of(rows), &workers), emulation);
  }
}

/// What a config would hold of the layer.
void expect_read_from_yaml(const LayerContract& contract, const Model& model) {
  if (contract.layer.function != nullptr) return;  // given in code
  ErrorList errors;
  const Node node = Node::from_yaml(contract.layer.arguments.to_yaml(), "config.yaml", errors);
  const LayerDefaults defaults = contract_defaults(contract);
  const std::unique_ptr<Layer> layer = make_layer(contract.layer.kind, {node, defaults, errors, nullptr});
  EXPECT_THAT(errors.messages(), ::testing::IsEmpty());
  ASSERT_NE(layer, nullptr);
  EXPECT_EQ(layer->kind(), model.find(kContractName)->kind());
}

}  // namespace

void expect_proxy_contract(const LayerContract& contract) {
  LayerContract quantized = contract;
  quantized.behind_quantizer = true;
  Model model = contract_model(quantized, false);
  expect_read_from_yaml(contract, model);
  Workers workers(1);
  trace_minmax(model, views_of(rows_of(model, 1)), workers);
  for (const bool wrap : {true, false}) {
    ProxyOptions options;
    options.aggressive = wrap;
    const std::vector<std::string> refused = model.what_cannot_be_exported(options);
    if (refused.empty()) {
      expect_exported(model, options, contract);
      continue;
    }
    try {
      to_proxy_model(model, options);
      ADD_FAILURE() << "exported, though it said: " << refused.front();
    } catch (const ConfigError& e) {
      EXPECT_EQ(e.what(), refused.front());
    }
  }
}

}  // namespace hgq::testing
