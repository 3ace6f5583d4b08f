#include "json_mutation.h"

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

namespace hgq::fuzz {
namespace {

using Json = nlohmann::json;

/// All values of a document, in the order of the text.
void collect(Json& json, std::vector<Json*>& all) {
  std::vector<Json*> waiting{&json};
  while (!waiting.empty()) {
    Json* const next = waiting.back();
    waiting.pop_back();
    all.push_back(next);
    if (next->is_structured()) {
      for (Json& child : *next) waiting.push_back(&child);
    }
  }
}

class Mutation {
 public:
  explicit Mutation(uint64_t seed) : random_(seed) {}

  void apply(Json& document) {
    std::vector<Json*> all;
    collect(document, all);
    Json& place = *all[below(all.size())];
    if (place.is_object() && !place.empty()) return change_object(place);
    if (place.is_array() && !place.empty()) return change_array(place);
    change_value(place, *all[below(all.size())]);
  }

 private:
  size_t below(size_t count) { return static_cast<size_t>(random_() % count); }

  void change_object(Json& object) {
    const auto at = std::next(object.begin(), static_cast<std::ptrdiff_t>(below(object.size())));
    switch (below(3)) {
      case 0:
        object.erase(at);
        return;
      case 1: {
        const Json value = *at;
        object[word()] = value;
        return;
      }
      default:
        *at = scalar();
    }
  }

  void change_array(Json& array) {
    const size_t i = below(array.size());
    const size_t j = below(array.size());
    switch (below(5)) {
      case 0:
        array.erase(i);
        return;
      case 1:
        array.insert(array.begin() + static_cast<std::ptrdiff_t>(i), Json(array[j]));
        return;
      case 2:
        std::swap(array[i], array[j]);
        return;
      case 3:
        array[i] = scalar();
        return;
      default:
        array.clear();
    }
  }

  void change_value(Json& value, const Json& other) {
    switch (below(4)) {
      case 0:
        if (value.is_number_integer()) {
          value = value.get<int64_t>() / 2 + static_cast<int64_t>(below(5)) - 2;
          return;
        }
        [[fallthrough]];
      case 1:
        value = scalar();
        return;
      case 2:
        if (&value != &other) value = Json(other);
        return;
      default:
        if (value.is_string() && !value.get<std::string>().empty()) {
          std::string text = value.get<std::string>();
          text[below(text.size())] = static_cast<char>(32 + below(95));
          value = text;
        } else {
          value = Json::array({value});
        }
    }
  }

  Json scalar() {
    switch (below(12)) {
      case 0:
        return nullptr;
      case 1:
        return below(2) == 0;
      case 2:
        return Json::array();
      case 3:
        return Json::object();
      case 4:
        return word();
      case 5:
        return std::numeric_limits<int64_t>::max();
      case 6:
        return std::numeric_limits<int64_t>::min();
      case 7:
        return int64_t{1} << below(63);
      case 8:
        return -(int64_t{1} << below(33));
      case 9:
        return 1e300;
      case 10:
        return static_cast<double>(below(1000)) / 64.0 - 8.0;
      default:
        return static_cast<int64_t>(below(20)) - 3;
    }
  }

  std::string word() {
    constexpr std::array kWords = {"",           "name",      "relu",     "softmax",   "HGQ>HDense", "Functional",
                                   "InputLayer", "x*x/(x-x)", "same",     "valid",     "Sequential", "linear",
                                   "units",      "config",    "HGQ>HAdd", "overrides", "auto",       "standard"};
    return kWords[below(kWords.size())];
  }

  std::mt19937_64 random_;
};

}  // namespace

std::string mutated_json(std::string_view text, uint64_t seed) {
  Json document = Json::parse(text, nullptr, false);
  if (document.is_discarded()) return "";
  Mutation mutation(seed);
  for (uint64_t i = 0; i < 1 + seed % 3; ++i) mutation.apply(document);
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

size_t mutate_json(uint8_t* data, size_t size, size_t capacity, unsigned seed) {
  const std::string text = mutated_json({reinterpret_cast<const char*>(data), size}, seed);
  if (text.empty() || text.size() > capacity) return size;
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

}  // namespace hgq::fuzz
