// Your own training loop, from data to a proxy for hls4ml.
//
//   custom_loop data/samples/magic.h5 proxy.h5
#include <cstdio>
#include <exception>

#include "hgq/hgq.h"

namespace {

void train(const char* data_file, const char* proxy_file) {
  auto data = hgq::load_hdf5(data_file);
  auto model = hgq::Sequential({hgq::HQuantize(), hgq::HDense(32).relu(), hgq::HDense(2)}, data.sample_shape());
  model.set_beta(1e-5);
  hgq::Adam adam({.learning_rate = 5e-3});
  hgq::TrainStep step(model, hgq::sparse_categorical_crossentropy(),
                      adam);  // records and plans once, replays for each batch
  hgq::Batches batches(data, 512);
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    batches.shuffle(42, epoch);
    for (const auto& batch : batches) {
      step.forward(batch);  // loss = task + beta * BOPs + regularizers
      step.backward();
      step.update();
    }
    std::printf("epoch %2d  loss %.4f  BOPs %.0f\n", static_cast<int>(epoch) + 1, step.loss(), step.bops());
    if (epoch < 19) model.reset_records();
  }
  hgq::trace_minmax(model, data.x());
  hgq::save_proxy(hgq::to_proxy_model(model), proxy_file);
  std::printf("%s is ready for hls4ml\n", proxy_file);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: custom_loop DATA.h5 PROXY.h5\n");
    return 2;
  }
  try {
    train(argv[1], argv[2]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "custom_loop: %s\n", e.what());
    return 2;
  }
  return 0;
}
