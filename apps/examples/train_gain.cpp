// A model with a layer of one's own, from data to files, in C++ alone.
//
//   train_gain data/samples/magic.h5 runs/gain
#include <cstdio>
#include <exception>

#include "h_gain.h"
#include "hgq/hgq.h"

namespace {

/// The exit code: 0 if the proxy computes what the model computes.
int train(const char* data_file, const char* folder) {
  hgq::Registry registry;
  register_h_gain(registry);
  const auto data = hgq::load_hdf5(data_file);

  const std::vector<hgq::LayerSpec> layers{hgq::HQuantize(), hgq::AnyLayer("HGain"), hgq::HDense(16).relu(),
                                           hgq::HDense(2)};
  hgq::Model::Options options;
  options.input_shapes[""] = data.sample_shape();
  options.defaults = registry.layer_defaults();
  hgq::ErrorList errors;
  hgq::Model model = hgq::Model::make(layers, options, errors);
  errors.throw_if_any();
  model.set_beta(1e-5);

  hgq::ModelExtras extras;
  extras.objective = {.losses = {hgq::sparse_categorical_crossentropy()}, .metrics = {hgq::accuracy()}};
  hgq::Workers workers;
  hgq::Adam adam({.learning_rate = 5e-3});
  hgq::Trainer trainer(model, extras.objective, adam, workers, {.epochs = 10, .batch_size = 512, .seed = 42});
  trainer.fit(data, nullptr);

  const hgq::Deployment done = hgq::deploy(model, extras.objective, {.train = &data}, workers, {.traced = {"train"}});
  hgq::write_deployment(folder, model, extras, done);
  if (!done.proxy) {
    std::fprintf(stderr, "there is no proxy: %s\n", done.refused.c_str());
    return 3;
  }
  std::fputs(hgq::describe(*done.verification).c_str(), stdout);
  return done.verification->wrong ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: train_gain DATA.h5 FOLDER\n");
    return 2;
  }
  try {
    return train(argv[1], argv[2]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "train_gain: %s\n", e.what());
    return 2;
  }
}
