// Callbacks: what happens around epochs and batches.
//
//   class Printer : public Callback {
//     std::string_view name() const override { return "Printer"; }
//     void on_epoch_end(Training& t) override { std::printf("%d %g\n", t.epoch, *t.logs.find("loss")); }
//   };
//
// Order of an epoch: every callback's on_epoch_begin, then for each batch on_batch_begin, the step, on_batch_end;
// validation; every on_epoch_end in the order of the list (each may add to the logs and sees what those before it
// added); every on_log, when the logs are complete. A callback that sets Training::stop ends the training after this
// epoch, one that sets stop_now ends the epoch after this batch, too.
//
// A callback that remembers something says so in state(), as JSON (callbacks/saved_state.h writes numbers exactly); it
// is kept in checkpoints, so that a run that is continued does what an uninterrupted one does. One that remembers
// nothing is no part of a checkpoint: a run may be continued with or without it. So that at every moment the files on
// the disk are ones that a run can go on with, files of a callback are written in before_checkpoint, and removed in
// on_checkpoint: then the checkpoint that names the new files, and not the old ones, has been written.
//
// To add a callback: one .cpp with the class and its registration (callbacks/kinds.h), one line in
// callbacks/CMakeLists.txt, one test.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/callbacks/pending_files.h"
#include "hgq/data/dataset.h"
#include "hgq/optim/train_step.h"

namespace hgq {

/// Everything that a callback may look at or change.
struct Training {
  Model& model;
  Optimizer& optimizer;
  TrainStep& step;
  Workers& workers;
  const Dataset& train;
  const Dataset* validation;  // nullptr: none
  int64_t batch_size;
  int epochs;           // of the whole training
  int epoch = 0;        // from 0; in on_train_begin the one to begin with; in on_epoch_end the one that ends
  int64_t batch = 0;    // in on_batch_end the one that ends
  int64_t batches = 0;  // an epoch
  Metrics logs{};       // of this epoch: loss, metrics, val_..., what callbacks add
  double seconds = 0;   // this epoch took
  bool stop = false;    // set to end the training after this epoch
  /// Set in on_batch_end to end the epoch with this batch (it is validated and logged as any other), and the training
  /// with it. Without it a loss that is not finite ends the run with an error.
  bool stop_now = false;
  std::string stop_reason{};
  /// Keeps a file of the model as it is now (Trainer::Options::model_file) for the next checkpoint. Empty: there are
  /// none.
  std::function<PendingFile(const std::string& path)> model_file{};
};

/// A metric that a callback reads from the logs.
struct WatchedMetric {
  std::string name;  // "val_loss"
  std::string key;   // of the callback's config that names it: "monitor"
  bool complete_logs =
      false;  // it is read in on_log; else in on_epoch_end, where later callbacks have added nothing yet
};

class Callback {
 public:
  virtual ~Callback() = default;
  /// As in configs: "ResetMinMax".
  virtual std::string_view name() const = 0;
  /// Epochs from one time that it does its work to the next: a run of fewer gets nothing of it.
  virtual int interval() const { return 1; }
  virtual void on_train_begin(Training& /*t*/) {}
  virtual void on_epoch_begin(Training& /*t*/) {}
  virtual void on_batch_begin(Training& /*t*/) {}
  virtual void on_batch_end(Training& /*t*/) {}
  virtual void on_epoch_end(Training& /*t*/) {}
  virtual void on_log(Training& /*t*/) {}
  /// Before each checkpoint, and where there are none, as often and at the end.
  virtual void before_checkpoint(Training& /*t*/) {}
  /// After it.
  virtual void on_checkpoint(Training& /*t*/) {}
  virtual void on_train_end(Training& /*t*/) {}
  /// What on_epoch_end adds to the logs.
  virtual std::vector<std::string> adds() const { return {}; }
  /// The metrics that it reads there: a run with one that nobody measures is refused before it begins.
  virtual std::vector<WatchedMetric> watches() const { return {}; }

  /// What it remembers; null, always, where that is nothing.
  virtual nlohmann::json state() const;
  /// Takes back what state() gave. Throws FileError where that cannot be; what depends on the model or the epoch is
  /// checked in on_train_begin.
  virtual void restore(const nlohmann::json& state);
};

}  // namespace hgq
