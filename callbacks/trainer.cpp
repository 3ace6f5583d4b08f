#include "hgq/callbacks/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

Trainer::Trainer(Model& model, const Objective& objective, Optimizer& optimizer, Workers& workers, Options options)
    : model_(model), objective_(objective), optimizer_(optimizer), workers_(workers), options_(std::move(options)) {
  if (!options_.history_file.empty()) history_file_.emplace(options_.history_file);
}

Trainer::~Trainer() = default;

template <typename Method>
void Trainer::call(Method method, Training& t) {
  for (const auto& callback : callbacks_) ((*callback).*method)(t);
}

nlohmann::json Trainer::state(const Position& position) {
  nlohmann::json callbacks = nlohmann::json::array();
  for (const auto& callback : callbacks_)
    callbacks.push_back({{"name", callback->name()}, {"state", callback->state()}});
  nlohmann::json auc = nlohmann::json::array();
  for (const AucRows& rows : step_->computation().auc_rows())
    auc.push_back({{"scores", rows.scores}, {"labels", rows.labels}});
  return {{"epoch", position.epoch},
          {"batch", position.batch},
          {"means", step_->computation().means().state()},
          {"auc", auc},
          {"history", history_file_ ? history_file_->state() : nlohmann::json(history_.to_csv())},
          {"callbacks", callbacks}};
}

void Trainer::resume(const nlohmann::json& state) {
  try {
    position_ = {state.at("epoch").get<int64_t>(), state.at("batch").get<int64_t>()};
    const nlohmann::json& history = state.at("history");
    if (history.is_string()) {
      history_ = History::from_csv(history.get_ref<const std::string&>());
    } else if (history_file_) {
      history_file_->restore(history);
    }
    resumed_means_ = state.at("means").get<std::vector<double>>();
    resumed_auc_ = std::make_unique<nlohmann::json>(state.at("auc"));
    const nlohmann::json& callbacks = state.at("callbacks");
    HGQ_CHECK(callbacks.size() == callbacks_.size(), FileError, "the checkpoint has ", callbacks.size(),
              " callbacks, the config ", callbacks_.size());
    for (size_t i = 0; i < callbacks_.size(); ++i) {
      HGQ_CHECK(callbacks[i].at("name") == callbacks_[i]->name(), FileError,
                "the checkpoint's callbacks are others than the config's");
      callbacks_[i]->restore(callbacks[i].at("state"));
    }
  } catch (const nlohmann::json::exception& e) {
    throw FileError(concat("the checkpoint's state can not be used: ", json_reason(e.what())));
  }
}

FitEnd Trainer::fit(const Dataset& train, const Dataset* validation) {
  step_ = std::make_unique<TrainStep>(model_, objective_, optimizer_, workers_, options_.seed);
  if (validation != nullptr) evaluation_ = std::make_unique<Evaluation>(model_, objective_, workers_);
  Batches batches(train, options_.batch_size, &workers_);
  Training t{.model = model_,
             .optimizer = optimizer_,
             .step = *step_,
             .workers = workers_,
             .train = train,
             .validation = validation,
             .batch_size = options_.batch_size,
             .epochs = options_.epochs};
  t.batches = batches.size();
  t.model_file = options_.model_file;
  last_checkpoint_ = now();
  call(&Callback::on_train_begin, t);
  FitEnd end = FitEnd::kFinished;
  while (position_.epoch < options_.epochs) {
    t.epoch = static_cast<int>(position_.epoch);
    if (options_.shuffle) batches.shuffle(options_.seed, static_cast<uint64_t>(t.epoch));
    if (!run_epoch(t, batches, position_.batch)) {
      end = FitEnd::kInterrupted;
      break;
    }
    position_ = {position_.epoch + 1, 0};
    const bool last = position_.epoch == options_.epochs || t.stop;
    const bool pause = options_.stop_after > 0 && position_.epoch >= options_.stop_after;
    const bool interrupted = options_.interrupted != nullptr && options_.interrupted->load();
    checkpoint(t, position_, last || pause || interrupted);
    if (t.stop) {
      end = FitEnd::kStopped;
      stop_reason_ = t.stop_reason;
      break;
    }
    if (last) break;
    if (pause || interrupted) {
      end = pause ? FitEnd::kStopAfter : FitEnd::kInterrupted;
      break;
    }
  }
  call(&Callback::on_train_end, t);
  return end;
}

// False: interrupted; the position then is behind the last whole batch, and a checkpoint was written.
bool Trainer::run_epoch(Training& t, Batches& batches, int64_t first_batch) {
  const double begin = now();
  ModelComputation& computation = step_->computation();
  computation.start_epoch();
  t.logs.clear();
  if (first_batch == 0) {
    call(&Callback::on_epoch_begin, t);
  } else {
    computation.means().restore(resumed_means_);
    for (size_t i = 0; i < computation.auc_rows().size(); ++i) {
      resumed_auc_->at(i).at("scores").get_to(computation.auc_rows()[i].scores);
      resumed_auc_->at(i).at("labels").get_to(computation.auc_rows()[i].labels);
    }
  }
  for (t.batch = first_batch; t.batch < t.batches; ++t.batch) {
    call(&Callback::on_batch_begin, t);
    const Batch& batch = batches[t.batch];
    const double loss = step_->run(batch);
    if (!std::isfinite(loss)) write_files(t);  // of the whole epochs before
    HGQ_CHECK(std::isfinite(loss), RunError, "epoch ", t.epoch + 1, ", batch ", t.batch + 1,
              ": the loss is not finite (", loss,
              "); the last checkpoint is as it was. A smaller learning rate, clipnorm, or a look at the data may help");
    computation.add_batch();
    rows_trained_ += batch.rows();
    call(&Callback::on_batch_end, t);
    if (options_.interrupted != nullptr && options_.interrupted->load() && t.batch + 1 < t.batches) {
      position_ = {t.epoch, t.batch + 1};
      checkpoint(t, position_, true);
      return false;
    }
  }
  step_seconds_ += now() - begin;
  t.logs = computation.epoch_metrics();
  if (evaluation_ != nullptr) {
    const Metrics validated = evaluation_->run(*t.validation, std::max<int64_t>(t.batch_size, 4096), "val_");
    for (const auto& [name, value] : validated.entries()) t.logs.set(name, value);
  }
  t.seconds = now() - begin;
  finish_epoch(t);
  return true;
}

void Trainer::finish_epoch(Training& t) {
  call(&Callback::on_epoch_end, t);
  t.logs.set("beta", model_.beta());
  t.logs.set("learning_rate", static_cast<double>(optimizer_.learning_rate()));
  t.logs.set("seconds", t.seconds);
  history_.add(t.epoch + 1, t.logs);
  call(&Callback::on_log, t);
}

// The order makes the files on the disk ones that a run can go on with at every moment: what a checkpoint names is
// there before it, and what only the one before named goes after it.
void Trainer::checkpoint(Training& t, const Position& position, bool always) {
  if (!always && now() - last_checkpoint_ < options_.checkpoint_seconds) return;
  write_files(t);
  if (options_.write_checkpoint) options_.write_checkpoint(state(position));
  last_checkpoint_ = now();
  call(&Callback::on_checkpoint, t);
}

void Trainer::write_files(Training& t) {
  call(&Callback::before_checkpoint, t);
  if (!history_file_) return;
  history_file_->append(history_);
  history_.clear();
}

}  // namespace hgq
