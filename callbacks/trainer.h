// Trains a model over many epochs, with validation, callbacks, a history and checkpoints.
//
//   Trainer trainer(model, {.losses = {sparse_categorical_crossentropy()}, .weights = {}, .metrics = {}}, adam, workers,
//                   {.epochs = 100, .batch_size = 512, .seed = 42});
//   trainer.add(std::make_unique<Progress>(stderr, true));
//   const FitEnd end = trainer.fit(train, &validation);
//   trainer.history().find(0, "val_loss");
//
// The result depends only on the model, the data, the seed and the options, to the last bit: neither the number of
// threads nor an interruption that was resumed changes it.
//
// To resume: restore model and optimizer with read_run_state() (callbacks/run_state.h), give what it returns to
// resume(), then call fit(). callbacks/callback.h says in which order callbacks are called.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hgq/callbacks/callback.h"
#include "hgq/callbacks/history.h"
#include "hgq/callbacks/history_file.h"
#include "hgq/callbacks/run_state.h"

namespace hgq {

/// Why fit() returned: all epochs are done, a callback ended the training, `stop_after` or `stop_after_steps` was
/// reached, or `interrupted` was set.
enum class FitEnd : uint8_t { kFinished, kStopped, kStopAfter, kInterrupted };

class Trainer {
 public:
  struct Options {
    int epochs = 1;
    int64_t batch_size = 32;       // rows; the last batch of an epoch may be smaller
    bool shuffle = true;           // another order of the rows in each epoch
    uint64_t seed = 0;             // of these orders, and of random numbers inside operations
    int stop_after = 0;            // pause after this epoch, counted from 1, as an interruption does; 0: never
    int64_t stop_after_steps = 0;  // the same after this many batches of the whole training, also within an epoch
    const std::atomic<bool>* interrupted = nullptr;  // read after every batch; true pauses the training
    double checkpoint_seconds = 2;                   // least time between two checkpoints at the end of an epoch
    /// Writes a checkpoint: a model file with the state of the run, where `state` is what write_run_state() takes.
    /// Without it no checkpoints are written.
    std::function<void(const nlohmann::json& state)> write_checkpoint{};
    /// Returns the bytes of a file of the model as it is at the call, for callbacks. They may depend on nothing that
    /// changes during training but the model's parameters and states.
    std::function<std::string()> model_file{};
    /// The file that keeps the history (callbacks/history_file.h); empty: it stays in memory. Rows are written before
    /// each checkpoint, at the same times if there are no checkpoints, and whenever many have collected.
    std::string history_file{};
    /// Called once if a layer has lost all its bits, so that its output is the same for every row, and if the data are
    /// not those with which a training that continues began.
    std::function<void(const std::string& warning)> warn{};
  };

  /// Model, optimizer and workers must outlive the trainer; the objective is copied.
  Trainer(Model& model, const Objective& objective, Optimizer& optimizer, Workers& workers, Options options);
  ~Trainer();

  void add(std::unique_ptr<Callback> callback) { callbacks_.push_back(std::move(callback)); }
  /// Continues from the state of a checkpoint, which is what write_checkpoint was given. Call it after all add(), and
  /// with model and optimizer restored. Throws FileError if the state is damaged or belongs to another training; what
  /// can be checked only against the data, fit() checks.
  void resume(const nlohmann::json& state);
  /// Where fit() begins, and after it where it ended. The epoch is Options::epochs once nothing is left to train.
  const Position& position() const { return position_; }
  /// Trains; `validation` may be nullptr. Both data sets must live until it returns. Throws ShapeError or ConfigError
  /// if data, objective or callbacks do not fit the model, FileError if they do not fit the checkpoint, and RunError if
  /// the loss is not finite and no callback ends the training for it. A model that is not finite is never written as a
  /// checkpoint: the last one stays.
  FitEnd fit(const Dataset& train, const Dataset* validation);
  /// One row for each epoch; with a history_file only the rows that are not written to it yet.
  const History& history() const { return history_; }
  /// Whole epochs trained so far, including those before a resume.
  int64_t epochs() const { return position_.epoch; }
  /// What the callback that ended the training gave as its reason; empty otherwise.
  const std::string& stop_reason() const { return stop_reason_; }
  /// Rows that this trainer has trained on, and the seconds that the training in its finished epochs took: without
  /// validation, but with the callbacks around batches. What was trained before a resume does not count.
  int64_t rows_trained() const { return rows_trained_; }
  double training_seconds() const { return training_seconds_; }

 private:
  std::optional<FitEnd> run_epoch(Training& t, Batches& batches, int64_t first_batch);
  std::optional<FitEnd> pause(int64_t steps_done) const;
  void finish_epoch(Training& t);
  void warn_of_collapse(const Training& t);
  void checkpoint(Training& t, const Position& position, bool always);
  void write_files(Training& t);
  PendingFile keep_model_file(const std::string& path) const;
  nlohmann::json state(const Training& t, const Position& position);
  void check_resumed(int64_t batches);
  void resume_history(const nlohmann::json& history);
  void write_history();
  bool is_finite() const;
  std::string what_to_do() const;
  template <typename Method>
  void call(Method method, Training& t);

  Model& model_;
  Objective objective_;
  Optimizer& optimizer_;
  Workers& workers_;
  Options options_;
  std::unique_ptr<TrainStep> step_;
  std::unique_ptr<Evaluation> evaluation_;
  std::vector<std::unique_ptr<Callback>> callbacks_;
  History history_;
  std::optional<HistoryFile> history_file_;
  Position position_;
  /// Of the rows of both data sets (data/rows_checksum.h), 0 where there are no validation data.
  struct Checksums {
    int64_t train = 0, validation = 0;
  };
  Checksums rows_;
  /// What a checkpoint says about the epoch in which it was written.
  struct Resumed {
    int64_t batches = 0;
    std::optional<Checksums> rows;
    std::vector<double> means;
    std::vector<EpochRows> auc;
    std::unique_ptr<nlohmann::json> history;
  };
  std::optional<Resumed> resumed_;
  int64_t first_step_ = 0;  // the optimizer's steps before this training
  bool stopped_ = false;    // by a callback, before the checkpoint from which this training continues
  bool loss_is_finite_ = true;
  bool checkpoint_is_there_ = false;
  std::string stop_reason_;
  bool warned_of_collapse_ = false;
  double last_checkpoint_ = 0;
  int64_t rows_trained_ = 0;
  double training_seconds_ = 0;
};

}  // namespace hgq
