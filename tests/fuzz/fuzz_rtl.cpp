// A proxy, from its parts (keras_json.h), as a circuit with sources: what the circuit computes must be what the
// emulator computes, for all forms of a project.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <typeinfo>

#include "fuzz_support.h"
#include "hgq/core/fixed_point.h"
#include "hgq/deploy/files.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/rtl/to_rtl.h"
#include "json_mutation.h"
#include "keras_json.h"

namespace {

/// Layers of some size take more time than a fuzzer has.
bool is_small(const hgq::ProxyModel& proxy) {
  constexpr int64_t kMost = 2000;
  const std::vector<hgq::ProxyPlan> plans = hgq::plan_layers(proxy);
  int64_t work = 0;
  for (const hgq::ProxyPlan& plan : plans) {
    work += plan.out.shape.size();
    if (const auto* const product = std::get_if<hgq::ProductOperation>(&plan.operation))
      work += product->inputs * product->units + static_cast<int64_t>(product->source.size());
    if (work > kMost) return false;
  }
  return true;
}

/// One of the forms, by a number.
hgq::RtlOptions form(size_t number) {
  hgq::RtlOptions options{.softmax = number % 2 == 0 ? hgq::RtlSoftmax::kLogits : hgq::RtlSoftmax::kArgmax,
                          .random_rows = 40};
  if (number % 3 == 1) options.latency = 2;
  if (number % 3 == 2) options.stage_levels = 3;
  if (number % 5 < 2) options.hdl.target = hgq::rtl::HdlTarget::kXilinx;
  if (number % 7 < 3) options.hdl.language = hgq::rtl::HdlLanguage::kVhdl;
  if (number % 11 < 5) options.extra_depth = std::optional<int>(static_cast<int>(number % 3));
  options.seed = number;
  return options;
}

using Json = nlohmann::json;

/// Other bits, weights, tables and modes in a document that stays a proxy: most changes of its structure do not.
void change_numbers(Json& document, std::mt19937& random) {
  const auto below = [&](size_t count) { return static_cast<size_t>(random() % count); };
  std::vector<Json*> places;
  for (Json& layer : document["layers"]) {
    for (Json& weight : layer["weights"]) places.push_back(&weight);
  }
  for (Json& layer : document["model_config"]["config"]["layers"]) {
    if (layer["config"].contains("RND")) places.push_back(&layer["config"]);
  }
  if (places.empty()) return;
  Json& place = *places[below(places.size())];
  if (place.contains("RND")) {
    const std::vector<std::string> roundings = hgq::rounding_names();
    const std::vector<std::string> overflows = hgq::overflow_names();
    place["RND"] = roundings[below(roundings.size())];
    place["SAT"] = overflows[below(overflows.size())];
    return;
  }
  Json& values = place["values"];
  if (!values.is_array() || values.empty()) return;
  Json& value = values[below(values.size())];
  const std::string name = place["name"].get<std::string>();
  if (name.starts_with("keep_negative")) {
    value = below(2);
  } else if (place["int8"] == true) {
    value = static_cast<int>(below(12)) - (name.starts_with("integers") ? 4 : 0);
  } else {
    const int bits = 1 + static_cast<int>(below(10));
    value = std::ldexp(static_cast<double>(below(size_t{2} << static_cast<unsigned>(bits))) - std::ldexp(1.0, bits),
                       static_cast<int>(below(12)) - 10);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  static Workers workers(1);
  fuzz::attempt([&] {
    const nlohmann::json document = fuzz::parse({reinterpret_cast<const char*>(data), size});
    ProxyModel proxy = proxy_from_keras(fuzz::keras_file_of(document), built_in_layer_kinds());
    if (!is_small(proxy)) return;
    try {
      to_rtl(std::move(proxy), form(size), workers);
    } catch (const Error& e) {
      // What a user can cause has a class of its own; an Error is a fault of the library, such as another value.
      if (typeid(e) != typeid(Error)) throw;
      std::fprintf(stderr, "%s\n", e.what());
      std::abort();
    }
  });
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t capacity, unsigned seed) {
  if (seed % 8 == 0) return hgq::fuzz::mutate_json(data, size, capacity, seed);
  try {
    std::mt19937 random(seed);
    Json document = hgq::fuzz::parse({reinterpret_cast<const char*>(data), size});
    for (unsigned i = 0; i <= seed % 16; ++i) change_numbers(document, random);
    const std::string text = document.dump() + std::string(seed % 5, ' ');  // another form
    if (text.size() > capacity) return size;
    std::memcpy(data, text.data(), text.size());
    return text.size();
  } catch (const Json::exception&) {  // the structure has become another one
    return hgq::fuzz::mutate_json(data, size, capacity, seed);
  }
}
