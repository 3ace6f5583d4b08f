// The interface of a callback: what a program does between the epochs and batches of a training.
//
//   class Printer : public Callback {
//     std::string_view name() const override { return "Printer"; }
//     void on_epoch_end(Training& t) override { std::printf("%d %g\n", t.epoch, *t.logs.find("loss")); }
//   };
//
// In an epoch, on_epoch_begin of every callback is called first; then for each batch on_batch_begin, the training step,
// and on_batch_end; then the model is validated; then on_epoch_end of every callback, each of which may add to the logs
// and sees what those before it have added; and last on_log of every callback, with the complete logs. The order of the
// callbacks is always that in which they were added. A callback that sets Training::stop ends the training after this
// epoch; one that sets stop_now also ends the epoch after this batch.
//
// A callback that remembers something returns it from state(), as JSON (callbacks/saved_state.h writes numbers
// exactly). Checkpoints keep it, so that a resumed run does the same as an uninterrupted one. A callback that remembers
// nothing is not part of a checkpoint: a run can be resumed with it or without it. A callback writes its files in
// before_checkpoint, and removes files in on_checkpoint, when a checkpoint that no longer needs them is on the disk. A
// run that is killed at any moment can then be resumed from the files that it has left.
//
// To add a callback: one .cpp with the class and its registration (callbacks/kinds.h), one line in
// callbacks/CMakeLists.txt, and one test.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/callbacks/pending_files.h"
#include "hgq/data/dataset.h"
#include "hgq/optim/train_step.h"

namespace hgq {

/// What a callback can read and change. It is valid during Trainer::fit().
struct Training {
  Model& model;
  Optimizer& optimizer;
  TrainStep& step;
  Workers& workers;
  const Dataset& train;
  const Dataset* validation;  // nullptr if there is none
  int64_t batch_size;         // rows
  int epochs;                 // of the whole training
  int epoch = 0;              // of this moment, from 0; in on_train_begin the first one to train
  int64_t batch = 0;          // within the epoch, from 0
  int64_t batches = 0;        // in an epoch
  int64_t first_step = 0;     // Optimizer::iterations() when the training began, before any resume
  Metrics logs{};             // of this epoch: loss, metrics, val_..., and what callbacks add; empty before validation
  double seconds = 0;         // that this epoch took, validation included
  bool stop = false;          // set it to end the training after this epoch
  /// Set it in on_batch_end to end the epoch and the training after this batch. The epoch is validated and logged as
  /// any other. It also prevents the error that a loss that is not finite causes otherwise.
  bool stop_now = false;
  std::string stop_reason{};  // for the user; set it together with stop or stop_now
  /// Keeps the model as it is now, for a file (Trainer::Options::model_file) that is written before the next
  /// checkpoint. Empty if no model files are written.
  std::function<PendingFile(const std::string& path)> model_file{};
};

/// A metric that a callback reads from the logs.
struct WatchedMetric {
  std::string name;            // "val_loss"
  std::string key;             // the key of the callback that names it, for messages: "monitor"
  bool complete_logs = false;  // read in on_log; otherwise in on_epoch_end, before later callbacks have added theirs
  int64_t by_epoch = 0;        // it must have been measured by the end of this epoch, counted from 1; 0: by any
  std::string place{};         // where the name stands, if not in the config of a callback
};

class Callback {
 public:
  virtual ~Callback() = default;
  /// The name in configs: "ResetMinMax".
  virtual std::string_view name() const = 0;
  /// The number of epochs from one time that it acts to the next. In a shorter run it never acts.
  virtual int interval() const { return 1; }
  virtual void on_train_begin(Training& /*t*/) {}
  virtual void on_epoch_begin(Training& /*t*/) {}
  virtual void on_batch_begin(Training& /*t*/) {}
  virtual void on_batch_end(Training& /*t*/) {}
  virtual void on_epoch_end(Training& /*t*/) {}
  virtual void on_log(Training& /*t*/) {}
  /// Called before each checkpoint; if no checkpoints are written, as often and at the end.
  virtual void before_checkpoint(Training& /*t*/) {}
  /// Called after a checkpoint has been written.
  virtual void on_checkpoint(Training& /*t*/) {}
  virtual void on_train_end(Training& /*t*/) {}
  /// The names that on_epoch_end adds to the logs.
  virtual std::vector<std::string> adds() const { return {}; }
  /// The metrics that it reads from the logs. If nothing measures one of them, fit() throws ConfigError before the
  /// first epoch.
  virtual std::vector<WatchedMetric> watches() const { return {}; }
  /// Whether it sets the beta of the model. Of two that do, one would undo what the other does: fit() throws
  /// ConfigError.
  virtual bool sets_beta() const { return false; }
  /// Whether it sets the learning rate, which then must not follow a schedule.
  virtual bool sets_learning_rate() const { return false; }
  /// The file in the folder of the run that it writes; of two callbacks that write the same one, fit() throws
  /// ConfigError.
  virtual std::string writes() const { return ""; }
  /// The beta of the first epoch, if it is the same whatever that of the model is before.
  virtual std::optional<double> first_beta() const { return std::nullopt; }

  /// What it remembers, in a form that restore() takes. A callback that remembers nothing always returns null.
  virtual nlohmann::json state() const;
  /// Restores what state() returned, before on_train_begin is called. Throws FileError if it is damaged; what depends
  /// on the model or the epoch is checked in on_train_begin.
  virtual void restore(const nlohmann::json& state);
};

}  // namespace hgq
