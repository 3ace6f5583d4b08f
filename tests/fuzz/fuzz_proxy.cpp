// A proxy, from its parts (keras_json.h): read, planned, computed on two rows, and written again.
#include <nlohmann/json.hpp>

#include "fuzz_support.h"
#include "hgq/layers/proxy/emulator.h"
#include "hgq/layers/proxy/input.h"
#include "hgq/layers/proxy/proxy_file.h"
#include "json_mutation.h"
#include "keras_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  fuzz::attempt([&] {
    const nlohmann::json document = fuzz::parse({reinterpret_cast<const char*>(data), size});
    const ProxyModel proxy = proxy_from_keras(fuzz::keras_file_of(document));
    const std::vector<ProxyPlan> plans = plan_layers(proxy);
    std::vector<Tensor> x;
    std::vector<ConstTensorView> views;
    for (const int input : proxy.inputs()) {
      const Shape& sample = plans[static_cast<size_t>(input)].out.shape;
      if (sample.size() > 10000) return;
      x.emplace_back(sample.with_front(2));
      for (int64_t i = 0; i < x.back().size(); ++i) x.back().data()[i] = static_cast<float>(i % 7) - 2.75F;
    }
    for (const Tensor& t : x) views.push_back(t.view());
    fuzz::attempt([&] { Emulator(proxy).run(views); });
    proxy_from_keras(proxy_to_keras(proxy));
  });
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t capacity, unsigned seed) {
  return hgq::fuzz::mutate_json(data, size, capacity, seed);
}
