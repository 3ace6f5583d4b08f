// A run's config: YAML, the frame, layers, losses, optimizers and callbacks, and the model on rows of eight numbers.
#include "fuzz_support.h"
#include "hgq/apps/run_config.h"
#include "hgq/apps/setup.h"
#include "hgq/layers/model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  fuzz::attempt([&] {
    ErrorList errors;
    const Node tree =
        Node::from_yaml(std::string_view(reinterpret_cast<const char*>(data), size), "input.yaml", errors);
    if (!tree.is_map()) return;
    const RunConfig config = run_config_from(tree, "folder", config_hooks(built_in_registry()), errors);
    if (!errors.empty()) return;
    std::map<std::string, Shape> shapes;
    for (const std::string& input : config.model.inputs) shapes[input] = Shape{8};
    const Model model = make_model(config, shapes, built_in_registry(), errors);
    make_objective(config, built_in_registry(), errors);
    make_callbacks(config, "folder", built_in_registry(), errors);
    // What is written for --resume reads back the same.
    ErrorList again;
    const Node resolved = Node::from_yaml(config.resolved.to_yaml(), "resolved.yaml", again);
    if (!again.empty() || !same_value(resolved, config.resolved)) __builtin_trap();
  });
  return 0;
}
