// hgq-train CONFIG: trains, traces, exports, verifies, and writes the folder of the run.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/apps/classes_text.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/interruption.h"
#include "hgq/apps/prepare.h"
#include "hgq/apps/rtl_progress.h"
#include "hgq/apps/run_candidates.h"
#include "hgq/apps/run_evaluation.h"
#include "hgq/apps/run_folder.h"
#include "hgq/apps/run_profile.h"
#include "hgq/apps/run_rtl.h"
#include "hgq/apps/run_text.h"
#include "hgq/apps/setup.h"
#include "hgq/apps/write_report.h"
#include "hgq/callbacks/progress.h"
#include "hgq/callbacks/trainer.h"
#include "hgq/core/clock.h"
#include "hgq/core/dnnl.h"
#include "hgq/core/error.h"
#include "hgq/core/shell_word.h"
#include "hgq/core/system_file.h"
#include "hgq/core/version.h"
#include "hgq/data/atomic_file.h"
#include "hgq/data/folder_lock.h"
#include "hgq/data/keras_file.h"
#include "hgq/deploy/deployment.h"
#include "hgq/deploy/profile_summary.h"
#include "hgq/deploy/trained_model.h"
#include "hgq/layers/hgq_file.h"

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
    RunProfile profile(command_.profile, workers_);
    read_config();
    open_folder();
    build();
    FitEnd end = FitEnd::kFinished;
    Position position;
    {
      const GracefulStop stop;
      Trainer trainer(model_, extras_.objective, *optimizer_, workers_, trainer_options(stop));
      if (!phases_.empty()) trainer.add(make_phases(phases_));
      for (auto& callback : make_callbacks(config_, folder_.string(), registry_, errors_))
        trainer.add(std::move(callback));
      errors_.throw_if_any();
      if (!command_.quiet) trainer.add(std::make_unique<Progress>(stderr, isatty(STDERR_FILENO) == 1));
      if (resuming_) {
        trainer.resume(rest_);
        say_where(trainer);
        if (trainer.epochs() > 0 && !fs::exists(folder_ / "history.csv"))
          note("warning: history.csv does not exist; a new one begins with the next epoch");
      }
      end = fit(trainer);
      if (end == FitEnd::kFinished && stop.requested())
        end = FitEnd::kInterrupted;  // the interrupt came during the last batch
      if (!trainer.stop_reason().empty()) note(trainer.stop_reason());
      rows_ = trainer.rows_trained();
      seconds_ = trainer.training_seconds();
      epochs_ = trainer.epochs();
      position = trainer.position();
    }
    const std::string where_time_went = profile.write(folder_.string());
    if (!where_time_went.empty()) std::cerr << where_time_went;
    const bool paused = end == FitEnd::kInterrupted || end == FitEnd::kStopAfter;
    if (paused && command_.json) print_json({{"epochs", epochs_}}, false);
    if (end == FitEnd::kInterrupted) {
      note(concat("interrupted; continue with: hgq-train ", shell_word(command_.config), " --out ",
                  shell_word(folder_.string()), " --resume"));
      return kExitInterrupted;
    }
    if (end == FitEnd::kStopAfter) {
      note(concat("stopped after epoch ", position.epoch,
                  position.batch > 0 ? concat(" and ", position.batch, " batches") : std::string(),
                  "; continue with --resume"));
      return kExitDone;
    }
    const int code = finish(begin);
    const std::string front =
        complete_front(folder_.string(), config_, deploy_sets(), registry_, workers_, told_when_slow());
    if (!command_.json) std::cout << front;
    return with_report(code, folder_.string(), registry_, workers_);
  }

 private:
  void note(const std::string& text) const { std::cerr << "hgq-train: " << bounded_message(text) << "\n"; }

  void read_config() {
    config_ = read_run_config({.path = command_.config, .sets = command_.sets, .seed = command_.seed},
                              config_hooks(registry_), errors_);
    errors_.throw_if_any();
  }

  /// The folder that is given; otherwise, for the config.yaml of a run, the folder of that run; otherwise
  /// runs/CONFIGNAME.
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

  /// If a run fails, the message says what is left of it.
  FitEnd fit(Trainer& trainer) {
    try {
      return trainer.fit(*sets_.train, sets_.validation.get());
    } catch (const RunError& e) {
      if (!fs::exists(folder_ / "checkpoint.h5")) throw;
      throw RunError(concat(e.what(), "\n", folder_.string(),
                            " contains the run up to its last checkpoint; --resume continues from there"));
    }
  }

  // A folder that contains a run is an error without --resume; with it, the run is resumed.
  void open_folder() {
    folder_ = chosen_folder();
    const fs::path stored = folder_ / "config.yaml";
    HGQ_CHECK(!fs::exists(folder_) || fs::is_directory(folder_), ConfigError, "'", folder_.string(),
              "' is not a folder");
    const bool holds_run = fs::exists(stored);
    HGQ_CHECK(holds_run || !command_.resume, ConfigError, why_no_run(folder_));
    if (fs::exists(folder_)) lock_folder();
    check_holds_no_run();
    if (command_.resume) check_model_is_not_lost(folder_);
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
      note(concat("continues at epoch ", epoch + 1, " of ", epochs,
                  batch > 0 ? concat(", after its batch ", batch) : std::string()));
    }
    const int64_t length = config_.train.schedule_length();
    if (length == epochs || !has_schedules()) return;
    note(concat("train.epochs is ", epochs, "; schedules keep the length with which the run began, ", length,
                " epochs (train.schedule_epochs)", length < epochs ? ", and then keep their last value" : ""));
  }

  /// Whether the config has schedules whose length is that of the training.
  bool has_schedules() const {
    const std::string rate = config_.train.optimizer.to_yaml();
    return rate.find("flat_") != std::string::npos || std::ranges::any_of(config_.callbacks, [](const Node& node) {
             const Node* const beta = node.is_map() ? node.find("BetaSchedule") : nullptr;
             return beta != nullptr && beta->find("epochs") == nullptr;
           });
  }

  void check_holds_no_run() const {
    HGQ_CHECK(command_.resume || !fs::exists(folder_ / "config.yaml"), ConfigError, "the folder '", folder_.string(),
              "' contains a run already; continue it with --resume, or give another --out");
  }

  void lock_folder() {
    lock_.emplace(folder_.string());
    if (!lock_->is_held())
      note(concat("warning: the file system of '", folder_.string(),
                  "' has no locks; no other program may work in this folder until this one ends"));
  }

  /// Makes the folder, after everything in the config has been checked.
  void make_run_folder() {
    make_folder(folder_.string());
    if (!lock_) {
      lock_folder();
      check_holds_no_run();  // another program may have made the folder in the meantime
    }
    remove_left_overs(folder_.string());
    remove_file((folder_ / kProfileName).string());  // that of the part before: a profile is of one call
    write_file_atomically((folder_ / "config.yaml").string(), config_.resolved.to_yaml());
  }

  void build() {
    PreparedRun prepared =
        prepare_run(config_, registry_, errors_, resuming_ ? (folder_ / "checkpoint.h5").string() : "");
    model_ = std::move(prepared.model);
    extras_ = std::move(prepared.extras);
    sets_ = std::move(prepared.sets);
    optimizer_ = std::move(prepared.optimizer);
    phases_ = std::move(prepared.phases);
    for (const std::string& line : prepared.notes) note("note: " + line);
    for (const std::string& warning : prepared.warnings) note("warning: " + warning);
    for (size_t o = 0; o < extras_.classes.size(); ++o) {
      const std::string text =
          classes_text(extras_.classes[o], config_.model.outputs[o], model_.entry(model_.outputs()[o]).shape[-1]);
      if (!text.empty()) note(text);
    }
    if (!config_.model.weights.file.empty() && !resuming_)
      note("note: model.weights: before the training: " + evaluation_text(model_, extras_.objective, sets_, workers_));
    if (resuming_) {
      const auto read = [&](const h5::File& file) {
        check_keras_checksum(file);
        rest_ = read_run_state(file.group("hgq"), model_, *optimizer_);
      };
      read(h5::File::open((folder_ / "checkpoint.h5").string(), read));
      check_epochs_are_left();
    }
    make_run_folder();
  }

  /// Throws ConfigError if the run is beyond train.epochs: its config would no longer describe its model. A damaged
  /// state is reported when the trainer reads it.
  void check_epochs_are_left() const {
    const auto number = [&](const char* key) {
      return rest_.is_object() && rest_.contains(key) && rest_[key].is_number_integer() ? rest_[key].get<int64_t>() : 0;
    };
    const int64_t done = number("epoch");
    const int64_t epochs = config_.train.epochs;
    HGQ_CHECK(done < epochs || (done == epochs && number("batch") == 0), ConfigError, "train.epochs is ", epochs,
              ", but the run in '", folder_.string(), "' has done ", done,
              number("batch") == 0 ? "" : " and a part of the next", "; give at least ",
              number("batch") == 0 ? done : done + 1);
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

  /// Everything after the training. Returns kExitFailed if the model cannot be exported, and kExitNo if the proxy is
  /// wrong; all other files are written then.
  int finish(double begin) {
    const Deployment done = deploy(model_, extras_.objective, deploy_sets(), workers_, deploy_options(config_));
    for (const std::string& warning : done.warnings) note("warning: " + warning);
    if (done.proxy) {
      for (const std::string& line : done.proxy->notes()) note("note: " + line);
    }
    const Json summary = summary_with_run(done, begin);
    if (!done.proxy && fs::exists(folder_ / "proxy.h5"))
      note("note: the proxy.h5 in the folder is that of an earlier model, and is removed");
    const std::string no_evaluation =
        write_run_evaluation(folder_.string(), model_, extras_, done, deploy_sets(), workers_);
    if (!no_evaluation.empty()) note("note: " + no_evaluation);
    write_deployment(folder_.string(), model_, extras_, done, summary);
    if (command_.json) print_json(summary, true);
    if (!done.trace) {  // a model that is not finite, after TerminateOnNaN: it is kept, as in Keras, but not traced
      note(concat("there is no proxy.h5: ", done.refused,
                  "; model.h5 is the model as it is, checkpoint.h5, if there is one, "
                  "the last good one"));
      return kExitFailed;
    }
    if (!command_.json)
      std::cout << run_text(done, summary, extras_, {folder_.string(), config_.proxy.trace.cover_factor});
    if (done.proxy) {
      const int code = verdict(*done.verification);
      return code == kExitDone && config_.proxy.rtl ? write_rtl(tested_set(done)) : code;
    }
    note("there is no proxy.h5: " + done.refused);
    return kExitFailed;
  }

  DeploySets deploy_sets() const {
    return {.train = sets_.train.get(), .validation = sets_.validation.get(), .test = sets_.test.get()};
  }

  const Dataset& tested_set(const Deployment& done) const {
    return done.tested_on == "test" ? *sets_.test : done.tested_on == "validation" ? *sets_.validation : *sets_.train;
  }

  int write_rtl(const Dataset& rows) {
    std::optional<RtlProgress> line(std::in_place, stderr, isatty(STDERR_FILENO) == 1);
    std::function<void(const rtl::LoweringProgress&)> show;
    if (!command_.quiet) show = [&line](const rtl::LoweringProgress& progress) { line->show(progress); };
    const RunRtl made = write_run_rtl(folder_.string(), *config_.proxy.rtl, rows, registry_, workers_, show);
    line.reset();
    for (const std::string& text : made.notes) note(text);
    if (!command_.json) std::cout << made.table;
    return made.written ? kExitDone : kExitFailed;
  }

  /// Says whether the proxy is that of the model. Where the two differ for a reason that lies in hls4ml or in float32,
  /// of which a note has told already, the run is done all the same.
  int verdict(const Verification& verification) const {
    if (verification.wrong) {
      const auto file = [&](const char* name) { return (folder_ / name).string(); };
      note(concat("error: ", file("proxy.h5"), ": ", what_is_wrong(verification),
                  ". Make no firmware of it. All files are written: once the layer is mended, 'hgq-train export ",
                  shell_word(file("model.h5")), " --out NEW.h5' makes the proxy anew, and 'verify' compares it"));
      return kExitNo;
    }
    if (const int64_t rows = verification.rows_unexplained(); rows > 0)
      note(concat("warning: ", rows, " of ", verification.report.rows,
                  " rows of the proxy differ from the model although no value overflows: ",
                  verification.partings.front().reason));
    return kExitDone;
  }

  Json summary_with_run(const Deployment& done, double begin) const {
    Json summary = summary_of(done);
    summary["epochs"] = epochs_;
    summary["seed"] = config_.seed;
    summary["versions"] = {{"hgq", kVersion}, {"matrix_products", matmul_library()}};
    summary["data_rows"]["train"] = sets_.train->size();
    if (sets_.validation) summary["data_rows"]["validation"] = sets_.validation->size();
    if (sets_.test) summary["data_rows"]["test"] = sets_.test->size();
    summary["threads"] = workers_.size();
    summary["wall_seconds"] = seconds_now() - begin;
    summary["samples_per_second"] = seconds_ > 0 ? static_cast<double>(rows_) / seconds_ : 0.0;
    return summary;
  }

  /// The result for programs (--json).
  void print_json(Json result, bool finished) const {
    result["folder"] = folder_.string();
    result["finished"] = finished;
    std::cout << result.dump(1) << "\n";
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
  std::vector<TrainingPhase> phases_;
  Json rest_;
  int64_t rows_ = 0;
  double seconds_ = 0;
  int64_t epochs_ = 0;
};

}  // namespace

int run_train(const TrainCommand& command, const Registry& registry) { return Run(command, registry).execute(); }

}  // namespace hgq
