// A model that Python HGQ saved, from its parts (keras_json.h): built, evaluated on two rows, its bits counted,
// exported.
#include <nlohmann/json.hpp>

#include "fuzz_support.h"
#include "hgq/core/parallel.h"
#include "hgq/deploy/convert.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/predict.h"
#include "hgq/proxy/emulator.h"
#include "json_mutation.h"
#include "keras_json.h"

namespace {

void use(hgq::Model& model) {
  using namespace hgq;
  std::vector<Shape> samples;
  for (const int input : model.inputs()) samples.push_back(model.entry(input).shape);
  const std::vector<Tensor> x = fuzz::two_rows(samples);
  if (x.size() != samples.size()) return;
  const std::vector<ConstTensorView> views = fuzz::views_of(x);
  Workers workers(1);
  fuzz::attempt([&] { Predictor(model, workers, Mode::kTrace).run(views); });
  fuzz::attempt([&] { model.exact_bops(); });
  fuzz::attempt([&] {
    const ProxyModel proxy = to_proxy_model(model, {});
    Emulator(proxy).run(views);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  fuzz::attempt([&] {
    const nlohmann::json document = fuzz::parse({reinterpret_cast<const char*>(data), size});
    Model model = model_from_keras(fuzz::keras_file_of(document));
    use(model);
  });
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t capacity, unsigned seed) {
  return hgq::fuzz::mutate_json(data, size, capacity, seed);
}
