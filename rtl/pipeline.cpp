#include "hgq/rtl/pipeline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/rtl/stages.h"

namespace hgq::rtl {
namespace {

/// A delay for people, rounded up, so that a stage delay of the text is enough.
std::string delay_text(double delay, const DelayModel& model) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", model.step < 1 ? 2 : 0,
                std::ceil(delay / model.step - 1e-9) * model.step);
  return concat(text.data(), " ", model.unit);
}

/// Layers with a node that takes longer than a stage may, the slowest first: "layer 'a' (1.20 ns), layer 'b' (...)".
std::string slow_layers(const Circuit& circuit, const StageGraph& graph, const PipelineOptions& options) {
  constexpr size_t kMostNamed = 5;
  std::map<int, double> slowest;  // by layer
  for (size_t i = 0; i < graph.size(); ++i) {
    if (graph.delay(i) <= *options.stage_delay) continue;
    double& delay = slowest[circuit.nodes[i].layer];
    delay = std::max(delay, graph.delay(i));
  }
  std::vector<std::pair<int, double>> layers(slowest.begin(), slowest.end());
  std::ranges::stable_sort(layers, std::ranges::greater(), &std::pair<int, double>::second);
  std::string text;
  for (size_t i = 0; i < std::min(layers.size(), kMostNamed); ++i)
    text += concat(i == 0 ? "layer '" : ", layer '", circuit.layers[static_cast<size_t>(layers[i].first)], "' (",
                   delay_text(layers[i].second, options.model), ")");
  if (layers.size() > kMostNamed) text += concat(" and ", layers.size() - kMostNamed, " more");
  return text;
}

std::string place_of(const Circuit& circuit, const Node& node) {
  return "layer '" + circuit.layers[static_cast<size_t>(node.layer)] + "'";
}

/// The stages that the options ask for, before registers are saved.
Stages wanted_stages(const Circuit& circuit, const StageGraph& graph, const PipelineOptions& options, int latency) {
  if (!options.stage_delay) {
    Stages stages = fastest_stages(graph, latency);
    stages.delay *= 1 + options.slack;
    return stages;
  }
  std::optional<Stages> stages = earliest_stages(graph, *options.stage_delay);
  if (!stages) {
    throw ConfigError(concat("a stage delay of ", *options.stage_delay, " ", options.model.unit,
                             " is too short for a single adder, table or gate of ",
                             slow_layers(circuit, graph, options), "; expected at least ",
                             delay_text(graph.longest_node(), options.model), ", or fewer bits"));
  }
  const int needed = stages->count;
  HGQ_CHECK(!options.latency || needed <= latency, ConfigError, "pipeline: a latency of ", *options.latency,
            " clocks with stages of at most ", *options.stage_delay, " ", options.model.unit,
            " cannot be met; expected a latency of at least ", needed + (options.register_inputs ? 1 : 0),
            ", or longer stages");
  stages->delay = *options.stage_delay;
  if (options.latency) stages->count = latency;
  return *std::move(stages);
}

/// Copies a circuit, with registers between stages.
class RegisterPlacer {
 public:
  RegisterPlacer(const Circuit& source, const StageGraph& graph, const Stages& stages, bool register_inputs)
      : source_(source), graph_(graph), stages_(stages), first_(register_inputs ? 1 : 0) {
    out_.name = source.name;
    out_.layers = source.layers;
    out_.tables = source.tables;
    out_.latency = stages.count + first_;
  }

  Circuit place() && {
    chains_.resize(source_.nodes.size());
    for (size_t i = 0; i < source_.nodes.size(); ++i) {
      Node node = source_.nodes[i];
      for (Operand& operand : node.reads()) operand.node = at(operand.node, stages_.stage[i]);
      add(i, node);
    }
    const auto moved = [&](std::vector<Port> ports, auto stage_of) {
      for (Port& port : ports) {
        for (Feature& feature : port.features) {
          if (feature.node >= 0) feature.node = stage_of(feature.node);
        }
      }
      return ports;
    };
    out_.inputs = moved(source_.inputs, [&](int32_t node) { return inputs_[static_cast<size_t>(node)]; });
    out_.outputs = moved(source_.outputs, [&](int32_t node) { return at(node, stages_.count); });
    return std::move(out_);
  }

 private:
  /// The wire that holds a node's value in a stage.
  int32_t at(int32_t node, int stage) const {
    const auto n = static_cast<size_t>(node);
    if (graph_.is_constant(n)) return chains_[n][0];
    return chains_[n][static_cast<size_t>(stage - stages_.stage[n])];
  }

  void add(size_t index, const Node& node) {
    int last = graph_.is_output(index) ? stages_.count : stages_.stage[index];
    for (const int32_t reader : graph_.readers_of(index))
      last = std::max(last, stages_.stage[static_cast<size_t>(reader)]);
    std::vector<int32_t>& chain = chains_[index];
    chain.push_back(make(node));
    int registers = graph_.is_constant(index) ? 0 : last - stages_.stage[index];
    if (node.kind == NodeKind::kInput) {
      inputs_.resize(source_.nodes.size(), -1);
      inputs_[index] = chain[0];
      if (first_ > 0) chain[0] = make(register_of(chain[0]));
    }
    for (; registers > 0; --registers) chain.push_back(make(register_of(chain.back())));
  }

  Node register_of(int32_t index) const {
    const Node& node = out_.node(index);
    return {.kind = NodeKind::kRegister,
            .operand_count = 1,
            .operands = {Operand{index, 0, false}, {}, {}},
            .range = node.range,
            .bits = node.bits,
            .layer = node.layer};
  }

  int32_t make(const Node& node) {
    out_.nodes.push_back(node);
    return static_cast<int32_t>(out_.nodes.size()) - 1;
  }

  const Circuit& source_;
  const StageGraph& graph_;
  const Stages& stages_;
  int first_;
  Circuit out_;
  std::vector<std::vector<int32_t>> chains_;  // of each node: its wire in its stage, and in those behind
  std::vector<int32_t> inputs_;
};

}  // namespace

Circuit pipelined(const Circuit& circuit, const PipelineOptions& options) {
  Circuit source = trimmed(circuit);
  for (const Node& node : source.nodes)
    HGQ_CHECK(node.kind != NodeKind::kRegister, Error, "pipeline: the circuit has registers already");
  const int first = options.register_inputs ? 1 : 0;
  HGQ_CHECK(!options.latency || *options.latency >= 0, ConfigError, "pipeline: a latency of ", *options.latency,
            "; expected 0 or more");
  HGQ_CHECK(!options.stage_delay || *options.stage_delay > 0, ConfigError, "pipeline: a stage delay of ",
            *options.stage_delay, "; expected more than 0");
  HGQ_CHECK(options.slack >= 0, ConfigError, "pipeline: a slack of ", options.slack, "; expected 0 or more");
  if (!options.stage_delay && options.latency.value_or(0) == 0) return source;
  HGQ_CHECK(!options.latency || *options.latency > first, ConfigError, "pipeline: a latency of ", *options.latency,
            "; expected at least ", first + 1, " (a register behind the logic",
            first > 0 ? " and one before it)" : "), or no stage delay");
  const StageGraph graph(source, options.model);
  const Stages stages = wanted_stages(source, graph, options, options.latency.value_or(0) - first);
  return trimmed(RegisterPlacer(source, graph, with_fewest_registers(graph, stages), options.register_inputs).place());
}

int64_t register_bits(const Circuit& circuit) {
  int64_t bits = 0;
  for (const Node& node : circuit.nodes) bits += node.kind == NodeKind::kRegister ? node.bits : 0;
  return bits;
}

void check_pipeline(const Circuit& circuit) {
  constexpr int kAny = -1;  // what is constant
  std::vector<int> registers(circuit.nodes.size(), kAny);
  for (size_t i = 0; i < circuit.nodes.size(); ++i) {
    const Node& node = circuit.nodes[i];
    int& own = registers[i];
    if (node.kind == NodeKind::kInput) own = 0;
    for (const Operand& operand : node.reads()) {
      const int before = registers[static_cast<size_t>(operand.node)];
      HGQ_CHECK(own == kAny || before == kAny || own == before, Error, "pipeline: ", place_of(circuit, node), ", node ",
                i, " reads one value after ", own, " registers and another after ", before);
      own = std::max(own, before);
    }
    if (node.kind == NodeKind::kRegister && own != kAny) ++own;
  }
  for (const Port& port : circuit.outputs) {
    for (const Feature& feature : port.features) {
      const int own = feature.node < 0 ? kAny : registers[static_cast<size_t>(feature.node)];
      HGQ_CHECK(own == kAny || own == circuit.latency, Error, "pipeline: output '", port.name, "' comes after ", own,
                " registers, expected ", circuit.latency);
    }
  }
}

}  // namespace hgq::rtl
