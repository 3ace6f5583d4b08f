#include "hgq/rtl/to_rtl.h"

#include <utility>

#include "hgq/core/clock.h"
#include "hgq/core/error.h"
#include "hgq/rtl/pipeline.h"
#include "hgq/rtl/three_operands.h"

namespace hgq {
namespace {

struct SearchEffort {
  int restarts;
  double steps_per_adder;
};

SearchEffort search_of(RtlEffort effort) {
  switch (effort) {
    case RtlEffort::kLow:
      break;
    case RtlEffort::kMedium:
      return {.restarts = 32, .steps_per_adder = 100};
    case RtlEffort::kHigh:
      return {.restarts = 128, .steps_per_adder = 2000};
  }
  const rtl::SolverOptions low;
  return {.restarts = low.restarts, .steps_per_adder = low.steps_per_adder};
}

bool has_registers(const RtlOptions& options) {
  return options.latency.value_or(0) > 0 || options.stage_delay || options.stage_levels;
}

rtl::PipelineOptions pipeline_options(const RtlOptions& options) {
  rtl::PipelineOptions pipeline{.latency = options.latency, .stage_delay = options.stage_delay};
  if (options.stage_levels) {
    pipeline.stage_delay = *options.stage_levels;
    pipeline.model = rtl::DelayModel::adder_levels();
  }
  return pipeline;
}

rtl::LoweringOptions lowering_options(const RtlOptions& options, const RtlReference& reference) {
  rtl::LoweringOptions lowering;
  lowering.argmax = reference.argmax;
  lowering.solver.extra_depth = extra_depth_of(options);
  const SearchEffort search = search_of(options.effort);
  lowering.solver.restarts = search.restarts;
  lowering.solver.steps_per_adder = search.steps_per_adder;
  lowering.solver.seed = options.seed;
  if (options.solver_seconds) lowering.solver.seconds = *options.solver_seconds;
  lowering.progress = options.progress;
  return lowering;
}

}  // namespace

std::optional<int> extra_depth_of(const RtlOptions& options) {
  if (options.extra_depth) return *options.extra_depth;
  return has_registers(options) ? std::optional<int>(0) : std::nullopt;
}

RtlReference rtl_reference(ProxyModel proxy, RtlSoftmax softmax, std::vector<std::string>& notes) {
  if (softmax == RtlSoftmax::kRefuse) return {std::move(proxy), {}};
  const bool is_index = softmax == RtlSoftmax::kArgmax;
  rtl::LogitOutputs logits = rtl::with_logits(std::move(proxy), notes, is_index);
  if (!is_index) logits.had_softmax.clear();
  return {std::move(logits.model), std::move(logits.had_softmax)};
}

RtlProject to_rtl(ProxyModel proxy, const RtlOptions& options, Workers& workers,
                  std::span<const ConstTensorView> inputs) {
  HGQ_CHECK(!options.stage_delay || !options.stage_levels, ConfigError,
            "both a stage delay and stage levels are given, expected one of them");
  const double begin = seconds_now();
  RtlProject project;
  const RtlReference reference = rtl_reference(std::move(proxy), options.softmax, project.notes);
  project.lowered = rtl::lower(reference.proxy, lowering_options(options, reference), workers);
  project.circuit = project.lowered.circuit;
  if (options.hdl.target == rtl::HdlTarget::kXilinx) project.circuit = rtl::with_three_operands(project.circuit);
  if (has_registers(options)) {
    project.circuit = rtl::pipelined(project.circuit, pipeline_options(options));
    rtl::check_pipeline(project.circuit);
  }
  project.estimate = rtl::estimate(project.circuit);
  project.critical_path = rtl::delays_of(project.circuit).longest;
  project.files = rtl::write_hdl(project.circuit, options.hdl);
  project.seconds = seconds_now() - begin;

  std::vector<Tensor> random;
  std::vector<ConstTensorView> rows(inputs.begin(), inputs.end());
  if (rows.empty()) {
    random = rtl::random_inputs(reference.proxy, project.lowered, options.random_rows, options.seed);
    for (const Tensor& x : random) rows.push_back(x.view());
  }
  const rtl::Stimuli stimuli = rtl::stimuli_for(reference.proxy, project.lowered, rows, workers);
  rtl::check_values(project.circuit, stimuli, workers);
  project.rows = stimuli.rows;
  project.rows_with_overflow = stimuli.rows_with_overflow;
  for (rtl::SourceFile& file : rtl::vector_files(project.circuit, stimuli.inputs, stimuli.outputs, stimuli.rows))
    project.files.push_back(std::move(file));
  return project;
}

}  // namespace hgq
