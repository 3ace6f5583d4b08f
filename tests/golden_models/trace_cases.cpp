// Predictions of a model, and the ranges, widths and BOPs that trace_minmax gives it.
#include <algorithm>
#include <cstdio>

#include "golden_model.h"
#include "hgq/core/error.h"
#include "hgq/layers/kernel_layer.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"

namespace hgq::golden {
namespace {

constexpr int64_t kBatch = 64;  // of the traces

/// k, i, f of every element, stacked: [3, shape of f].
Tensor stacked(const Quantizer& quantizer, bool relu) {
  const std::vector<Kif> kif = quantizer.exact_bits(relu);
  Tensor out(quantizer.f.value.shape().with_front(3));
  for (size_t n = 0; n < kif.size(); ++n) {
    out.data()[n] = static_cast<float>(kif[n].k);
    out.data()[kif.size() + n] = static_cast<float>(kif[n].i);
    out.data()[2 * kif.size() + n] = static_cast<float>(kif[n].f);
  }
  return out;
}

void check_layer(const h5::Group& golden, Layer& layer, Differences& out) {
  const std::string& name = layer.name();
  const Quantizer& paq = *layer.output_quantizer();
  out.compare(name + " f", paq.f.value.view(), golden.read_floats("f").view());
  out.compare(name + " min", paq.record_min.value.view(), golden.read_floats("min").view());
  out.compare(name + " max", paq.record_max.value.view(), golden.read_floats("max").view());
  out.compare(name + " kif", stacked(paq, false).view(), golden.read_floats("kif").view());
  if (golden.has("kif_relu")) {
    out.compare(name + " kif_relu", stacked(paq, true).view(), golden.read_floats("kif_relu").view());
  }
  const auto strategy = static_cast<int64_t>(paq.strategy());
  out.check(strategy == golden.attribute_integer("rnd_strategy"), concat(name, " rnd_strategy: ", strategy));
  auto* const kernel = dynamic_cast<KernelLayer*>(&layer);
  if (kernel == nullptr) return;
  Tensor bits = kernel->evaluated_weights().kernel;
  for (float& v : bits.values()) v = static_cast<float>(significant_bits(v));
  out.compare(name + " kernel_bits_exact", bits.view(), golden.read_floats("kernel_bits_exact").view());
}

/// The call that the package's lists name so: "block/dense" for a layer of a nested model.
const Model::Entry* entry_at(const Model& model, const std::string& path) {
  const auto found = std::ranges::find(model.entries(), path, &Model::Entry::path);
  return found == model.entries().end() ? nullptr : &*found;
}

/// No name of HDF5 has a slash in it.
std::string dotted(std::string path) {
  std::ranges::replace(path, '/', '.');
  return path;
}

double bops_of(const nlohmann::json& layers, const std::string& name) {
  return layers.contains(name) ? layers[name].get<double>() : -1;
}

/// Behind a PPermute the package takes the bits of the input in the order in which they lie in front of it
/// (quantization.md 2.4, differs).
bool is_behind_permute(const Model& model, const Model::Entry& entry) {
  if (dynamic_cast<const KernelLayer*>(entry.layer.get()) == nullptr) return false;
  const Layer* const producer = model.entry(entry.inputs[0]).layer.get();
  return producer != nullptr && producer->kind() == "PPermute";
}

/// The BOPs of a dense layer behind a PPermute as the package counts them.
double bops_without_permute(const Model& model, const Model::Entry& entry) {
  std::vector<ExactBops> unused;
  const std::vector<float> bits =
      model.exact_signals(unused)[static_cast<size_t>(model.entry(entry.inputs[0]).inputs[0])].bits;
  const Tensor kernel = dynamic_cast<KernelLayer&>(*entry.layer).evaluated_weights().kernel;
  const int64_t inputs = kernel.shape()[0];
  const int64_t units = kernel.shape()[1];
  double total = 0;
  for (size_t e = 0; e < bits.size(); ++e) {
    const float* const row = kernel.data() + static_cast<int64_t>(e) % inputs * units;
    for (int64_t j = 0; j < units; ++j) total += static_cast<double>(bits[e]) * significant_bits(row[j]);
  }
  return total;
}

void check_exact_bops(const Model& model, const nlohmann::json& golden, Differences& out) {
  double total = 0;
  const std::vector<ExactBops> ours = model.exact_bops();
  for (const ExactBops& layer : ours) {
    double bops = layer.bops;
    const auto& entry = *std::ranges::find(model.entries(), layer.layer, &Model::Entry::name);
    if (is_behind_permute(model, entry)) {
      bops = bops_without_permute(model, entry);
      std::printf("NOTE %s: %g BOPs, %g as the package counts behind a permute\n", layer.layer.c_str(), layer.bops,
                  bops);
    }
    total += bops;
    const double expected = bops_of(golden["layers"], entry.path);
    out.check(bops == expected, concat(layer.layer, " BOPs: ", bops, ", expected ", expected));
  }
  out.check(ours.size() == golden["layers"].size(), concat("BOPs of ", ours.size(), " layers"));
  out.check(total == golden["total"].get<double>(),
            concat("total BOPs: ", total, ", expected ", golden["total"].dump()));
}

/// In evaluation, from the record as it is now.
void check_differentiable_bops(Model& model, const std::vector<Tensor>& x, const nlohmann::json& golden,
                               Differences& out) {
  Tape tape;
  const ModelRecording recording = model.record(tape, Mode::kEvaluate);
  Workers workers(1);
  Executor executor(tape, workers, {.gradients = false});
  std::vector<ConstTensorView> row;
  for (const Tensor& input : x) row.push_back(input.view().rows(0, 1));
  executor.forward(row);
  size_t others = 0;
  for (const auto& [name, bops] : golden.items()) {
    const Model::Entry* const entry = entry_at(model, name);
    const auto found = std::ranges::find(recording.bops, entry == nullptr ? "" : entry->name, &Recording::Bops::layer);
    if (found == recording.bops.end()) ++others;
    if (entry != nullptr && is_behind_permute(model, *entry)) continue;
    const double ours = found == recording.bops.end() ? 0.0 : static_cast<double>(executor.value(found->value).data[0]);
    out.check(ours == bops.get<double>(), concat(name, " differentiable BOPs: ", ours, ", expected ", bops.dump()));
  }
  out.check(golden.size() == others + recording.bops.size(), "differentiable BOPs of other layers");
}

}  // namespace

std::string trace_of_proxy(const GoldenModel& golden, const std::string& tag) {
  const size_t cover = tag.find("_cover");
  const std::string group = cover == std::string::npos ? "trace" : "trace" + tag.substr(cover);
  HGQ_CHECK(golden.about["bops"].contains(group), FileError, golden.folder, "/case.json: has no bops of '", group, "'");
  return group;
}

void trace(const GoldenModel& golden, Model& model, const std::string& group) {
  Workers workers(2);
  const std::vector<Tensor> x = golden.inputs("calib");
  trace_minmax(model, views_of(x), workers,
               {.batch_size = kBatch, .cover_factor = golden.about["bops"][group]["cover_factor"].get<double>()});
}

std::vector<std::string> run_predictions(const GoldenModel& golden) {
  Differences out;
  Model model = golden.load();
  Workers workers(2);
  Predictor predictor(model, workers, Mode::kEvaluate, 20);  // several blocks, the last one shorter
  for (const std::string set : {"calib", "test", "overflow"}) {
    const std::vector<Tensor> x = golden.inputs(set);
    const std::vector<Tensor> ours = predictor.run(views_of(x));
    const std::vector<Tensor> expected = golden.outputs("hgq", set);
    out.check(ours.size() == expected.size(), concat(set, ": ", ours.size(), " outputs"));
    for (size_t o = 0; o < ours.size(); ++o)
      out.compare(concat(set, " output ", o), ours[o].view(), expected[o].view());
  }
  Tape tape;
  const ModelRecording recording = model.record(tape, Mode::kEvaluate);
  for (const Signal& signal : recording.signals) tape.keep(signal.value);
  Executor executor(tape, workers, {.gradients = false});
  const std::vector<Tensor> x = golden.inputs("test");
  std::vector<ConstTensorView> rows;
  for (const Tensor& input : x) rows.push_back(input.view().rows(0, 2));
  executor.forward(rows);
  for (size_t i = 0; i < model.entries().size(); ++i) {
    const std::string path = "layers_test2/" + dotted(model.entries()[i].path);
    if (!golden.data.is_dataset(path)) continue;
    out.compare(path, executor.rows_of(recording.signals[i].value), golden.data.read_floats(path).view());
  }
  return out.take();
}

std::vector<std::string> run_trace(const GoldenModel& golden, const std::string& group) {
  Differences out;
  Model model = golden.load();
  trace(golden, model, group);
  const h5::Group ranges = golden.data.group(group);
  size_t layers = 0;
  for (const Model::Entry& entry : model.entries()) {
    if (entry.layer == nullptr || entry.layer->output_quantizer() == nullptr) continue;
    ++layers;
    const std::string group_name = dotted(entry.path);
    out.check(ranges.has(group_name), concat(entry.name, ": is not among the traced layers"));
    if (ranges.has(group_name)) check_layer(ranges.group(group_name), *entry.layer, out);
  }
  out.check(layers == ranges.names().size(), concat(layers, " layers traced, expected ", ranges.names().size()));
  const nlohmann::json& bops = golden.about["bops"][group];
  check_exact_bops(model, bops, out);
  check_differentiable_bops(model, golden.inputs("test"), bops["layers_differentiable"], out);
  return out.take();
}

}  // namespace hgq::golden
