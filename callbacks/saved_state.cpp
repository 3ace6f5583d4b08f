#include "hgq/callbacks/saved_state.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/config/node.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

struct NamedNumber {
  const char* name;
  double value;
};

constexpr std::array kNotFinite{NamedNumber{"inf", std::numeric_limits<double>::infinity()},
                                NamedNumber{"-inf", -std::numeric_limits<double>::infinity()},
                                NamedNumber{"nan", std::numeric_limits<double>::quiet_NaN()},
                                NamedNumber{"-nan", -std::numeric_limits<double>::quiet_NaN()}};

}  // namespace

nlohmann::json exact_json(double value) {
  if (std::isfinite(value)) return value;
  const std::string text = std::isnan(value) ? "nan" : "inf";
  return std::signbit(value) ? "-" + text : text;
}

nlohmann::json bits_json(std::span<const float> values) {
  nlohmann::json all = nlohmann::json::array();
  for (const float value : values) all.push_back(std::bit_cast<uint32_t>(value));
  return all;
}

SavedState::SavedState(const nlohmann::json& json, std::string place) : json_(&json), place_(std::move(place)) {}

void SavedState::refuse(const std::string& expected) const {
  std::string found = json_->dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  throw FileError(concat("the checkpoint is damaged: ", place_, ": found ", printable(found), ", expected ", expected));
}

bool SavedState::is_null() const { return json_->is_null(); }

SavedState SavedState::at(const std::string& key) const {
  if (!json_->is_object()) refuse("a map");
  const auto found = json_->find(key);
  if (found == json_->end())
    throw FileError(concat("the checkpoint is damaged: ", place_, ": there is no '", key, "'"));
  return {*found, place_ + "." + key};
}

std::vector<SavedState> SavedState::items() const {
  if (!json_->is_array()) refuse("a list");
  std::vector<SavedState> all;
  for (size_t i = 0; i < json_->size(); ++i) all.emplace_back((*json_)[i], concat(place_, ".", i));
  return all;
}

int64_t SavedState::integer(int64_t least, int64_t most) const {
  const bool fits = json_->is_number_unsigned()
                        ? json_->get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())
                        : json_->is_number_integer();
  const int64_t value = fits ? json_->get<int64_t>() : 0;
  if (!fits || value < least || value > most) refuse(concat("a whole number from ", least, " to ", most));
  return value;
}

double SavedState::number() const {
  if (json_->is_number()) return json_->get<double>();
  if (json_->is_string()) {
    for (const NamedNumber& named : kNotFinite) {
      if (json_->get_ref<const std::string&>() == named.name) return named.value;
    }
  }
  refuse("a number");
}

std::string SavedState::text() const {
  if (!json_->is_string()) refuse("text");
  return json_->get<std::string>();
}

std::vector<float> SavedState::floats() const {
  if (!json_->is_array()) refuse("a list");
  std::vector<float> values;
  values.reserve(json_->size());
  for (const nlohmann::json& bits : *json_) {
    const bool fits = bits.is_number_unsigned() && bits.get<uint64_t>() <= std::numeric_limits<uint32_t>::max();
    if (!fits) SavedState(bits, place_).refuse("the bits of a number");
    values.push_back(std::bit_cast<float>(bits.get<uint32_t>()));
  }
  return values;
}

}  // namespace hgq
