// A proxy, from its parts (keras_json.h), as a circuit with sources: what the circuit computes must be what the emulator
// computes, for all forms of a project.
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <typeinfo>

#include "fuzz_support.h"
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
  return hgq::fuzz::mutate_json(data, size, capacity, seed);
}
