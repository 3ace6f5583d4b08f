// What a run remembers, as JSON: written exactly, and read back with every number checked, as a checkpoint may be
// damaged, or edited with a right checksum.
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

/// A number as JSON; "inf", "-inf", "nan", "-nan" as text, which JSON has no numbers for.
nlohmann::json exact_json(double value);
/// The bits of float32 numbers, each as a whole number: any value comes back as it was.
nlohmann::json bits_json(std::span<const float> values);

/// An entry of a run's state. Reading throws FileError with the place, what was found and what was expected.
class SavedState {
 public:
  /// `json` must outlive it.
  SavedState(const nlohmann::json& json, std::string place);

  bool is_null() const;
  /// Of a map; throws where there is none.
  SavedState at(const std::string& key) const;
  /// Of a list.
  std::vector<SavedState> items() const;

  /// A whole number from `least` to `most`; of an entry of a map where `key` is given.
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
