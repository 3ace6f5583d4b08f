#include "hgq/callbacks/registry.h"

#include <array>

#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr std::array kKinds{
    CallbackKind{"ResetMinMax", make_reset_min_max, "empties the records of ranges between epochs"},
    CallbackKind{"FreeBOPs", make_free_bops, "writes the BOPs of the epoch's last batch as bops"},
    CallbackKind{"CalibratedBOPs", make_calibrated_bops,
                 "traces ranges on a data set and writes the exact BOPs as bops"},
    CallbackKind{"BetaSchedule", make_beta_schedule, "moves the strength of the BOPs term from epoch to epoch"},
    CallbackKind{"ParetoFront", make_pareto_front, "keeps the models that no other one beats"},
    CallbackKind{"Checkpoint", make_checkpoint,
                 "saves the model every so many epochs, or when a metric improves; the file is there with the run's "
                 "next checkpoint"},
    CallbackKind{"EarlyStopping", make_early_stopping, "ends the training when a metric stops improving"},
    CallbackKind{"ReduceLROnPlateau", make_reduce_lr_on_plateau,
                 "lowers the learning rate when a metric stops improving"},
    CallbackKind{"TerminateOnNaN", make_terminate_on_nan,
                 "ends the training at a batch whose loss is not finite, and keeps the model as it is then"},
};

}  // namespace

std::span<const CallbackKind> callback_kinds() { return kKinds; }

std::unique_ptr<Callback> make_callback(const Node& node, const CallbackContext& context, ErrorList& errors,
                                        std::vector<KeyDoc>* docs) {
  const NamedNode named = read_named(node, "a callback", errors);
  if (named.name.empty()) return nullptr;
  for (const CallbackKind& kind : kKinds) {
    if (kind.name != named.name) continue;
    const size_t before = errors.size();
    ConfigReader c(named.arguments, named.name, errors, docs);
    std::unique_ptr<Callback> callback = kind.make(c, context);
    c.finish();
    return errors.size() == before ? std::move(callback) : nullptr;
  }
  std::vector<std::string> names;
  for (const CallbackKind& kind : kKinds) names.emplace_back(kind.name);
  errors.add(node.place(), concat("unknown callback '", printable(named.name), "'", suggestion(named.name, names)));
  return nullptr;
}

}  // namespace hgq
