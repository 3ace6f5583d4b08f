// HDF5 as a model or proxy: the bytes are the file, opened as a user's is, behind the guard (data/h5_probe.h).
#include "fuzz_support.h"
#include "hgq/apps/commands.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  const std::string path = fuzz::input_file(data, size, ".h5");
  fuzz::attempt([&] { run_summary({.model = path, .threads = 1, .json = true}, built_in_registry()); });
  PredictCommand predict;
  predict.model = path;
  predict.data = path;  // the loaded model, but seldom its data, which fuzz_h5_data looks at
  predict.threads = 1;
  predict.out = fuzz::output_file(".h5");
  fuzz::attempt([&] { run_predict(predict, built_in_registry()); });
  return 0;
}
