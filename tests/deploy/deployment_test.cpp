// Predictions in blocks, tracing, and conversion to a proxy, on models with all kinds of layers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"
#include "hgq/data/memory_dataset.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "proxy_test_support.h"
#include "sample_models.h"

namespace hgq {
namespace deployment_test {

using ::testing::HasSubstr;

std::vector<Tensor> inputs_of(const Model& model, int64_t rows, double scale = 2) {
  std::vector<Tensor> x;
  for (const int i : model.inputs()) x.push_back(sample_rows(model.entry(i).shape, rows, scale));
  return x;
}

std::vector<ConstTensorView> views(const std::vector<Tensor>& tensors) {
  std::vector<ConstTensorView> out;
  for (const Tensor& t : tensors) out.push_back(t.view());
  return out;
}

std::vector<float> records(const Model& model) {
  std::vector<float> all;
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer == nullptr || entry.layer->output_quantizer() == nullptr) continue;
    const Quantizer& q = *entry.layer->output_quantizer();
    all.insert(all.end(), q.record_min.value.values().begin(), q.record_min.value.values().end());
    all.insert(all.end(), q.record_max.value.values().begin(), q.record_max.value.values().end());
  }
  return all;
}

TEST(Predictor, BlocksAndThreadsChangeNothing) {
  Model model = graph_sample();
  const std::vector<Tensor> x = inputs_of(model, 103);
  Workers one(1);
  Workers three(3);
  const std::vector<Tensor> whole = Predictor(model, one).run(views(x));
  const std::vector<Tensor> parts = Predictor(model, three, Mode::kEvaluate, 10).run(views(x));
  ASSERT_EQ(whole.size(), 2U);
  for (size_t o = 0; o < whole.size(); ++o) {
    EXPECT_TRUE(std::ranges::equal(whole[o].values(), parts[o].values()));
    EXPECT_EQ(whole[o].shape()[0], 103);
  }
}

TEST(Predictor, NoRowsGiveNoRows) {
  Model model = batch_norm_sample("", "");
  Workers workers(1);
  const Tensor y = predict(model, Tensor(Shape{0, 5}).view(), workers);
  EXPECT_EQ(y.shape(), (Shape{0, 2}));
}

TEST(Predictor, LeavesTheRecordsAlone) {
  Model model = batch_norm_sample("", "");
  const std::vector<float> before = records(model);
  Workers workers(1);
  predict(model, sample_rows(Shape{5}, 20).view(), workers);
  EXPECT_EQ(records(model), before);
  EXPECT_FALSE(model.is_traced());
}

TEST(Predictor, DataThatDoNotFitAreRefused) {
  Model model = graph_sample();
  Workers workers(1);
  Predictor predictor(model, workers);
  const Tensor a = sample_rows(Shape{6}, 10);
  const Tensor b = sample_rows(Shape{2, 3}, 9);
  const std::vector<ConstTensorView> one{a.view()};
  EXPECT_THAT(message_of<ShapeError>([&] { predictor.run(one); }),
              HasSubstr("the model has 2 inputs, there are data for 1"));
  const std::vector<ConstTensorView> uneven{a.view(), b.view()};
  EXPECT_THAT(message_of<ShapeError>([&] { predictor.run(uneven); }), HasSubstr("9"));
  const std::vector<ConstTensorView> swapped{b.view(), b.view()};
  EXPECT_THROW(predictor.run(swapped), ShapeError);
  EXPECT_THAT(message_of<ShapeError>([&] { predict(model, a.view(), workers); }), HasSubstr("use Predictor"));
}

TEST(Trace, BatchSizeChangesNothingAndADatasetGivesTheSame) {
  Model model = graph_sample();
  const std::vector<Tensor> x = inputs_of(model, 90);
  Workers workers(2);
  const TraceResult whole = trace_minmax(model, views(x), workers);
  const std::vector<float> ranges = records(model);
  const TraceResult parts = trace_minmax(model, views(x), workers, {.batch_size = 7});
  EXPECT_EQ(records(model), ranges);
  EXPECT_EQ(parts.total, whole.total);
  std::vector<NamedTensor> fields;
  fields.push_back({"a", x[0].clone()});
  fields.push_back({"b", x[1].clone()});
  const MemoryDataset data(std::move(fields), {});
  EXPECT_EQ(trace_minmax(model, data, workers, {.batch_size = 32}).total, whole.total);
  EXPECT_EQ(records(model), ranges);
}

TEST(Trace, EmptiesTheRecordsUnlessToldNotTo) {
  Model model = batch_norm_sample("", "");
  Workers workers(1);
  const Tensor both = sample_rows(Shape{5}, 80, 8);
  const ConstTensorView first = both.view().rows(0, 5);
  const ConstTensorView rest = both.view().rows(5, 75);
  trace_minmax(model, first, workers);
  const std::vector<float> ranges_of_first = records(model);
  trace_minmax(model, rest, workers, {.reset = false});
  const std::vector<float> ranges_of_both = records(model);
  EXPECT_NE(ranges_of_both, ranges_of_first);
  trace_minmax(model, both.view(), workers);
  EXPECT_EQ(records(model), ranges_of_both);
  trace_minmax(model, first, workers);
  EXPECT_EQ(records(model), ranges_of_first);
}

TEST(Trace, CoverFactorBelowOneWarns) {
  Model model = batch_norm_sample("", "");
  Workers workers(1);
  const Tensor x = sample_rows(Shape{5}, 40);
  EXPECT_EQ(trace_minmax(model, x.view(), workers).warning, "");
  EXPECT_THAT(trace_minmax(model, x.view(), workers, {.cover_factor = 0.5}).warning,
              HasSubstr("cover_factor 0.5 is below 1"));
  EXPECT_THROW(trace_minmax(model, x.view(), workers, {.cover_factor = 0}), ConfigError);
  EXPECT_THROW(trace_minmax(model, x.view(), workers, {.batch_size = 0}), ConfigError);
}

TEST(Trace, NoRowsAreRefused) {
  Model model = batch_norm_sample("", "");
  Workers workers(1);
  EXPECT_THAT(message_of<ShapeError>([&] {
                trace_minmax(model, Tensor(Shape{0, 5}).view(), workers);
              }),
              HasSubstr("no data"));
}

TEST(Convert, AModelWithoutRangesIsRefused) {
  const Model model = batch_norm_sample("", "");
  EXPECT_THAT(message_of<ConfigError>([&] { to_proxy_model(model); }), HasSubstr("run trace first"));
}

void expect_proxy_equals_model(Model model, bool aggressive) {
  Workers workers(2);
  const std::vector<Tensor> x = inputs_of(model, 200);
  trace_minmax(model, views(x), workers);
  ProxyOptions options;
  options.aggressive = aggressive;
  const ProxyModel proxy = to_proxy_model(model, options);
  const Emulator emulator(proxy);
  const std::vector<Tensor> traced = Predictor(model, workers).run(views(x));
  const VerifyReport on_traced = verify(views(traced), emulator.run(views(x), &workers));
  EXPECT_EQ(on_traced.rows_differ, 0);
  EXPECT_EQ(on_traced.rows_with_overflow, 0);
  const std::vector<Tensor> wide = inputs_of(model, 200, 5);
  const std::vector<Tensor> beyond = Predictor(model, workers).run(views(wide));
  const VerifyReport report = verify(views(beyond), emulator.run(views(wide), &workers));
  EXPECT_EQ(report.rows_differ_without_overflow, 0);
  EXPECT_GT(report.rows_with_overflow, 0);
}

TEST(Convert, ProxyEqualsModelWhereNothingOverflows) {
  for (const bool aggressive : {true, false}) {
    SCOPED_TRACE(aggressive);
    expect_proxy_equals_model(graph_sample(), aggressive);
    expect_proxy_equals_model(batch_norm_sample("", ""), aggressive);
    expect_proxy_equals_model(batch_norm_sample("center", "false"), aggressive);
    expect_proxy_equals_model(batch_norm_sample("scale", "false"), aggressive);
    expect_proxy_equals_model(batch_norm_sample("use_bias", "false"), aggressive);
  }
}

}  // namespace deployment_test
}  // namespace hgq
