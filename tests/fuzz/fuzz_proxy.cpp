// A proxy, from its parts (keras_json.h): read, planned, computed on two rows, and written again.
#include <nlohmann/json.hpp>

#include "fuzz_support.h"
#include "hgq/deploy/files.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/input.h"
#include "hgq/proxy/proxy_file.h"
#include "json_mutation.h"
#include "keras_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  fuzz::attempt([&] {
    const nlohmann::json document = fuzz::parse({reinterpret_cast<const char*>(data), size});
    const ProxyModel proxy = proxy_from_keras(fuzz::keras_file_of(document), built_in_layer_kinds());
    const std::vector<ProxyPlan> plans = plan_layers(proxy);
    std::vector<Shape> samples;
    for (const int input : proxy.inputs()) samples.push_back(plans[static_cast<size_t>(input)].out.shape);
    const std::vector<Tensor> x = fuzz::two_rows(samples);
    if (x.size() != samples.size()) return;
    const std::vector<ConstTensorView> views = fuzz::views_of(x);
    fuzz::attempt([&] { Emulator(proxy).run(views); });
    proxy_from_keras(proxy_to_keras(proxy), built_in_layer_kinds());
  });
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t capacity, unsigned seed) {
  return hgq::fuzz::mutate_json(data, size, capacity, seed);
}
