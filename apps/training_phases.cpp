#include "hgq/apps/training_phases.h"

#include <algorithm>

#include "hgq/apps/run_config.h"
#include "hgq/core/error.h"
#include "hgq/layers/freeze.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {
namespace {

constexpr int64_t kMostEpochs = int64_t{1} << 31;
constexpr std::size_t kMostPhases = 1000;
constexpr std::string_view kBetaDoc =
    "strength of the BOPs term: a number, or {from, to, scale} from the first epoch of the phase to its last";

std::optional<BetaRange> read_beta(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs) {
  if (!node.is_map()) {
    const Node one = Node::map({{"beta", node}});
    ConfigReader c(one, "train.phases", errors);
    const double beta = c.number("beta", kBetaDoc, {.required = true, .min = 0});
    return BetaRange{beta, beta};
  }
  ConfigReader c(node, "train.phases.beta", errors, docs);
  const BetaRange range = read_beta_range(c);
  c.finish();
  return range;
}

PhaseConfig read_phase(const Node& node, bool is_last, ErrorList& errors, std::vector<KeyDoc>* docs) {
  PhaseConfig phase{.place = node.place(), .epochs = 0, .beta = {}, .learning_rate = {}, .freeze = {}};
  ConfigReader c(node, "train.phases", errors, docs);
  const auto epochs = c.optional_integer(
      "epochs", "epochs of the phase; may be left out in the last one, which takes the rest of train.epochs",
      {.min = 1, .max = kMostEpochs});
  const Node* const beta = c.node("beta", kBetaDoc, "a number or a map", "model.beta");
  const Node* const rate =
      c.node("learning_rate", "a number, or a schedule whose steps are counted from the beginning of the phase",
             "a learning rate", "that of train.optimizer, which goes on");
  const Node* const freeze = c.node("freeze", "layers that are not trained in the phase", "a list", "train.freeze");
  c.finish();
  if (!is_last && !c.has("epochs")) c.missing("epochs", "epochs of the phase; only the last may be without");
  phase.epochs = epochs.value_or(0);
  if (beta != nullptr) phase.beta = read_beta(*beta, errors, docs);
  if (docs != nullptr) read_beta(Node::map({}), errors, docs);
  if (rate != nullptr) phase.learning_rate = *rate;
  if (freeze != nullptr) phase.freeze = read_freeze(*freeze, "train.phases.freeze", errors);
  return phase;
}

Node to_node(const BetaRange& beta) {
  if (beta.from == beta.to) return Node::number(beta.from);
  return Node::map({{"from", Node::number(beta.from)},
                    {"to", Node::number(beta.to)},
                    {"scale", Node::scalar(beta.logarithmic ? "log" : "linear")}});
}

void check_names(const Model& model, const PlacedNames& freeze, const char* key, ErrorList& errors) {
  for (size_t i = 0; i < freeze.names.size(); ++i) {
    if (!unknown_layers(model, std::vector{freeze.names[i]}).empty())
      errors.add(freeze.places[i], concat(key, ": no layer '", printable(freeze.names[i]), "'",
                                          suggestion(freeze.names[i], names_to_freeze(model))));
  }
}

}  // namespace

PlacedNames read_freeze(const Node& node, const std::string& where, ErrorList& errors) {
  return node.is_list() && node.items().empty() ? PlacedNames() : read_names(node, where, errors);
}

std::vector<PhaseConfig> read_phases(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs) {
  std::vector<PhaseConfig> phases;
  if (!node.is_list() || node.items().empty() || node.items().size() > kMostPhases) {
    errors.add(node.place(), concat("train.phases: found ", describe(node), ", expected a list of 1 to ", kMostPhases,
                                    " phases (- {epochs: 20, beta: 0})"));
    return phases;
  }
  for (const Node& item : node.items()) {
    const bool is_last = &item == &node.items().back();
    if (item.is_map()) {
      phases.push_back(read_phase(item, is_last, errors, docs));
    } else {
      errors.add(item.place(), concat("train.phases: found ", describe(item), ", expected a map ({epochs: 20, ...})"));
    }
  }
  return phases;
}

std::string fit_epochs(const std::vector<PhaseConfig>& phases, bool is_given, int64_t& epochs) {
  if (phases.empty()) return "";
  int64_t sum = 0;
  for (const PhaseConfig& phase : phases) sum += phase.epochs;
  const bool all = phases.back().epochs > 0;
  if (all && !is_given) epochs = sum;
  if (!all && !is_given)
    return "the last phase has no epochs, and there is no train.epochs of which it could take the rest";
  if (all && epochs != sum)
    return concat("the phases have ", sum, " epochs in all, but train.epochs is ", epochs,
                  "; leave out train.epochs, or the epochs of the last phase");
  if (!all && epochs <= sum)
    return concat("the phases before the last have ", sum, " epochs, which leaves none of the ", epochs,
                  " of train.epochs for it");
  return "";
}

Node to_node(const std::vector<PhaseConfig>& phases) {
  std::vector<Node> items;
  for (const PhaseConfig& phase : phases) {
    Node item = Node::map({});
    if (&phase != &phases.back()) item.set("epochs", Node::integer(phase.epochs));
    if (phase.beta) item.set("beta", to_node(*phase.beta));
    if (!phase.learning_rate.is_null()) item.set("learning_rate", phase.learning_rate);
    if (phase.freeze) item.set("freeze", names_node(phase.freeze->names));
    items.push_back(std::move(item));
  }
  return Node::list(std::move(items));
}

std::vector<TrainingPhase> training_phases(const RunConfig& config, const Model& model, const Optimizer& optimizer,
                                           double steps_per_epoch, const TrainingKinds& kinds, ErrorList& errors) {
  const TrainConfig& train = config.train;
  std::vector<PhaseConfig> given = train.phases;
  if (given.empty() && train.freeze.names.empty()) return {};
  if (given.empty()) given.emplace_back();
  const auto any = [&](auto gives) { return std::ranges::any_of(given, gives); };
  const bool with_beta = any([](const PhaseConfig& p) { return p.beta.has_value(); });
  const bool with_rate = any([](const PhaseConfig& p) { return !p.learning_rate.is_null(); });
  const bool with_freeze =
      any([](const PhaseConfig& p) { return p.freeze.has_value(); }) || !train.freeze.names.empty();
  check_names(model, train.freeze, "train.freeze", errors);

  std::vector<TrainingPhase> phases;
  int64_t before = 0;
  for (const PhaseConfig& phase : given) {
    const bool is_last = &phase == &given.back();
    const int64_t length = is_last ? std::max<int64_t>(1, train.schedule_length() - before) : phase.epochs;
    TrainingPhase& made = phases.emplace_back();
    made.epochs = is_last ? 0 : phase.epochs;
    made.beta_epochs = length;
    if (with_beta) made.beta = phase.beta.value_or(BetaRange{config.model.beta, config.model.beta});
    if (!phase.learning_rate.is_null()) {
      made.learning_rate =
          make_schedule(phase.learning_rate,
                        {.steps_per_epoch = steps_per_epoch,
                         .total_steps = static_cast<int64_t>(steps_per_epoch * static_cast<double>(length)),
                         .kinds = &kinds},
                        errors);
    } else if (with_rate) {
      made.learning_rate = optimizer.schedule();
      made.is_schedule_of_all = true;
    }
    if (phase.freeze) check_names(model, *phase.freeze, "train.phases.freeze", errors);
    if (with_freeze) made.freeze = phase.freeze ? phase.freeze->names : train.freeze.names;
    before += phase.epochs;
  }
  return phases;
}

}  // namespace hgq
