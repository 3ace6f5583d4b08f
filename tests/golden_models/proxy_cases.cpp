// The proxy that we make of a model beside the one that the package made: layers, widths, weights, values, overflows.
#include <algorithm>
#include <map>

#include "../support/temporary_folder.h"
#include "golden_model.h"
#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/verify.h"
#include "hgq/layers/predict.h"
#include "hgq/proxy/proxy_file.h"

namespace hgq::golden {
namespace {

/// Keras numbers layers that nobody named by all models of a session: input_7, re_lu_3.
/// The package calls tables unary_lut, unary_lut_1, and what it makes of QKeras' quantizers fixed_point_quantizer and
/// activation; ours keep the name of their layer.
bool is_numbered(const KerasNode& node) {
  return node.class_name == "InputLayer" || node.class_name == "ReLU" || node.class_name == "HGQ>UnaryLUT" ||
         node.name.starts_with("fixed_point_quantizer") || node.name.starts_with("activation");
}

/// Keys that say how a layer was trained, and that no proxy needs.
bool is_of_training(const std::string& key) {
  return key.ends_with("_initializer") || key.ends_with("_regularizer") || key.ends_with("_constraint");
}

/// Without what hls4ml ignores: types that the package writes with skip_precision_reg=False, and layers left with
/// nothing.
Node read_overrides(const Node& overrides) {
  Node layers = Node::map({});
  for (const auto& [layer, keys] : overrides["layers"].entries()) {
    Node kept = Node::map({});
    for (const auto& [key, value] : keys.entries()) {
      if (!key.ends_with("_t")) kept.set(key, value);
    }
    if (!kept.entries().empty()) layers.set(layer, std::move(kept));
  }
  return layers;
}

bool same_config_value(const std::string& key, const Node& ours, const Node& theirs, bool numbered) {
  if (key == "name") return numbered || same_value(ours, theirs);
  if (key == "overrides") return same_value(read_overrides(ours), read_overrides(theirs));
  return same_value(ours, theirs);
}

void compare_nodes(const KerasNode& ours, const KerasNode& theirs, bool of_qkeras, Differences& out) {
  out.check(ours.class_name == theirs.class_name,
            concat(ours.name, " is a ", ours.class_name, ", expected ", theirs.class_name));
  const bool numbered = is_numbered(ours) || is_numbered(theirs);
  out.check(numbered || ours.name == theirs.name, concat("layer '", ours.name, "', expected '", theirs.name, "'"));
  for (const auto& [key, value] : theirs.config.entries()) {
    const Node* const found = ours.config.find(key);
    if (found == nullptr) {
      out.check(is_of_training(key), concat(ours.name, " has no ", key));
      continue;
    }
    if (key == "trainable" && of_qkeras) continue;  // the package freezes those, and nothing reads it
    out.check(same_config_value(key, *found, value, numbered),
              concat(ours.name, " ", key, ": ", found->to_json().dump(), ", expected ", value.to_json().dump()));
  }
  for (const auto& [key, value] : ours.config.entries()) {
    out.check(theirs.config.find(key) != nullptr,
              concat(ours.name, " has a key ", key, " that the package does not write"));
  }
}

/// The places of names among the layers.
std::vector<size_t> places(const KerasGraph& graph, const std::vector<std::string>& names) {
  std::vector<size_t> out;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(graph.nodes, name, &KerasNode::name);
    out.push_back(static_cast<size_t>(found - graph.nodes.begin()));
  }
  return out;
}

void compare_graphs(const KerasGraph& ours, const KerasGraph& theirs, bool of_qkeras, Differences& out) {
  out.check(ours.nodes.size() == theirs.nodes.size(),
            concat(ours.nodes.size(), " layers, expected ", theirs.nodes.size()));
  if (ours.nodes.size() != theirs.nodes.size()) return;
  for (size_t i = 0; i < ours.nodes.size(); ++i) {
    compare_nodes(ours.nodes[i], theirs.nodes[i], of_qkeras, out);
    out.check(places(ours, ours.nodes[i].inputs) == places(theirs, theirs.nodes[i].inputs),
              concat(ours.nodes[i].name, " reads other layers"));
  }
  out.check(places(ours, ours.inputs) == places(theirs, theirs.inputs), "the inputs are others");
  out.check(places(ours, ours.outputs) == places(theirs, theirs.outputs), "the outputs are others");
}

void compare_weights(const KerasFile& ours, const KerasFile& theirs, Differences& out) {
  out.check(ours.layers.size() == theirs.layers.size(), "another number of layers with weights");
  for (size_t i = 0; i < std::min(ours.layers.size(), theirs.layers.size()); ++i) {
    const KerasLayerWeights& a = ours.layers[i];
    const KerasLayerWeights& b = theirs.layers[i];
    out.check(a.weights.size() == b.weights.size(), concat(a.layer, " has ", a.weights.size(), " weights"));
    for (size_t w = 0; w < std::min(a.weights.size(), b.weights.size()); ++w) {
      const bool equal = a.weights[w].name == b.weights[w].name && a.weights[w].shape == b.weights[w].shape &&
                         a.weights[w].values == b.weights[w].values;
      out.check(equal, concat(a.layer, " ", a.weights[w].name, " of shape ", a.weights[w].shape, " differs from ",
                              b.weights[w].name, " of shape ", b.weights[w].shape));
    }
  }
}

}  // namespace

void compare_emulation(const GoldenModel& golden, const std::string& tag, const ProxyModel& proxy,
                       const std::function<std::vector<Tensor>(const std::string&)>& predict, Differences& out) {
  Workers workers(2);
  const Emulator emulator(proxy);
  const nlohmann::json& counts = golden.about["agreement"][tag];
  for (const std::string set : {"calib", "test", "overflow"}) {
    const std::vector<Tensor> x = golden.inputs(set);
    const Emulation result = emulator.run(views_of(x), &workers);
    const std::vector<Tensor> expected = golden.outputs(tag, set);
    for (size_t o = 0; o < expected.size(); ++o) {
      out.compare(concat(set, " output ", o), result.outputs[o].view(), expected[o].view());
    }
    const std::vector<int64_t> flags = golden.data.read_integers(concat(tag, "/", set, "_overflows"));
    for (size_t row = 0; row < flags.size(); ++row) {
      out.check(result.row_overflows[row] == flags[row],
                concat(set, " row ", row, ": overflow ", int{result.row_overflows[row]}));
    }
    const std::vector<Tensor> predictions = predict(set);
    const VerifyReport report = verify(views_of(predictions), result);
    const auto count = [&](const char* key, int64_t ours) {
      out.check(counts[set][key] == ours, concat(set, " ", key, ": ", ours, ", expected ", counts[set][key].dump()));
    };
    count("rows", report.rows);
    count("rows_with_overflow", report.rows_with_overflow);
    count("proxy_differs_from_model", report.rows_differ);
    count("differs_without_overflow", report.rows_differ_without_overflow);
  }
}

void compare_proxy_files(const GoldenModel& golden, const std::string& tag, const KerasFile& ours, Differences& out) {
  const KerasFile theirs = read_keras_file(golden.file(golden.about["agreement"][tag]["file"].get<std::string>()));
  compare_graphs(keras_graph(ours.model_config), keras_graph(theirs.model_config), golden.is_qkeras(), out);
  compare_weights(ours, theirs, out);
}

ProxyOptions proxy_options(const GoldenModel& golden, const std::string& tag) {
  const nlohmann::json& given = golden.about["agreement"][tag]["options"];
  ProxyOptions options;
  options.aggressive = given.value("aggressive", true);
  options.unary_lut_max_table_size = given.value("unary_lut_max_table_size", int64_t{-1});
  if (given.contains("accum_fp_max_offset")) options.accum_fp_max_offset = given["accum_fp_max_offset"].get<int64_t>();
  return options;
}

std::vector<std::string> run_proxy(const GoldenModel& golden, const std::string& tag) {
  Differences out;
  Model model = golden.load();
  trace(golden, model, trace_of_proxy(golden, tag));
  const ProxyModel proxy = to_proxy_model(model, proxy_options(golden, tag));
  compare_proxy_files(golden, tag, proxy_to_keras(proxy), out);
  Workers workers(2);
  Predictor predictor(model, workers);
  const auto predict = [&](const std::string& set) { return predictor.run(views_of(golden.inputs(set))); };
  compare_emulation(golden, tag, proxy, predict, out);
  // And once more as it is written and read.
  const TemporaryFolder folder;
  const std::string path = folder / "proxy.h5";
  save_proxy(proxy, path);
  compare_emulation(golden, tag, load_proxy(path), predict, out);
  return out.take();
}

}  // namespace hgq::golden
