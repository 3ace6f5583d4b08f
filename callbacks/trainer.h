// Many batches: epochs, validation, callbacks, checkpoints.
//
//   Trainer trainer(model, {.losses = {sparse_categorical_crossentropy()}, .weights = {}, .metrics = {}}, adam, workers,
//                   {.epochs = 100, .batch_size = 512, .seed = 42});
//   trainer.add(std::make_unique<Progress>(stderr, true));
//   const FitEnd end = trainer.fit(train, &validation);
//   trainer.history().find(0, "val_loss");
//
// A training is a function of model, data, seed and options, bit by bit, for any number of threads, and whether it was
// interrupted or not.
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

enum class FitEnd : uint8_t { kFinished, kStopped, kStopAfter, kInterrupted };

class Trainer {
 public:
  struct Options {
    int epochs = 1;
    int64_t batch_size = 32;
    bool shuffle = true;
    uint64_t seed = 0;
    int stop_after = 0;            // end after this epoch (from 1), as an interruption does; 0: not
    int64_t stop_after_steps = 0;  // the same after so many batches of the whole training, also within an epoch; 0: not
    const std::atomic<bool>* interrupted = nullptr;  // looked at after every batch
    double checkpoint_seconds = 2;                   // least time between two checkpoints at the end of an epoch
    /// Writes a checkpoint: a model file with the run's state, `state` for write_run_state(). Empty: none.
    std::function<void(const nlohmann::json& state)> write_checkpoint{};
    /// The bytes of a file of the model as it is when this is called, for callbacks; nothing but the model's parameters
    /// and states changes them.
    std::function<std::string()> model_file{};
    /// Where the history is kept (callbacks/history_file.h); empty: in memory. Rows go there before each checkpoint
    /// (without checkpoints as often, and at the end), and where they become many.
    std::string history_file{};
    /// Told once if all bits of a layer have become 0, so that its output is the same for every row.
    std::function<void(const std::string& warning)> warn{};
  };

  /// All references must outlive the trainer.
  Trainer(Model& model, const Objective& objective, Optimizer& optimizer, Workers& workers, Options options);
  ~Trainer();

  void add(std::unique_ptr<Callback> callback) { callbacks_.push_back(std::move(callback)); }
  /// Goes on from a checkpoint's state (what write_checkpoint was given); model and optimizer were restored before.
  /// Throws FileError where it is damaged or belongs to another training; fit() does for what only the data tell.
  void resume(const nlohmann::json& state);
  /// Where fit() begins; its epoch is Options::epochs where nothing is left to be trained.
  const Position& position() const { return position_; }
  /// Throws RunError where the loss is not finite and no callback ends the training for it. No checkpoint is written of
  /// a model that is not finite: the last one stays.
  FitEnd fit(const Dataset& train, const Dataset* validation);
  /// All rows; with a history_file those that it does not hold yet.
  const History& history() const { return history_; }
  /// Whole epochs trained so far, those before a resume included.
  int64_t epochs() const { return position_.epoch; }
  const std::string& stop_reason() const { return stop_reason_; }
  /// Rows trained on in this call of fit(), and the seconds it took, without validation and callbacks.
  int64_t rows_trained() const { return rows_trained_; }
  double step_seconds() const { return step_seconds_; }

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
  /// What a checkpoint says of the epoch that it was written in.
  struct Resumed {
    int64_t batches = 0;
    std::vector<double> means;
    std::vector<EpochRows> auc;
    std::unique_ptr<nlohmann::json> history;
  };
  std::optional<Resumed> resumed_;
  int64_t first_step_ = 0;  // the optimizer's steps before this training
  bool stopped_ = false;    // by a callback, perhaps before the checkpoint that is gone on from
  bool loss_is_finite_ = true;
  std::string stop_reason_;
  bool warned_of_collapse_ = false;
  double last_checkpoint_ = 0;
  int64_t rows_trained_ = 0;
  double step_seconds_ = 0;
};

}  // namespace hgq
