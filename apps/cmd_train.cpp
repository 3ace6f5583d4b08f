// hgq-train CONFIG: trains, traces, exports, verifies, and writes the folder of the run.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/apps/commands.h"
#include "hgq/apps/interruption.h"
#include "hgq/apps/model_data.h"
#include "hgq/apps/prepare.h"
#include "hgq/apps/setup.h"
#include "hgq/apps/verification.h"
#include "hgq/callbacks/progress.h"
#include "hgq/callbacks/trainer.h"
#include "hgq/config/nearest_name.h"
#include "hgq/core/clock.h"
#include "hgq/core/dnnl.h"
#include "hgq/core/error.h"
#include "hgq/core/finite.h"
#include "hgq/core/version.h"
#include "hgq/data/atomic_file.h"
#include "hgq/data/folder_lock.h"
#include "hgq/data/keras_file.h"
#include "hgq/deploy/convert.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/predict.h"
#include "hgq/layers/trace.h"
#include "hgq/proxy/proxy_file.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

/// A run from its config to its files.
class Run {
 public:
  Run(const TrainCommand& command, const Registry& registry)
      : command_(command), registry_(registry), workers_(command.threads) {}

  int execute() {
    const double begin = seconds_now();
    read_config();
    open_folder();
    build();
    FitEnd end = FitEnd::kFinished;
    Position position;
    {
      const GracefulStop stop;
      Trainer trainer(model_, extras_.objective, *optimizer_, workers_, trainer_options(stop));
      for (auto& callback : make_callbacks(config_, folder_.string(), registry_, errors_))
        trainer.add(std::move(callback));
      errors_.throw_if_any();
      if (!command_.quiet) trainer.add(std::make_unique<Progress>(stderr, isatty(STDERR_FILENO) == 1));
      if (resuming_) {
        trainer.resume(rest_);
        say_where(trainer);
        if (trainer.epochs() > 0 && !fs::exists(folder_ / "history.csv"))
          note("warning: history.csv is not there; a new one begins with the epochs that come");
      }
      end = fit(trainer);
      if (end == FitEnd::kFinished && stop.requested()) end = FitEnd::kInterrupted;  // it came with the last batch
      if (!trainer.stop_reason().empty()) note(trainer.stop_reason());
      rows_ = trainer.rows_trained();
      seconds_ = trainer.step_seconds();
      epochs_ = trainer.epochs();
      position = trainer.position();
    }
    if (end == FitEnd::kInterrupted) {
      note(concat("interrupted; go on with: hgq-train ", command_.config, " --out ", folder_.string(), " --resume"));
      return kExitInterrupted;
    }
    if (end == FitEnd::kStopAfter) {
      note(concat("stopped after epoch ", position.epoch,
                  position.batch > 0 ? concat(" and ", position.batch, " batches") : std::string(),
                  "; go on with --resume"));
      return kExitDone;
    }
    return deploy(begin);
  }

 private:
  void note(const std::string& text) const { std::cerr << "hgq-train: " << bounded_message(text) << "\n"; }

  void read_config() {
    config_ = read_run_config({.path = command_.config, .sets = command_.sets, .seed = command_.seed},
                              config_hooks(registry_), errors_);
    errors_.throw_if_any();
  }

  /// The folder that is given; else that of the run whose own config this is, runs/x/config.yaml; else runs/CONFIGNAME.
  fs::path chosen_folder() const {
    if (!command_.out.empty()) return command_.out;
    const fs::path config(command_.config);
    fs::path beside = config.has_parent_path() ? config.parent_path() : fs::path(".");
    const auto of_a_run = [&](const char* name) { return fs::exists(beside / name); };
    if (config.filename() == "config.yaml" &&
        std::ranges::any_of(std::array{"checkpoint.h5", "history.csv", "model.h5", "summary.json"}, of_a_run)) {
      return beside;
    }
    return fs::path("runs") / config.stem();
  }

  /// Why --resume cannot go on in a folder without a run.
  std::string no_run() const {
    const std::string found = fs::exists(folder_) ? "holds no run (there is no config.yaml in it)" : "does not exist";
    std::vector<std::string> runs;
    std::error_code ignored;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(folder_.has_parent_path() ? folder_.parent_path() : fs::path("."), ignored)) {
      if (fs::exists(entry.path() / "config.yaml", ignored)) runs.push_back(entry.path().filename().string());
    }
    return concat("the folder '", folder_.string(), "' ", found, did_you_mean(folder_.filename().string(), runs),
                  "; --resume goes on with a run that was begun: give its folder by --out, or leave out --resume to "
                  "begin a new one");
  }

  /// A run that fails says what is left of it.
  FitEnd fit(Trainer& trainer) {
    try {
      return trainer.fit(*sets_.train, sets_.validation.get());
    } catch (const RunError& e) {
      if (!fs::exists(folder_ / "checkpoint.h5")) throw;
      throw RunError(concat(e.what(), "\n", folder_.string(),
                            " holds the run as of its last checkpoint; --resume goes on from there"));
    }
  }

  // A folder that holds a run is refused, or gone on with.
  void open_folder() {
    folder_ = chosen_folder();
    const fs::path stored = folder_ / "config.yaml";
    HGQ_CHECK(!fs::exists(folder_) || fs::is_directory(folder_), ConfigError, "'", folder_.string(), "' is no folder");
    const bool holds_run = fs::exists(stored);
    HGQ_CHECK(holds_run || !command_.resume, ConfigError, no_run());
    if (fs::exists(folder_)) lock_folder();
    check_holds_no_run();
    resuming_ = command_.resume && fs::exists(folder_ / "checkpoint.h5");
    if (holds_run) {
      ErrorList errors;
      const Node before = Node::from_yaml_file(stored.string(), errors);
      errors.throw_if_any();
      keep_schedule_epochs(before, config_);
      check_resumable(before, config_.resolved, folder_.string());
    }
    if (command_.resume && !resuming_)
      note(concat("there is no checkpoint in '", folder_.string(), "' yet; starting anew"));
  }

  void say_where(const Trainer& trainer) const {
    const auto [epoch, batch] = trainer.position();
    const int64_t epochs = config_.train.epochs;
    if (!trainer.stop_reason().empty() && batch == 0) {
      note(concat("the training ended after epoch ", epoch, "; its files are written again"));
    } else if (epoch >= epochs) {
      note(concat("all ", epoch, " epochs are done (train.epochs is ", epochs, "); the files are written again"));
    } else {
      note(concat("goes on at epoch ", epoch + 1, " of ", epochs,
                  batch > 0 ? concat(", behind its batch ", batch) : std::string()));
    }
    const int64_t length = config_.train.schedule_length();
    if (length == epochs || !has_schedules()) return;
    note(concat("train.epochs is ", epochs, "; schedules keep the length that the run began with, ", length,
                " epochs (train.schedule_epochs)", length < epochs ? ", and hold their last value behind it" : ""));
  }

  /// Whether the config has schedules whose length follows that of the training.
  bool has_schedules() const {
    const std::string rate = config_.train.optimizer.to_yaml();
    return rate.find("flat_") != std::string::npos || std::ranges::any_of(config_.callbacks, [](const Node& node) {
             const Node* const beta = node.is_map() ? node.find("BetaSchedule") : nullptr;
             return beta != nullptr && beta->find("epochs") == nullptr;
           });
  }

  void check_holds_no_run() const {
    HGQ_CHECK(command_.resume || !fs::exists(folder_ / "config.yaml"), ConfigError, "the folder '", folder_.string(),
              "' holds a run already; go on with it by --resume, or give another --out");
  }

  void lock_folder() {
    lock_.emplace(folder_.string());
    if (!lock_->is_held())
      note(concat("warning: the file system of '", folder_.string(),
                  "' has no locks; no other program may work in this folder until this one ends"));
  }

  /// The folder is made once all that was asked for has been found right.
  void make_run_folder() {
    make_folder(folder_.string());
    if (!lock_) {
      lock_folder();
      check_holds_no_run();  // another program may have made the folder meanwhile
    }
    remove_left_overs(folder_.string());
    write_file_atomically((folder_ / "config.yaml").string(), config_.resolved.to_yaml());
  }

  void build() {
    PreparedRun prepared = prepare_run(config_, registry_, errors_);
    model_ = std::move(prepared.model);
    extras_ = std::move(prepared.extras);
    sets_ = std::move(prepared.sets);
    optimizer_ = std::move(prepared.optimizer);
    for (const std::string& line : prepared.notes) note("note: " + line);
    for (const std::string& warning : prepared.warnings) note("warning: " + warning);
    show_classes();
    if (resuming_) {
      const auto read = [&](const h5::File& file) {
        check_keras_checksum(file);
        rest_ = read_run_state(file.group("hgq"), model_, *optimizer_);
      };
      read(h5::File::open((folder_ / "checkpoint.h5").string(), read));
    }
    make_run_folder();
  }

  void show_classes() const {
    constexpr size_t kMost = 100;
    for (size_t o = 0; o < extras_.classes.size(); ++o) {
      const ClassMap& classes = extras_.classes[o];
      if (classes.empty() || classes.is_identity()) continue;
      std::string text = "classes:";
      for (size_t i = 0; i < std::min(kMost, classes.names.size()); ++i)
        text += concat(i == 0 ? " " : ", ", printable(classes.names[i]), " -> ", i);
      if (classes.names.size() > kMost) text += concat(", ... ", classes.names.size(), " in all");
      const int64_t outputs = model_.entry(model_.outputs()[o]).shape[-1];
      if (outputs > classes.size())
        text += concat("; output '", config_.model.outputs[o], "' tells ", outputs, " apart, of which the last ",
                       outputs - classes.size(), " will have no rows");
      note(text);
    }
  }

  Trainer::Options trainer_options(const GracefulStop& stop) {
    Trainer::Options options{.epochs = TrainConfig::count(config_.train.epochs),
                             .batch_size = config_.train.batch_size,
                             .shuffle = config_.train.shuffle,
                             .seed = static_cast<uint64_t>(config_.seed),
                             .stop_after = command_.stop_after,
                             .stop_after_steps = command_.stop_after_steps,
                             .interrupted = &stop.requested(),
                             .checkpoint_seconds = command_.checkpoint_seconds};
    options.write_checkpoint = [this](const Json& state) {
      save_model(model_, (folder_ / "checkpoint.h5").string(), [&](h5::Group& hgq) {
        write_extras(hgq, extras_);
        write_run_state(hgq, model_, *optimizer_, state);
      });
    };
    options.model_file = [this] { return make_model_file_with_extras(model_, extras_, folder_.string()).content(); };
    options.warn = [this](const std::string& warning) { note("warning: " + warning); };
    options.history_file = (folder_ / "history.csv").string();
    return options;
  }

  const Dataset* set_named(const std::string& name) const {
    if (name == "train") return sets_.train.get();
    return name == "validation" ? sets_.validation.get() : sets_.test.get();
  }

  /// What is done after training; kExitFailed where the model cannot be exported: all other files are written then.
  int deploy(double begin) {
    for (const Parameter* const p : model_.parameters()) {
      if (!all_finite(p->value.values()))
        return keep_as_it_is(begin,
                             concat("'", p->name, "' holds values that are not finite: the training went astray"));
    }
    std::vector<const Dataset*> traced;
    for (const std::string& name : config_.proxy.trace.data) {
      const Dataset* const set = set_named(name);
      if (set != nullptr) traced.push_back(set);
    }
    TraceResult trace;
    try {
      trace = trace_minmax(
          model_, traced, workers_,
          {.batch_size = config_.proxy.trace.batch_size, .cover_factor = config_.proxy.trace.cover_factor});
    } catch (const ConfigError& e) {  // bit widths or weights that no hardware can have
      return keep_as_it_is(begin, e.what());
    }
    if (!trace.warning.empty()) note("warning: " + trace.warning);
    if (const std::string line = collapse_of(model_); !line.empty()) note("warning: " + line);
    save_model_with_extras(model_, extras_, (folder_ / "model.h5").string());
    Json summary;
    summary["bops"] = trace.total;
    for (const ExactBops& b : trace.layers) summary["bops_per_layer"][b.layer] = b.bops;
    const Dataset& test =
        sets_.test != nullptr ? *sets_.test : (sets_.validation != nullptr ? *sets_.validation : *sets_.train);
    summary["tested_on"] = sets_.test != nullptr ? "test" : (sets_.validation != nullptr ? "validation" : "train");
    const Metrics metrics = Evaluation(model_, extras_.objective, workers_).run(test, 16384);
    for (const auto& [name, value] : metrics.entries()) summary["model"][name] = value;
    summary["rows"] = test.size();
    const std::string refused = try_export(test, summary);
    add_bits(summary);
    write_summary(summary, begin);
    print(summary);
    if (refused.empty()) return kExitDone;
    note("there is no proxy.h5: " + refused);
    return kExitFailed;
  }

  /// Of a model that nothing can be made of, which TerminateOnNaN leaves: it is kept, as Keras keeps it.
  int keep_as_it_is(double begin, const std::string& reason) {
    save_model_with_extras(model_, extras_, (folder_ / "model.h5").string());
    Json summary;
    summary["not_exported"] = reason;
    write_summary(summary, begin);
    note(concat("there is no proxy.h5: ", reason,
                "; model.h5 is the model as it is, checkpoint.h5, where there is one, "
                "the last good one"));
    return kExitFailed;
  }

  void write_summary(Json& summary, double begin) const {
    summary["epochs"] = epochs_;
    summary["seed"] = config_.seed;
    summary["versions"] = {{"hgq", kVersion}, {"matrix_products", matmul_library()}};
    summary["threads"] = workers_.size();
    summary["wall_seconds"] = seconds_now() - begin;
    summary["samples_per_second"] = seconds_ > 0 ? static_cast<double>(rows_) / seconds_ : 0.0;
    write_file_atomically((folder_ / "summary.json").string(), summary.dump(1) + "\n");
  }

  /// Why there can be no proxy; empty where there is one.
  std::string try_export(const Dataset& test, Json& summary) {
    const auto refused = [&](const Error& e) {
      summary["not_exported"] = e.what();
      return std::string(e.what());
    };
    try {
      export_proxy(test, summary);
    } catch (const ConfigError& e) {
      return refused(e);
    } catch (const ShapeError& e) {
      return refused(e);
    }
    return "";
  }

  void export_proxy(const Dataset& test, Json& summary) {
    const ProxyModel proxy = to_proxy_model(model_, config_.proxy.options());
    const ModelExtras extras = extras_of_proxy(extras_);
    save_proxy(proxy, (folder_ / "proxy.h5").string(), [&](h5::Group& hgq) { write_extras(hgq, extras); });
    for (const std::string& line : proxy.notes()) note("note: " + line);
    summary["notes"] = proxy.notes();
    std::vector<Tensor> predictions;
    const Verification verification = verify_proxy(model_, proxy, test, workers_, &predictions);
    summary["verify"] = to_json(verification);
    summary["proxy"] = proxy_metrics(test, predictions);
    verified_ = describe(verification, config_.proxy.trace.cover_factor);
  }

  /// The model's losses and metrics, of the proxy's predictions.
  Json proxy_metrics(const Dataset& test, const std::vector<Tensor>& predictions) {
    Batch batch;
    test.slice(0, test.size(), batch);
    Json json;
    for (size_t o = 0; o < predictions.size(); ++o) add_proxy_metrics(batch, o, predictions, json);
    return json;
  }

  void add_proxy_metrics(const Batch& batch, size_t output, const std::vector<Tensor>& predictions, Json& json) {
    const Objective& objective = extras_.objective;
    const Loss& loss = *objective.losses[output];
    const Model::Entry& entry = model_.entry(model_.outputs()[output]);
    const std::string_view function = entry.layer->output_function();
    Tape tape;
    const Var p = tape.input("prediction", entry.shape);
    const Var t = tape.input("target", loss.target_shape(entry.shape));
    ConstTensorView target = batch.targets()[output];
    target.shape = t.shape().with_front(batch.rows());
    std::vector<ConstTensorView> inputs{predictions[output].view(), target};
    Var weights;
    double mean_weight = 1;
    if (!batch.weights().empty()) {
      inputs.push_back(batch.weights()[batch.weights().size() == 1 ? 0 : output]);
      weights = tape.input("sample weights", inputs.back().shape.without_front());
      mean_weight = mean_of(inputs.back().values());
    }
    struct Value {
      std::string name;
      Var var;
      double divisor;
    };
    std::vector<Value> values{{"task_loss", loss.record({p, t, function, weights}), 1}};
    const std::string prefix = predictions.size() > 1 ? entry.name + "_" : "";
    for (const MetricPtr& metric : objective.metrics) {
      const std::string name = prefix + std::string(metric->name());
      if (metric->needs_all_rows()) {
        EpochRows rows;
        rows.add(inputs[0], target, loss.target_kind() == TargetKind::kClassNumbers);
        json[name] = metric->value(rows);
      } else {
        values.push_back({name, metric->record({p, t, function}, loss.target_kind()), 1});
      }
    }
    for (const MetricPtr& metric : objective.weighted_metrics)
      values.push_back({prefix + objective.name_of_weighted(*metric),
                        metric->record({p, t, function, weights}, loss.target_kind()), mean_weight});
    Executor executor(tape, workers_, {.gradients = false});
    executor.forward(inputs);
    for (const Value& v : values) {
      const double value = static_cast<double>(executor.value(v.var).data[0]);
      json[v.name] = v.divisor == 1 ? value : (v.divisor == 0 ? 0.0 : value / v.divisor);
    }
  }

  void add_bits(Json& summary) const {
    std::vector<ExactBops> bops;
    const std::vector<ExactSignal> signals = model_.exact_signals(bops);
    for (size_t i = 0; i < signals.size(); ++i) {
      if (signals[i].bits.empty()) continue;
      double total = 0;
      for (const float b : signals[i].bits) total += static_cast<double>(b);
      summary["bits_per_layer"][model_.entries()[i].name] = total / static_cast<double>(signals[i].bits.size());
    }
  }

  void print(const Json& summary) const {
    std::cout << fmt::format("{} rows of {}\n", summary.at("rows").get<int64_t>(),
                             summary.at("tested_on").get<std::string>());
    for (const auto& [name, value] : summary.at("model").items()) {
      const std::string proxy = summary.contains("proxy") && summary.at("proxy").contains(name)
                                    ? fmt::format("   proxy {:.6g}", summary.at("proxy").at(name).get<double>())
                                    : "";
      std::cout << fmt::format("  {:<12} model {:.6g}{}\n", name, value.is_number() ? value.get<double>() : 0.0, proxy);
    }
    std::cout << fmt::format("  {:<12} {:.0f}\n", "BOPs", summary.at("bops").get<double>());
    const bool exported = summary.contains("proxy");
    if (exported) std::cout << fmt::format("proxy against model, {}", verified_);
    std::cout << fmt::format("{:.0f} samples/s, {:.1f} s in all\n", summary.at("samples_per_second").get<double>(),
                             summary.at("wall_seconds").get<double>());
    std::cout << fmt::format("files in {}: model.h5, {}summary.json, history.csv, config.yaml\n", folder_.string(),
                             exported ? "proxy.h5 (for hls4ml), " : "");
  }

  const TrainCommand& command_;
  const Registry& registry_;
  Workers workers_;
  ErrorList errors_;
  RunConfig config_;
  fs::path folder_;
  std::optional<FolderLock> lock_;
  bool resuming_ = false;
  Model model_;
  ModelExtras extras_;
  DataSets sets_;
  std::unique_ptr<Optimizer> optimizer_;
  Json rest_;
  std::string verified_;
  int64_t rows_ = 0;
  double seconds_ = 0;
  int64_t epochs_ = 0;
};

}  // namespace

int run_train(const TrainCommand& command, const Registry& registry) { return Run(command, registry).execute(); }

}  // namespace hgq
