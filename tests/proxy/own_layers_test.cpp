// Proxy layers of a program's own: what they answer is heard in narrowing, notes, masks and files, where nobody knows
// their classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "half_proxy_layer.h"
#include "hgq/core/error.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/moves.h"
#include "hgq/proxy/proxy_file.h"
#include "proxy_test_support.h"

namespace hgq {
namespace own_layers_test {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointee;

class Reversed : public ProxyLayer {
 public:
  using ProxyLayer::ProxyLayer;
  std::string_view class_name() const override { return "Reversed"; }
  Node config(bool /*only_child*/) const override { return base_config(true); }
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override {
    const Shape& shape = only_input(in).shape;
    std::vector<MoveSource> sources;
    for (int64_t e = shape.size(); e-- > 0;) sources.push_back({0, e});
    return move_plan(in, shape, std::move(sources), where());
  }
  bool only_moves() const override { return true; }
};

/// max(x, 0) as Reversed's neighbour would write it; `is_relu` as it says.
class Positive : public ProxyLayer {
 public:
  Positive(std::string name, bool is_relu) : ProxyLayer(std::move(name)), is_relu_(is_relu) {}
  std::string_view class_name() const override { return "Positive"; }
  Node config(bool /*only_child*/) const override { return base_config(true); }
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override {
    ProxyPlan plan{.out = fixed_input(in), .compute = [](const ProxyRows& rows) {
                     const int64_t* const x = rows.in[0]->data<int64_t>();
                     for (int64_t e = 0; e < rows.rows * rows.out->row_size(); ++e)
                       rows.out->data<int64_t>()[e] = std::max<int64_t>(x[e], 0);
                   }};
    for (Int128& low : plan.out.low) low = 0;
    return plan;
  }
  bool is_relu() const override { return is_relu_; }

 private:
  bool is_relu_;
};

/// Whether a value of 0 to 3 is odd, from a table.
class Odd : public ProxyLayer {
 public:
  using ProxyLayer::ProxyLayer;
  static std::unique_ptr<ProxyLayer> read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
    return std::make_unique<Odd>(node.name);
  }
  std::string_view class_name() const override { return "Odd"; }
  Node config(bool /*only_child*/) const override { return base_config(true); }
  ProxyPlan plan(std::span<const ProxySignal* const> in) const override {
    ProxyPlan plan{.out = fixed_input(in), .compute = [flags = flags_](const ProxyRows& rows) {
                     for (int64_t row = 0; row < rows.rows; ++row) {
                       const int64_t x = rows.in[0]->data<int64_t>()[row];
                       rows.out->data<int64_t>()[row] = x % 2;
                       const bool wraps = !flags.empty() && flags[static_cast<size_t>(x)] != 0;
                       *rows.overflows += wraps ? 1 : 0;
                       rows.row_overflows[row] |= static_cast<uint8_t>(wraps);
                     }
                   }};
    return plan;
  }
  const std::vector<int8_t>* table_overflows() const override { return &flags_; }
  void set_table_overflows(std::vector<int8_t> overflows) override { flags_ = std::move(overflows); }

 private:
  std::vector<int8_t> flags_;
};

// Without an answer of Half's own, the package's type would lack a bit, and the quantizer would be left alone.
TEST(OwnProxyLayer, SaysWhatThePackageMakesOfIt) {
  ProxyBuilder b;
  ProxyRef at = b.add_quantizer("q", b.add_input("x", {1}), one_type(0, 3, 1), Rounding::kTrn, Overflow::kWrap);
  at = b.add_layer<HalfProxyLayer>("half", {at});
  at = b.add_quantizer("half_quantizer", at, one_type(1, 10, 5), Rounding::kTrn, Overflow::kWrap);
  EXPECT_EQ(b.lut_input_type(at), (HlsType{.k = 0, .i = 0, .f = 3}));
  const ProxyModel model = std::move(b).finish({at});
  EXPECT_EQ(model.find("half_quantizer")->as_quantizer()->types().at(0), (Kbi{.k = 0, .b = 3, .i = 0}));
  EXPECT_THAT(outputs_of(model, tensor({2, 1}, {1.75, 0.25})), ElementsAre(0.875F, 0.125F));
}

// What reads a quantizer that was narrowed is planned again, and nothing else: the signals are those of a new plan.
TEST(OwnProxyLayer, IsPlannedAgainWhereAQuantizerInFrontWasNarrowed) {
  ProxyBuilder b;
  const ProxyRef x = b.add_input("x", {1});
  const ProxyRef q = b.add_quantizer("q", x, one_type(0, 3, 1), Rounding::kTrn, Overflow::kWrap);
  const ProxyRef half = b.add_layer<HalfProxyLayer>("half", {q});
  const ProxyRef wide = b.add_quantizer("wide", half, one_type(1, 10, 5), Rounding::kTrn, Overflow::kWrap);
  const ProxyRef again = b.add_layer<HalfProxyLayer>("again", {wide});
  const ProxyRef other = b.add_quantizer("other", x, one_type(1, 5, 2), Rounding::kTrn, Overflow::kWrap);
  b.lut_input_type(again);
  std::vector<ProxySignal> now;
  for (int i = 0; i < b.size(); ++i) now.push_back(b.signal({i}));
  const ProxyModel model = std::move(b).finish({again, other});
  const std::vector<ProxyPlan> plans = plan_layers(model);
  ASSERT_EQ(plans.size(), now.size());
  for (size_t i = 0; i < plans.size(); ++i) {
    EXPECT_EQ(plans[i].out.fraction, now[i].fraction) << i;
    EXPECT_EQ(plans[i].out.low, now[i].low) << i;
    EXPECT_EQ(plans[i].out.high, now[i].high) << i;
    EXPECT_EQ(plans[i].out.hls.i, now[i].hls.i) << i;
    EXPECT_EQ(plans[i].out.hls.f, now[i].hls.f) << i;
  }
  EXPECT_THAT(now[static_cast<size_t>(again.index)].hls.k, ElementsAre(0));
}

TEST(OwnProxyLayer, SaysWhatHls4mlMakesOfIt) {
  const auto notes = [](const Shape& sample) {
    ProxyBuilder b;
    const ProxyRef q =
        b.add_quantizer("q", b.add_input("x", sample), one_type(0, 3, 1), Rounding::kTrn, Overflow::kWrap);
    return std::move(b).finish({b.add_layer<HalfProxyLayer>("half", {q})}).notes();
  };
  EXPECT_THAT(notes({2}), IsEmpty());
  EXPECT_THAT(notes({2, 2}), ElementsAre("layer 'half': hls4ml halves rows only"));
}

TEST(OwnProxyLayer, ThatOnlyMovesIsNoPlaceWhereFoldingEnds) {
  ProxyBuilder b;
  const ProxyRef first =
      b.add_quantizer("first", b.add_input("x", {2}), one_type(0, 4, 2), Rounding::kRnd, Overflow::kWrap);
  const ProxyRef half = b.add_layer<HalfProxyLayer>("half", {first});
  const ProxyRef second = b.add_quantizer("second", half, one_type(0, 3, 2), Rounding::kRnd, Overflow::kWrap);
  const ProxyRef reversed = b.add_layer<Reversed>("reversed", {second});
  const ProxyRef third = b.add_quantizer("third", reversed, one_type(0, 2, 2), Rounding::kRnd, Overflow::kWrap);
  const ProxyModel model = std::move(b).finish({third});
  EXPECT_THAT(model.notes(), ElementsAre(HasSubstr("layer 'third': hls4ml 1.3.0 folds it and 'second' before it")));
  EXPECT_THAT(outputs_of(model, tensor({1, 2}, {1, 2})), ElementsAre(1, 1));  // 0.5 is rounded up
}

TEST(OwnProxyLayer, ThatIsAReluMasksElementsWithoutBits) {
  const auto overflows = [](bool is_relu) {
    ProxyBuilder b;
    ProxyRef at = b.add_quantizer("q", b.add_input("x", {2}), one_type(1, 4, 2), Rounding::kTrn, Overflow::kWrap);
    at = b.add_layer<Positive>("positive", {at}, is_relu);
    QuantizerTypes types = one_type(0, 3, 1, {1, 2});
    types.b[1] = 0;
    at = b.add_quantizer("behind", at, types, Rounding::kTrn, Overflow::kWrap);
    const ProxyModel model = std::move(b).finish({at});
    const Tensor x = tensor({1, 2}, {1, 7});  // 7 is beyond q, and masked behind it
    const std::vector<ConstTensorView> inputs{x.view()};
    return Emulator(model).run(inputs).row_overflows;
  };
  EXPECT_THAT(overflows(true), ElementsAre(0));
  EXPECT_THAT(overflows(false), ElementsAre(1));
}

TEST(OwnProxyLayer, KeepsTheOverflowsOfItsTableInAFile) {
  ProxyBuilder b;
  const ProxyRef q = b.add_quantizer("q", b.add_input("x", {1}), one_type(0, 2, 2), Rounding::kTrn, Overflow::kWrap);
  ProxyModel model = std::move(b).finish({b.add_layer<Odd>("odd", {q})});
  model.find("odd")->set_table_overflows({0, 0, 0, 1});
  ProxyKinds kinds;
  kinds.proxy_layers.add({.name = "Odd", .make = Odd::read});
  const std::string path = ::testing::TempDir() + "/odd.h5";
  save_proxy(model, path);
  const ProxyModel loaded = load_proxy(path, kinds);
  EXPECT_THAT(loaded.find("odd")->table_overflows(), Pointee(ElementsAre(0, 0, 0, 1)));
  const Tensor x = tensor({2, 1}, {1, 3});
  const std::vector<ConstTensorView> inputs{x.view()};
  EXPECT_THAT(Emulator(loaded).run(inputs).row_overflows, ElementsAre(0, 1));
  EXPECT_THAT(Emulator(loaded).run(inputs).overflows, Contains(OverflowCount{"odd", 1}));
}

}  // namespace own_layers_test
}  // namespace hgq
