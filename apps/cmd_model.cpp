// hgq-train trace, export, import: commands on one model.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "hgq/apps/command_data.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/output_file.h"
#include "hgq/core/error.h"
#include "hgq/deploy/convert.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/saved_keras.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/fold_scaling.h"
#include "hgq/proxy/qkeras/convert.h"

namespace hgq {
namespace {

using Json = nlohmann::json;

void print_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) std::cerr << "hgq-train: note: " << bounded_message(note) << "\n";
}

/// The result of a command that writes a model, for programs (--json).
void print_written(const std::string& file, size_t layers, const std::vector<std::string>& notes) {
  std::cout << Json{{"file", file}, {"layers", layers}, {"notes", notes}}.dump(1) << "\n";
}

/// Prints what each layer was converted to.
int import_qkeras(const KerasFile& file, const ImportCommand& command, const Registry& registry) {
  HGQ_CHECK(command.functions.empty() && !command.epsilon, ConfigError, command.file,
            ": is a model of QKeras; --function and --epsilon are for those of Python HGQ");
  const QKerasConversion conversion = qkeras_to_proxy(
      file, registry, {.wrap = command.overflow == "wrap", .input_types = read_input_types(command.input_bits)});
  save_proxy(conversion.proxy, command.out);
  if (command.json) print_written(command.out, conversion.proxy.layers().size(), conversion.proxy.notes());
  for (const QKerasConversion::Layer& layer : conversion.layers) {
    if (command.json) break;
    std::cout << fmt::format("{:<24} {:<20} {}\n", printable(layer.name), printable(layer.class_name), layer.became);
  }
  std::cout << std::flush;
  print_notes(conversion.proxy.notes());
  std::cerr << command.out << ": a proxy of " << conversion.proxy.layers().size() << " layers\n";
  return kExitDone;
}

}  // namespace

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
  check_output("--out", command.out, {command.model}, beside(command.model, "proxy.h5"));
  LoadedModel loaded = load_model_with_extras(command.model, registry);
  ProxyModel proxy = to_proxy_model(loaded.model, {.aggressive = command.overflow == "wrap",
                                                   .accum_fp_max_offset = command.accum_fp_max_offset,
                                                   .unary_lut_max_table_size = command.unary_lut_max_table_size});
  if (command.fold_scaling) {
    HGQ_CHECK(std::ranges::any_of(loaded.extras.scaling, [](const Scaling& s) { return !s.empty(); }), ConfigError,
              command.model, ": its inputs are not scaled, so --fold-scaling has nothing to fold; leave it out");
    proxy = fold_scaling(std::move(proxy), loaded.extras.scaling);
    loaded.extras.folded_scaling = std::exchange(loaded.extras.scaling, {});
  }
  save_proxy_with_extras(proxy, loaded.model, loaded.extras, command.out);
  print_notes(proxy.notes());
  if (command.json) print_written(command.out, proxy.layers().size(), proxy.notes());
  std::cerr << command.out << ": a proxy of " << proxy.layers().size() << " layers\n";
  return kExitDone;
}

int run_import(const ImportCommand& command, const Registry& registry) {
  check_output("--out", command.out, {command.file, command.weights});
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
  if (command.json) print_written(command.out, model.layers().size(), notes);
  std::cerr << command.out << ": " << model.layers().size() << " layers"
            << (model.is_traced() ? "\n" : ", no ranges yet: run trace before export\n");
  return kExitDone;
}

}  // namespace hgq
