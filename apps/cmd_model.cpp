// hgq-train eval, predict, trace, export, import: commands on one model.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/apps/command_data.h"
#include "hgq/apps/commands.h"
#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/saved_keras.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/qkeras/convert.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

/// The arrays of a file whose rows are written in blocks: one dataset, or a group of them.
class RowArrays {
 public:
  /// `labels` are the layers to which the arrays belong. The datasets of a group have these names, or are numbered.
  RowArrays(h5::File& file, const std::string& name, std::span<const Shape> samples, int64_t rows,
            const std::vector<std::string>& labels, bool by_label)
      : file_(file) {
    const bool alone = samples.size() == 1;
    if (!alone) file.create_group(name).set_attribute("layers", labels);
    for (size_t i = 0; i < samples.size(); ++i) {
      paths_.push_back(alone ? name : concat(name, "/", by_label ? labels[i] : concat(i)));
      file.create_floats(paths_.back(), samples[i].with_front(rows));
    }
  }

  void write(int64_t first, std::span<const ConstTensorView> arrays) {
    for (size_t i = 0; i < arrays.size(); ++i) file_.write_rows(paths_[i], first, arrays[i]);
  }

 private:
  h5::File& file_;
  std::vector<std::string> paths_;
};

/// Writes the outputs of a model as dataset or group `y` of a new file, and the inputs as `x` if the command asks for
/// them. `predict` gives a tensor for each output of a block of inputs.
template <typename Predict>
void write_predictions(const PredictCommand& command, const Dataset& data, const std::vector<std::string>& inputs,
                       const std::vector<std::string>& outputs, std::span<const Shape> output_samples,
                       const Predict& predict) {
  h5::File file = h5::File::create_on_disk(command.out);
  RowArrays y(file, "y", output_samples, data.size(), outputs, false);
  std::optional<RowArrays> x;
  if (command.with_inputs) {
    std::vector<Shape> samples;
    for (const FieldSpec& field : data.inputs()) samples.push_back(field.sample);
    x.emplace(file, "x", samples, data.size(), inputs, true);
  }
  int64_t first = 0;
  for (const Batch& batch : data.batches(kPredictedRows)) {
    y.write(first, views_of(predict(batch.inputs())));
    if (x) x->write(first, batch.inputs());
    first += batch.rows();
  }
  file.flush();
  if (command.json) std::cout << Json{{"file", command.out}, {"rows", data.size()}}.dump(1) << "\n";
  std::cerr << command.out << ": " << data.size() << " rows\n";
}

int predict_proxy(const PredictCommand& command, ProxyModel& proxy, const ModelExtras& extras) {
  proxy.set_softmax_table(command.softmax_table);
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  for (const int i : proxy.inputs()) inputs.push_back(proxy.layer(i).name());
  for (const int i : proxy.outputs()) outputs.push_back(proxy.layer(i).name());
  const Emulator emulator(proxy);
  std::vector<FieldSpec> fields;
  for (const int i : proxy.inputs()) fields.push_back({proxy.layer(i).name(), emulator.signal(i).shape});
  const std::unique_ptr<Dataset> data = load_command_data(command, extras, fields, {});
  Workers workers(command.threads);
  std::vector<Shape> samples;
  for (const int i : proxy.outputs()) samples.push_back(emulator.signal(i).shape);
  write_predictions(command, *data, inputs, outputs, samples,
                    [&](std::span<const ConstTensorView> block) { return emulator.run(block, &workers).outputs; });
  return kExitDone;
}

void print_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) std::cerr << "hgq-train: note: " << bounded_message(note) << "\n";
}

/// Prints what each layer was converted to.
int import_qkeras(const KerasFile& file, const ImportCommand& command, const Registry& registry) {
  HGQ_CHECK(command.functions.empty() && !command.epsilon, ConfigError, command.file,
            ": is a model of QKeras; --function and --epsilon are for those of Python HGQ");
  const QKerasConversion conversion = qkeras_to_proxy(
      file, registry, {.wrap = command.overflow == "wrap", .input_types = read_input_types(command.input_bits)});
  save_proxy(conversion.proxy, command.out);
  for (const QKerasConversion::Layer& layer : conversion.layers) {
    std::cout << fmt::format("{:<24} {:<20} {}\n", printable(layer.name), printable(layer.class_name), layer.became);
  }
  std::cout << std::flush;
  print_notes(conversion.proxy.notes());
  std::cerr << command.out << ": a proxy of " << conversion.proxy.layers().size() << " layers\n";
  return kExitDone;
}

}  // namespace

int run_eval(const EvalCommand& command, const Registry& registry) {
  LoadedModel loaded = load_model_with_extras(command.model, registry);
  Objective objective = loaded.extras.objective;
  ErrorList errors;
  if (!command.loss.empty())
    objective = {.losses = {loaded.model.outputs().size(),
                            make_loss(Node::from_yaml(command.loss, "--loss", errors), registry.losses, errors)},
                 .weights = {},
                 .metrics = {}};
  if (!command.metrics.empty()) {
    objective.metrics.clear();
    objective.weighted_metrics.clear();
    const Node metrics = Node::from_yaml(concat("[", command.metrics, "]"), "--metrics", errors);
    for (const Node& metric : metrics.items())
      objective.metrics.push_back(make_metric(metric, registry.metrics, errors));
  }
  errors.throw_if_any();
  HGQ_CHECK(!objective.losses.empty() || loaded.extras.unknown_objective.empty(), ConfigError,
            loaded.extras.unknown_objective,
            "; evaluate it with the program that trained it, or give --loss and --metrics");
  HGQ_CHECK(!objective.losses.empty(), ConfigError, command.model,
            ": does not say with which loss it was trained; give --loss");
  HGQ_CHECK(objective.losses.size() == loaded.model.outputs().size(), FileError, command.model, ": has ",
            objective.losses.size(), " losses for ", loaded.model.outputs().size(), " outputs; give --loss");
  std::vector<OutputSpec> outputs;
  for (size_t o = 0; o < loaded.model.outputs().size(); ++o) {
    const Model::Entry& entry = loaded.model.entry(loaded.model.outputs()[o]);
    outputs.push_back({entry.name, entry.shape, objective.losses[o]->target_kind()});
  }
  const std::unique_ptr<Dataset> data =
      load_command_data(command, loaded.extras, inputs_of(loaded.model), outputs, command.sample_weights);
  Workers workers(command.threads);
  const Metrics metrics = Evaluation(loaded.model, objective, workers).run(*data, kPredictedRows);
  if (command.json) {
    Json json;
    for (const auto& [name, value] : metrics.entries()) json[name] = value;
    std::cout << json.dump(1) << "\n";
  } else {
    for (const auto& [name, value] : metrics.entries()) std::cout << fmt::format("{} {:.6g}\n", name, value);
  }
  return kExitDone;
}

int run_predict(const PredictCommand& command, const Registry& registry) {
  refuse_overwriting(command.out, {command.model});
  ModelExtras extras;
  const ReadGroup read = [&](const h5::Group& hgq) { extras = read_extras(hgq, registry); };
  if (auto proxy = load_if_proxy(command.model, registry, read)) return predict_proxy(command, *proxy, extras);
  LoadedModel loaded = load_model_with_extras(command.model, registry);
  const std::vector<std::string> inputs = input_names(loaded.model);
  const std::unique_ptr<Dataset> data = load_command_data(command, loaded.extras, inputs_of(loaded.model), {});
  Workers workers(command.threads);
  Predictor predictor(loaded.model, workers);
  std::vector<Shape> samples;
  for (const int i : loaded.model.outputs()) samples.push_back(loaded.model.entry(i).shape);
  write_predictions(command, *data, inputs, output_names(loaded.model), samples,
                    [&](std::span<const ConstTensorView> block) { return predictor.run(block); });
  return kExitDone;
}

int run_trace(const TraceCommand& command, const Registry& registry) {
  LoadedModel loaded = load_model_with_extras(command.model, registry);
  const std::unique_ptr<Dataset> data = load_command_data(command, loaded.extras, inputs_of(loaded.model), {});
  Workers workers(command.threads);
  const TraceResult result = trace_minmax(loaded.model, *data, workers, {.cover_factor = command.cover_factor});
  if (!result.warning.empty()) std::cerr << "hgq-train: warning: " << result.warning << "\n";
  if (!command.out.empty()) save_model_with_extras(loaded.model, loaded.extras, command.out);
  if (command.json) {
    Json layers = Json::object();
    for (const ExactBops& b : result.layers) layers[b.layer] = b.bops;
    std::cout << Json{{"layers", layers}, {"total", result.total}}.dump(1) << "\n";
    return kExitDone;
  }
  for (const ExactBops& b : result.layers) std::cout << fmt::format("{:<24} {:>10.0f}\n", printable(b.layer), b.bops);
  std::cout << fmt::format("{:<24} {:>10.0f}\n", "total", result.total);
  return kExitDone;
}

int run_export(const ExportCommand& command, const Registry& registry) {
  refuse_overwriting(command.out, {command.model});
  const LoadedModel loaded = load_model_with_extras(command.model, registry);
  const ProxyModel proxy = to_proxy_model(loaded.model, {.aggressive = command.overflow == "wrap",
                                                         .accum_fp_max_offset = command.accum_fp_max_offset,
                                                         .unary_lut_max_table_size = command.unary_lut_max_table_size});
  save_proxy_with_extras(proxy, loaded.extras, command.out);
  print_notes(proxy.notes());
  std::cerr << command.out << ": a proxy of " << proxy.layers().size() << " layers\n";
  return kExitDone;
}

int run_import(const ImportCommand& command, const Registry& registry) {
  refuse_overwriting(command.out, {command.file, command.weights});
  const KerasFile file = read_saved_keras(command.file, command.weights);
  HGQ_CHECK(!is_proxy(file), FileError, command.file, ": is a proxy already; hls4ml, 'predict' and 'verify' read it");
  if (is_qkeras(file) || is_plain_keras(file, registry.layers.names())) return import_qkeras(file, command, registry);
  HGQ_CHECK(command.overflow.empty() && command.input_bits.empty(), ConfigError, command.file,
            ": has layers of HGQ; --overflow and --input-bits are for models of QKeras, 'export' takes --overflow for "
            "others");
  ImportOptions options{.functions = {}, .epsilon = command.epsilon};
  for (const std::string& given : command.functions) {
    const size_t equals = given.find('=');
    HGQ_CHECK(equals != std::string::npos && equals > 0 && equals + 1 < given.size(), ConfigError, "--function ", given,
              ": expected NAME=FORMULA, such as bump=exp(-x*x)");
    options.functions[given.substr(0, equals)] = given.substr(equals + 1);
  }
  ModelExtras extras;
  std::vector<std::string> notes;
  HGQ_CHECK(!is_keras_zip(command.file), FileError, command.file,
            ": is a .keras file with layers of HGQ, whose weights have no names in it; save it as HDF5 in Python: "
            "model.save('NAME.h5')");
  const ReadGroup read = [&](const h5::Group& hgq) { extras = read_extras(hgq, registry); };
  Model model = command.weights.empty() ? load_model(command.file, read, registry.layer_defaults(), options, &notes)
                                        : model_from_keras(file, registry.layer_defaults(), options, &notes);
  save_model_with_extras(model, extras, command.out);
  print_notes(notes);
  std::cerr << command.out << ": " << model.layers().size() << " layers"
            << (model.is_traced() ? "\n" : ", no ranges yet: run trace before export\n");
  return kExitDone;
}

}  // namespace hgq
