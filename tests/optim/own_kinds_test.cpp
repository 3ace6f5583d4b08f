// Losses as a program of one's own adds them: what is made must be named and written so that it can be made again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hgq/optim/kinds.h"

namespace hgq {
namespace own_kinds_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Reads a key, and passes the reader on if `kWrites`.
template <bool kWrites>
class Scaled final : public Loss {
 public:
  explicit Scaled(ConfigReader& c) requires(kWrites) : Loss(c), scale_(c.number("scale", "factor", {.fallback = 1})) {}
  explicit Scaled(ConfigReader& c) requires(!kWrites) : scale_(c.number("scale", "factor", {.fallback = 1})) {}
  std::string_view name() const override { return "scaled"; }
  Var record(const OutputVars& o) const override { return ops::scale(o.prediction, static_cast<float>(scale_)); }

 private:
  double scale_;
};

template <bool kWrites>
LossPtr make_scaled(ConfigReader& c) {
  return std::make_shared<Scaled<kWrites>>(c);
}

std::vector<std::string> errors_of(MakeLoss make, const std::string& name, const std::string& yaml) {
  Kinds<MakeLoss> losses("a loss");
  losses.add({.name = name, .make = make});
  ErrorList errors;
  const LossPtr loss = make_loss(Node::from_yaml(yaml, "a.yaml", errors), losses, errors);
  EXPECT_EQ(loss == nullptr, !errors.empty());
  return errors.messages();
}

TEST(OwnKinds, ALossWritesTheKeysThatItReads) {
  Kinds<MakeLoss> losses("a loss");
  losses.add({.name = "scaled", .make = make_scaled<true>});
  ErrorList errors;
  for (const char* const yaml : {"scaled", "{scaled: {scale: 2}}", "{scaled: {scale: 0.1}}"}) {
    const LossPtr loss = make_loss(Node::from_yaml(yaml, "a.yaml", errors), losses, errors);
    ASSERT_NE(loss, nullptr) << yaml;
    const nlohmann::json written{{"scaled", loss->arguments()}};
    const LossPtr again = make_loss(Node::from_json(written, "a.h5"), losses, errors);
    ASSERT_NE(again, nullptr) << yaml;
    EXPECT_EQ(again->arguments().dump(), loss->arguments().dump());
  }
  EXPECT_THAT(errors.messages(), IsEmpty());
  EXPECT_EQ(make_loss(Node::scalar("scaled"), losses, errors)->arguments().dump(), R"({"scale":1.0})");
  EXPECT_EQ(huber(0.3)->arguments().dump(), R"({"delta":0.3})");
  EXPECT_EQ(mse()->arguments().dump(), "{}");
}

TEST(OwnKinds, WhatCouldNotBeMadeAgainIsAnError) {
  EXPECT_THAT(errors_of(make_scaled<true>, "scaled", "scaled"), IsEmpty());
  EXPECT_THAT(errors_of(make_scaled<false>, "scaled", "{scaled: {scale: 2}}"),
              ElementsAre(HasSubstr("scaled.scale: is read, but would not be written into files")));
  EXPECT_THAT(errors_of(make_scaled<true>, "other", "other"), ElementsAre(HasSubstr("'other' calls itself 'scaled'")));
  EXPECT_THAT(errors_of([](ConfigReader&) { return LossPtr(); }, "nothing", "nothing"),
              ElementsAre(HasSubstr("'nothing': the function that makes it returned nothing, expected an object")));
  EXPECT_THAT(errors_of(make_scaled<true>, "scaled", "{scaled: {scael: 2}}"),
              ElementsAre(HasSubstr("unknown key 'scael'")));
}

}  // namespace own_kinds_test
}  // namespace hgq
