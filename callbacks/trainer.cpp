#include "hgq/callbacks/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/callbacks/saved_state.h"
#include "hgq/callbacks/watched.h"
#include "hgq/config/node.h"
#include "hgq/core/clock.h"
#include "hgq/core/error.h"
#include "hgq/core/finite.h"
#include "hgq/core/profile.h"
#include "hgq/data/rows_checksum.h"
#include "hgq/layers/model_state.h"

namespace hgq {
namespace {

constexpr int64_t kStateFormat = 2;
constexpr int64_t kMostChecksum = std::numeric_limits<uint32_t>::max();
constexpr int64_t kMostEpochs = std::numeric_limits<int>::max();
constexpr size_t kMostRowsInMemory = size_t{1} << 14U;  // of the history, where it has a file
constexpr int64_t kMostSteps = int64_t{1} << 53;        // a double counts so far

}  // namespace

Trainer::Trainer(Model& model, const Objective& objective, Optimizer& optimizer, Workers& workers, Options options)
    : model_(model), objective_(objective), optimizer_(optimizer), workers_(workers), options_(std::move(options)) {
  if (!options_.history_file.empty()) history_file_.emplace(options_.history_file);
}

Trainer::~Trainer() = default;

template <typename Method>
void Trainer::call(Method method, Training& t) {
  const PhaseTimer timer(workers_.profile(), "callbacks");
  for (const auto& callback : callbacks_) {
    try {
      ((*callback).*method)(t);
    } catch (const Error&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& e) {  // of a callback that is not ours
      throw RunError(concat("callback ", callback->name(), ", epoch ", t.epoch + 1, ": ", e.what()));
    }
  }
}

nlohmann::json Trainer::state(const Training& t, const Position& position) {
  nlohmann::json callbacks = nlohmann::json::array();
  for (const auto& callback : callbacks_) {
    nlohmann::json state = callback->state();
    if (!state.is_null()) callbacks.push_back({{"name", callback->name()}, {"state", std::move(state)}});
  }
  // Sums and scores of an epoch are of use within it alone.
  nlohmann::json means = nlohmann::json::array();
  nlohmann::json auc = nlohmann::json::array();
  if (position.batch > 0) {
    for (const double value : step_->computation().measures().means().state()) means.push_back(exact_json(value));
    const auto columns = [](const std::vector<std::vector<float>>& all) {
      nlohmann::json list = nlohmann::json::array();
      for (const std::vector<float>& column : all) list.push_back(bits_json(column));
      return list;
    };
    for (const EpochRows& rows : step_->computation().measures().epoch_rows())
      auc.push_back({{"scores", columns(rows.scores)}, {"labels", columns(rows.labels)}});
  }
  return {{"format", kStateFormat},
          {"epoch", position.epoch},
          {"batch", position.batch},
          {"batches", t.batches},
          {"data", {rows_.train, rows_.validation}},
          {"first_step", first_step_},
          {"stopped", t.stop ? nlohmann::json(t.stop_reason) : nlohmann::json(nullptr)},
          {"means", std::move(means)},
          {"auc", std::move(auc)},
          {"history", history_file_ ? history_file_->state() : nlohmann::json(history_.to_csv())},
          {"callbacks", std::move(callbacks)}};
}

void Trainer::resume(const nlohmann::json& json) {
  const SavedState state(json, "state");
  const int64_t format = json.is_object() && json.contains("format") ? state.integer("format", 0, kMostEpochs) : 1;
  HGQ_CHECK(format == kStateFormat, FileError, "the checkpoint's state has format ", format, ", this program reads ",
            kStateFormat, "; finish the run with the version of the program that began it, or begin a new run");
  Resumed resumed{.batches = state.integer("batches", 1, kMostSteps),
                  .rows = std::nullopt,
                  .means = {},
                  .auc = {},
                  .history = std::make_unique<nlohmann::json>(state.at("history").json())};
  if (json.contains("data")) {  // not in checkpoints of earlier versions
    const std::vector<SavedState> sums = state.at("data").items();
    HGQ_CHECK(sums.size() == 2, FileError, "the checkpoint is damaged: state.data has ", sums.size(), " items");
    resumed.rows = {.train = sums[0].integer(0, kMostChecksum), .validation = sums[1].integer(0, kMostChecksum)};
  }
  const Position position{state.integer("epoch", 0, kMostEpochs), state.integer("batch", 0, resumed.batches - 1)};
  first_step_ = state.integer("first_step", 0, kMostSteps);
  const SavedState stopped = state.at("stopped");
  stopped_ = !stopped.is_null();
  stop_reason_ = stopped_ ? stopped.text() : "";
  for (const SavedState& mean : state.at("means").items()) resumed.means.push_back(mean.number());
  for (const SavedState& rows : state.at("auc").items()) {
    EpochRows& auc = resumed.auc.emplace_back();
    for (const SavedState& column : rows.at("scores").items()) auc.scores.push_back(column.floats());
    for (const SavedState& column : rows.at("labels").items()) auc.labels.push_back(column.floats());
  }
  std::vector<Callback*> own;
  for (const auto& callback : callbacks_) {
    if (!callback->state().is_null()) own.push_back(callback.get());
  }
  const std::vector<SavedState> saved = state.at("callbacks").items();
  HGQ_CHECK(saved.size() == own.size(), FileError, "the checkpoint has the state of ", saved.size(),
            " callbacks, the training ", own.size(), " that keep one");
  for (size_t i = 0; i < own.size(); ++i) {
    const std::string name = saved[i].text("name");
    HGQ_CHECK(name == own[i]->name(), FileError, "the checkpoint has the state of ", printable(name),
              " where the training has ", own[i]->name());
    try {
      own[i]->restore(saved[i].at("state").json());
    } catch (const nlohmann::json::exception& e) {
      throw FileError(concat("the checkpoint is damaged: the state of ", name, ": ", json_reason(e.what())));
    }
  }
  position_ = position;
  checkpoint_is_there_ = true;
  resumed_ = std::move(resumed);
}

// The history is text, a row an epoch, or what is known of its file, which then is cut back to that.
void Trainer::resume_history(const nlohmann::json& json) {
  if (!json.is_string()) {
    HGQ_CHECK(history_file_.has_value(), FileError,
              "the checkpoint keeps its history in a file, the training has none");
    history_file_->restore(json, position_.epoch);
    return;
  }
  history_ = History::from_csv(json.get_ref<const std::string&>());
  HGQ_CHECK(static_cast<int64_t>(history_.size()) == position_.epoch, FileError,
            "the checkpoint is damaged: its history has ", history_.size(), " rows after ", position_.epoch, " epochs");
  for (size_t i = 0; i < history_.size(); ++i) {
    HGQ_CHECK(history_.epoch(i) == static_cast<int>(i) + 1, FileError, "the checkpoint is damaged: row ", i + 1,
              " of its history is epoch ", history_.epoch(i));
  }
}

// What a checkpoint says against data, model and optimizer.
void Trainer::check_resumed(int64_t batches) {
  if (!resumed_) {
    first_step_ = optimizer_.iterations();
    return;
  }
  HGQ_CHECK(resumed_->batches == batches, FileError, "the checkpoint was written when an epoch had ", resumed_->batches,
            " batches, with these data it has ", batches, "; resume the run with the data with which it began");
  if (resumed_->rows && options_.warn) {
    const auto compare = [&](const char* which, int64_t before, int64_t now) {
      if (before == now) return;
      options_.warn(concat("the rows of the ", which, " data are not those with which the run began (checksum ", before,
                           ", now ", now,
                           "): the files, their scaling or a teacher have changed, or this is another "
                           "type of machine; the run goes on, but does not end as an uninterrupted one"));
    };
    compare("training", resumed_->rows->train, rows_.train);
    compare("validation", resumed_->rows->validation, rows_.validation);
  }
  const int64_t steps = position_.epoch * batches + position_.batch;
  const int64_t done = optimizer_.iterations() - first_step_;
  HGQ_CHECK(steps <= kMostSteps && (stopped_ ? done >= 0 && done <= steps : done == steps), FileError,
            "the checkpoint is damaged: its optimizer has done ", done, " steps, but its position is after ", steps);
  resume_history(*resumed_->history);
  if (position_.batch > 0)
    step_->computation().resume_epoch(resumed_->means, std::move(resumed_->auc), position_.batch * options_.batch_size);
}

FitEnd Trainer::fit(const Dataset& train, const Dataset* validation) {
  step_ = std::make_unique<TrainStep>(model_, objective_, optimizer_, workers_, options_.seed);
  if (validation != nullptr) evaluation_ = std::make_unique<Evaluation>(model_, objective_, workers_);
  std::vector<std::string> measured;
  const Metrics metrics = step_->computation().epoch_metrics();
  for (const auto& [name, value] : metrics.entries()) measured.push_back(name);
  check_watched(callbacks_, measured, validation != nullptr);
  Batches batches(train, options_.batch_size, &workers_);
  if (options_.write_checkpoint || resumed_)
    rows_ = {.train = rows_checksum(train), .validation = validation == nullptr ? 0 : rows_checksum(*validation)};
  check_resumed(batches.size());
  Training t{.model = model_,
             .optimizer = optimizer_,
             .step = *step_,
             .workers = workers_,
             .train = train,
             .validation = validation,
             .batch_size = options_.batch_size,
             .epochs = options_.epochs,
             .epoch = static_cast<int>(position_.epoch)};
  t.batches = batches.size();
  t.first_step = first_step_;
  if (options_.model_file) t.model_file = [this](const std::string& path) { return keep_model_file(path); };
  t.stop = stopped_;
  t.stop_reason = stop_reason_;
  last_checkpoint_ = seconds_now();
  call(&Callback::on_train_begin, t);
  FitEnd end = t.stop ? FitEnd::kStopped : FitEnd::kFinished;
  // A training that a callback has ended within an epoch still has the rest of it to do.
  while (position_.epoch < options_.epochs && (!t.stop || position_.batch > 0)) {
    if (const auto paused = pause(position_.epoch * t.batches + position_.batch)) {
      end = *paused;
      break;
    }
    t.epoch = static_cast<int>(position_.epoch);
    if (options_.shuffle) batches.shuffle(options_.seed, static_cast<uint64_t>(t.epoch));
    if (const auto paused = run_epoch(t, batches, position_.batch)) {
      end = *paused;
      break;
    }
    position_ = {position_.epoch + 1, 0};
    const bool last = position_.epoch == options_.epochs || t.stop;
    checkpoint(t, position_, last || pause(position_.epoch * t.batches).has_value());
    if (t.stop) end = FitEnd::kStopped;
  }
  stop_reason_ = t.stop_reason;
  call(&Callback::on_train_end, t);
  return end;
}

// Whether the training is to end after so many batches of the whole, to be gone on with later, and how.
std::optional<FitEnd> Trainer::pause(int64_t steps_done) const {
  if (options_.interrupted != nullptr && options_.interrupted->load()) return FitEnd::kInterrupted;
  if (options_.stop_after_steps > 0 && steps_done >= options_.stop_after_steps) return FitEnd::kStopAfter;
  if (options_.stop_after > 0 && position_.epoch >= options_.stop_after) return FitEnd::kStopAfter;
  return std::nullopt;
}

// How the training pauses within the epoch, if it does; the position then is behind the last whole batch, and a
// checkpoint was written.
std::optional<FitEnd> Trainer::run_epoch(Training& t, Batches& batches, int64_t first_batch) {
  const double begin = seconds_now();
  ModelComputation& computation = step_->computation();
  t.logs.clear();
  if (first_batch == 0) {
    computation.start_epoch();
    call(&Callback::on_epoch_begin, t);
  }
  for (t.batch = first_batch; t.batch < t.batches; ++t.batch) {
    call(&Callback::on_batch_begin, t);
    const Batch& batch = batches[t.batch];
    const double loss = step_->run(batch);
    loss_is_finite_ = std::isfinite(loss);
    computation.add_batch();
    rows_trained_ += batch.rows();
    call(&Callback::on_batch_end, t);
    if (!loss_is_finite_ && !t.stop_now) write_files(t);  // of the whole epochs before
    HGQ_CHECK(loss_is_finite_ || t.stop_now, RunError, "epoch ", t.epoch + 1, ", batch ", t.batch + 1,
              ": the loss is not finite (", std::isnan(loss) ? "nan" : concat(loss), ")", what_to_do());
    if (t.stop_now) {
      t.stop = true;
      break;
    }
    if (t.batch + 1 == t.batches) continue;
    if (const auto paused = pause(t.epoch * t.batches + t.batch + 1)) {
      position_ = {t.epoch, t.batch + 1};
      checkpoint(t, position_, true);
      return paused;
    }
  }
  training_seconds_ += seconds_now() - begin;
  t.logs = computation.epoch_metrics();
  if (evaluation_ != nullptr) {
    const PhaseTimer timer(workers_.profile(), "evaluation");
    const Metrics validated = evaluation_->run(*t.validation, std::max<int64_t>(t.batch_size, 4096), "val_");
    for (const auto& [name, value] : validated.entries()) t.logs.set(name, value);
  }
  t.seconds = seconds_now() - begin;
  finish_epoch(t);
  return std::nullopt;
}

// About a loss that is not finite.
std::string Trainer::what_to_do() const {
  const ModelComputation& computation = step_->computation();
  const auto beta = static_cast<float>(model_.beta());
  const double bops = computation.bops();
  if (std::isfinite(computation.task_loss()) && std::isfinite(bops) && std::isinf(beta * static_cast<float>(bops)))
    return concat(": that of the task is, but beta times BOPs is not. Try a beta far below ",
                  fmt::format("{:g}", beta));
  return concat(checkpoint_is_there_ ? "; the last checkpoint is unchanged" : "", ". Try a smaller learning rate",
                beta >= 1 ? concat(", beta (now ", fmt::format("{:g}", beta), ")") : std::string(),
                " or clipnorm, or check the data");
}

void Trainer::finish_epoch(Training& t) {
  const auto learning_rate = static_cast<double>(optimizer_.learning_rate());  // a callback may set that of the next
  call(&Callback::on_epoch_end, t);
  t.logs.set("beta", model_.beta());
  t.logs.set("learning_rate", learning_rate);
  t.logs.set("seconds", t.seconds);
  history_.add(t.epoch + 1, t.logs);
  if (history_.size() >= kMostRowsInMemory) write_history();
  warn_of_collapse(t);
  call(&Callback::on_log, t);
}

void Trainer::warn_of_collapse(const Training& t) {
  if (warned_of_collapse_ || !options_.warn) return;
  const ModelComputation& computation = step_->computation();
  for (const Recording::Bops& bops : computation.recording().bops) {
    if (computation.executor().value(bops.value).data[0] > 0) continue;
    warned_of_collapse_ = true;
    options_.warn(
        concat("epoch ", t.epoch + 1, ": layer '", bops.layer,
               "' has no bit operations left: all of its weights, or of its inputs, have 0 bits, so its output "
               "is the same for every row. A smaller beta leaves more; where it is so from the first epoch, scale the "
               "inputs (data.scale) or raise init_bw"));
    return;
  }
}

// The weights are those after the last step, whose loss was that before it: both are looked at, and all else that a
// checkpoint holds (read_run_state() expects the same).
bool Trainer::is_finite() const {
  const auto no_nan = [](const State* s) {
    return std::ranges::none_of(s->value.values(), [](float v) { return std::isnan(v); });
  };
  return loss_is_finite_ && std::ranges::all_of(model_.states(), no_nan) &&
         std::ranges::all_of(optimizer_.slots(), [](const NamedSlot& slot) { return all_finite(slot.values); }) &&
         std::ranges::all_of(model_.parameters(), [](const Parameter* p) { return all_finite(p->value.values()); });
}

// The order makes the files on the disk ones that a run can go on with at every moment: what a checkpoint names is
// there before it, and what only the one before named goes after it.
void Trainer::checkpoint(Training& t, const Position& position, bool always) {
  if (!always && seconds_now() - last_checkpoint_ < options_.checkpoint_seconds) return;
  const PhaseTimer timer(workers_.profile(), "files");
  write_files(t);
  if (!is_finite()) return;
  if (options_.write_checkpoint) {
    options_.write_checkpoint(state(t, position));
    checkpoint_is_there_ = true;
  }
  last_checkpoint_ = seconds_now();
  call(&Callback::on_checkpoint, t);
}

// The numbers are kept, and not the file, which takes a millisecond to make: most files of a front are never written.
PendingFile Trainer::keep_model_file(const std::string& path) const {
  const auto kept = std::make_shared<ModelState>(model_);
  return {.path = path,
          .content =
              [this, kept] {
                const ModelState::Exchange then(*kept, model_);
                return options_.model_file();
              },
          .kept_bytes = kept->bytes()};
}

void Trainer::write_files(Training& t) {
  call(&Callback::before_checkpoint, t);
  write_history();
}

// The file may be ahead of the checkpoint: resuming cuts it back.
void Trainer::write_history() {
  if (!history_file_) return;
  history_file_->append(history_);
  history_.clear();
}

}  // namespace hgq
