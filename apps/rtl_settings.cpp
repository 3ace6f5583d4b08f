#include "hgq/apps/rtl_settings.h"

#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {
namespace {

constexpr int kMostExtraDepth = 1000;

/// The value of extra_depth: nullopt for "free". Throws ConfigError without a place.
std::optional<int> depth_of(const std::string& text) {
  if (text == "free") return std::nullopt;
  const auto number = decimal_integer(Node::scalar(text));
  HGQ_CHECK(number && *number >= 0 && *number <= kMostExtraDepth, ConfigError, "found '", printable(text),
            "', expected 'free', or an integer from 0 to ", kMostExtraDepth);
  return static_cast<int>(*number);
}

/// The value of a word. Throws ConfigError if it has none.
template <typename Enum>
Enum named(std::string_view key, const std::string& word, std::optional<Enum> (*find)(std::string_view)) {
  const std::optional<Enum> value = find(word);
  HGQ_CHECK(value, ConfigError, key, ": found '", printable(word), "', which is none of its words");
  return *value;
}

}  // namespace

RtlOptions RtlSettings::options() const {
  RtlOptions options;
  options.hdl.language = named("language", language, rtl::hdl_language_named);
  options.hdl.target = named("target", target, rtl::hdl_target_named);
  options.hdl.clock_enable = clock_enable;
  options.hdl.reset = reset;
  options.hdl.clock_period_ns = clock_period;
  if (!part.empty()) options.hdl.part = part;
  if (latency) options.latency = static_cast<int>(*latency);
  options.stage_delay = stage_delay;
  if (stage_levels) options.stage_levels = static_cast<int>(*stage_levels);
  if (!extra_depth.empty()) options.extra_depth = depth_of(extra_depth);
  options.effort = named("effort", effort, rtl_effort_named);
  options.solver_seconds = solver_seconds;
  options.softmax = named("softmax", softmax, rtl_softmax_named);
  options.random_rows = rows;
  return options;
}

std::vector<RtlSettings::Conflict> RtlSettings::conflicts() const {
  std::vector<Conflict> found;
  if (stage_delay && stage_levels)
    found.push_back({"stage_levels", "is given beside a stage delay, expected one of them"});
  if (latency == 0 && (stage_delay || stage_levels))
    found.push_back({"latency", "is 0 beside a limit for stages, expected at least 1, or no such limit"});
  return found;
}

RtlSettings read_rtl_settings(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs) {
  RtlSettings s;
  ConfigReader c(node, "export.rtl", errors, docs);
  s.language = c.choice("language", "of the sources", rtl::hdl_language_names(), s.language);
  s.target = c.choice("target",
                      "generic: operators that every tool reads; xilinx: sums of three operands in the cells of "
                      "UltraScale and UltraScale+",
                      rtl::hdl_target_names(), s.target);
  s.latency = c.optional_integer("latency",
                                 "clocks from input to output, with stages as fast as so many can be; without it, "
                                 "`stage_delay` and `stage_levels` there are no registers",
                                 {.min = 0, .max = kMostRtlLatency});
  s.stage_delay =
      c.optional_number("stage_delay",
                        "the most nanoseconds of logic between two registers, as estimated; as few registers as "
                        "that takes, or, with `latency`, just so many",
                        {.min = kLeastRtlStageDelay, .max = kMostRtlStageDelay});
  s.stage_levels = c.optional_integer("stage_levels",
                                      "the most adders one behind another between two registers, instead of "
                                      "`stage_delay`, in the same way",
                                      {.min = 1, .max = kMostRtlLatency});
  if (const Node* const depth = c.node("extra_depth",
                                       "adders on the longest way through a layer beyond the least possible number: an "
                                       "integer, or `free` for the smallest circuit; 0 with registers, otherwise free",
                                       "an integer, or free")) {
    s.extra_depth = text_of(*depth).value_or(depth->is_scalar() ? depth->text() : "");
    try {
      depth_of(s.extra_depth);
    } catch (const ConfigError& e) {
      c.error("extra_depth", e.what());
      s.extra_depth.clear();
    }
  }
  s.effort = c.choice("effort", "how long smaller circuits are searched for", rtl_effort_names(), s.effort);
  s.solver_seconds = c.optional_number("solver_seconds",
                                       "no search in a layer begins a new try after this time; the result then depends "
                                       "on the machine",
                                       {.min = 0, .above_min = true});
  s.softmax = c.choice(
      "softmax", "what becomes of a softmax at an output: an error, its inputs, or the index of the largest of them",
      rtl_softmax_names(), s.softmax);
  s.clock_period = c.number("clock_period", "nanoseconds, for the constraints",
                            {.fallback = s.clock_period, .min = rtl::kLeastClockPeriod, .max = rtl::kMostClockPeriod});
  s.clock_enable = c.boolean("clock_enable", "a port `ce`: registers keep their values while it is 0", false);
  s.reset = c.boolean("reset", "a port `rst`: while it is 1, a clock sets all registers to 0, whatever `ce` is", false);
  s.part = c.text("part", "the FPGA in the script for Vivado", rtl::HdlOptions{}.part);
  if (!rtl::is_part_name(s.part))
    c.error("part",
            concat("found '", printable(s.part), "', expected the name of an FPGA (letters, digits, and - _ .)"));
  s.rows = c.integer("rows", "rows of the test bench, from the first of the set on which the model is measured",
                     {.fallback = s.rows, .min = 1, .max = kMostRtlRows});
  for (const RtlSettings::Conflict& conflict : s.conflicts()) c.error(conflict.key, conflict.message);
  c.finish();
  return s;
}

Node to_node(const RtlSettings& s) {
  Node node;
  node.set("language", Node::string(s.language));
  node.set("target", Node::string(s.target));
  if (s.latency) node.set("latency", Node::integer(*s.latency));
  if (s.stage_delay) node.set("stage_delay", Node::number(*s.stage_delay));
  if (s.stage_levels) node.set("stage_levels", Node::integer(*s.stage_levels));
  if (!s.extra_depth.empty()) node.set("extra_depth", Node::scalar(s.extra_depth));
  node.set("effort", Node::string(s.effort));
  if (s.solver_seconds) node.set("solver_seconds", Node::number(*s.solver_seconds));
  node.set("softmax", Node::string(s.softmax));
  node.set("clock_period", Node::number(s.clock_period));
  node.set("clock_enable", Node::boolean(s.clock_enable));
  node.set("reset", Node::boolean(s.reset));
  node.set("part", Node::string(s.part));
  node.set("rows", Node::integer(s.rows));
  return node;
}

}  // namespace hgq
