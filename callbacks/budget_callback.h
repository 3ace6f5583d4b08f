// What TargetBOPs and TargetLUTs have in common: they set beta after each batch, so that a cost comes down to a target
// and stays there (callbacks/budget_control.h), and end the training of a network that has collapsed.
//
//   class TargetParameters : public BudgetCallback {
//    public:
//     explicit TargetParameters(const BudgetSettings& settings) : BudgetCallback(settings) {}
//     std::string_view name() const override { return "TargetParameters"; }
//     std::optional<double> measure(Training& t) override { return 2 * t.step.bops(); }
//   };
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "hgq/callbacks/budget_control.h"
#include "hgq/callbacks/callback.h"
#include "hgq/callbacks/kinds.h"
#include "hgq/config/config_reader.h"

namespace hgq {

struct BudgetSettings {
  BudgetControl::Options control{};
  int epochs = 1;  // of the whole training

  /// Reads the keys target, settle, min_beta and max_beta. `target`: what the documentation says of the target.
  static BudgetSettings from(ConfigReader& c, const CallbackContext& context, std::string_view target);
};

class BudgetCallback : public Callback {
 public:
  explicit BudgetCallback(const BudgetSettings& settings) : settings_(settings), control_(settings.control) {}
  bool sets_beta() const override { return true; }
  void on_train_begin(Training& t) override;
  void on_batch_end(Training& t) override;
  void on_epoch_end(Training& t) override;
  nlohmann::json state() const override;
  void restore(const nlohmann::json& state) override;

 protected:
  /// The cost of the network at the end of an epoch; nothing in an epoch in which it is not known.
  virtual std::optional<double> measure(Training& t) = 0;
  /// Whether beta is left alone until measure() has given a value: BOPs of batches say little about the cost before.
  virtual bool waits() const { return false; }

 private:
  BudgetSettings settings_;
  BudgetControl control_;
  bool has_measured_ = false;
  int64_t constant_ = 0;  // epochs one after the other in which an output was the same for every row
};

}  // namespace hgq
