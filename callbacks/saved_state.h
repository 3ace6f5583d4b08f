// The state of a run as JSON. Numbers are written exactly, and each is checked when it is read back, since a checkpoint
// may be damaged, or edited and given a correct checksum.
//
//   class Patience : public Callback {
//     std::string_view name() const override { return "Patience"; }
//     nlohmann::json state() const override { return {{"best", exact_json(best_)}, {"waited", waited_}}; }
//     void restore(const nlohmann::json& json) override {
//       const SavedState state(json, "Patience");
//       best_ = state.number("best");
//       waited_ = static_cast<int>(state.integer("waited", 0, 1000));
//     }
//     double best_ = 0;
//     int waited_ = 0;
//   };
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

namespace hgq {

/// A number as JSON. JSON has no infinities and NaN: they become the texts "inf", "-inf", "nan", "-nan".
nlohmann::json exact_json(double value);
/// The bits of float32 numbers, each as an integer, so that every value is restored exactly.
nlohmann::json bits_json(std::span<const float> values);

/// A value in the state of a run. Reading throws FileError with the place, what was found and what was expected.
class SavedState {
 public:
  /// `json` must outlive it.
  SavedState(const nlohmann::json& json, std::string place);

  bool is_null() const;
  /// The entry of a map with this key; throws if there is none.
  SavedState at(const std::string& key) const;
  /// The entries of a list.
  std::vector<SavedState> items() const;

  /// An integer from `least` to `most`: this value, or, with `key`, an entry of a map.
  int64_t integer(int64_t least, int64_t most) const;
  int64_t integer(const std::string& key, int64_t least, int64_t most) const { return at(key).integer(least, most); }
  /// What exact_json() wrote.
  double number() const;
  double number(const std::string& key) const { return at(key).number(); }
  std::string text() const;
  std::string text(const std::string& key) const { return at(key).text(); }
  /// What bits_json() wrote.
  std::vector<float> floats() const;

  const nlohmann::json& json() const { return *json_; }
  const std::string& place() const { return place_; }

 private:
  [[noreturn]] void refuse(const std::string& expected) const;

  const nlohmann::json* json_;
  std::string place_;
};

}  // namespace hgq
