#include "hgq/callbacks/saved_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hgq/core/error.h"

namespace hgq {
namespace saved_state_test {

using nlohmann::json;
using ::testing::HasSubstr;

TEST(SavedState, KeepsEveryNumber) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double value : {0.0, -0.0, 0.1, 1e300, 5e-324, 3.0, kInfinity, -kInfinity}) {
    const json parsed = json::parse(exact_json(value).dump());
    EXPECT_EQ(SavedState(parsed, "x").number(), value);
    EXPECT_EQ(std::signbit(SavedState(parsed, "x").number()), std::signbit(value));
  }
  for (const double value : {std::nan(""), -std::nan("")}) {
    const json parsed = json::parse(exact_json(value).dump());
    EXPECT_TRUE(std::isnan(SavedState(parsed, "x").number()));
    EXPECT_EQ(std::signbit(SavedState(parsed, "x").number()), std::signbit(value));
  }
  const std::vector<float> values{0.1F, -0.0F, std::numeric_limits<float>::infinity(), 1e-45F};
  const json parsed = json::parse(bits_json(values).dump());
  EXPECT_EQ(SavedState(parsed, "x").floats(), values);
}

TEST(SavedState, SaysWhatIsWrong) {
  const json state =
      json::parse(R"({"waited": -3, "best": "much", "huge": 18446744073709551615, "half": 1.5, "bits": [4294967296]})");
  const auto message = [&](const auto& read) -> std::string {
    try {
      read(SavedState(state, "EarlyStopping"));
    } catch (const FileError& e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message([](const SavedState& s) { s.integer("waited", 0, 9); }),
            "the checkpoint is damaged: EarlyStopping.waited: found -3, expected a whole number from 0 to 9");
  EXPECT_THAT(message([](const SavedState& s) { s.integer("huge", 0, 9); }), HasSubstr("EarlyStopping.huge"));
  EXPECT_THAT(message([](const SavedState& s) { s.integer("half", 0, 9); }), HasSubstr("found 1.5"));
  EXPECT_THAT(message([](const SavedState& s) { s.number("best"); }), HasSubstr("expected a number"));
  EXPECT_THAT(message([](const SavedState& s) { s.at("bits").floats(); }), HasSubstr("EarlyStopping.bits"));
  EXPECT_THAT(message([](const SavedState& s) { s.number("none"); }), HasSubstr("there is no 'none'"));
}

}  // namespace saved_state_test
}  // namespace hgq
