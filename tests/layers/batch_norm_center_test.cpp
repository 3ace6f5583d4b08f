// With `center` off a layer's bias is neither trained nor added, but it is there: it decides `auto` rounding
// (quantization.md 2.2) and holds the half step of the rounding in the proxy (quantization.md 3.2).
#include <gtest/gtest.h>

#include <cmath>

#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/model.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"

namespace hgq {
namespace batch_norm_center_test {

Tensor waves(const Shape& shape) {
  Tensor t(shape);
  for (int64_t i = 0; i < t.size(); ++i) t.data()[i] = 3.0F * std::sin(0.37F * static_cast<float>(i));
  return t;
}

Model make(bool use_bias, bool center) {
  Model model = Sequential({HQuantize().set("paq_conf", "{init_bw: 4}"),
                            HDenseBatchNorm(5)
                                .relu()
                                .name("b")
                                .set("center", center ? "true" : "false")
                                .set("use_bias", use_bias ? "true" : "false")
                                .set("paq_conf", "{init_bw: 2}"),
                            HDense(3)},
                           Shape{4});
  for (State* const s : model.states()) {
    if (s->name == "b/moving_variance") s->value.fill(1.7F);
  }
  return model;
}

TEST(BatchNormCenter, OffTheRoundingIsStandardWhereTheLayerHasABias) {
  EXPECT_EQ(make(true, false).find("b")->output_quantizer()->strategy(), ops::RoundingStrategy::kStandard);
  EXPECT_EQ(make(false, false).find("b")->output_quantizer()->strategy(), ops::RoundingStrategy::kFloor);
  EXPECT_EQ(make(false, true).find("b")->output_quantizer()->strategy(), ops::RoundingStrategy::kFloor);
}

TEST(BatchNormCenter, OnAndOffTheProxyIsTheModel) {
  const Tensor x = waves(Shape{300, 4});
  Workers workers(1);
  for (const bool use_bias : {true, false}) {
    for (const bool center : {true, false}) {
      SCOPED_TRACE(concat("use_bias ", use_bias, ", center ", center));
      Model model = make(use_bias, center);
      trace_minmax(model, x.view(), workers);
      const Tensor want = predict(model, x.view(), workers);
      const ProxyModel proxy = to_proxy_model(model);
      const std::vector<ConstTensorView> in{x.view()}, out{want.view()};
      const VerifyReport report = verify(out, Emulator(proxy).run(in));
      EXPECT_EQ(report.rows, 300);
      EXPECT_EQ(report.rows_with_overflow, 0);
      EXPECT_EQ(report.rows_differ, 0);
    }
  }
}

}  // namespace batch_norm_center_test
}  // namespace hgq
