#include "hgq/apps/command_line_runs.h"

#include <CLI/CLI.hpp>

#include "hgq/apps/cmd_reports.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/shared_options.h"
#include "hgq/apps/value_checks.h"

namespace hgq {
namespace {

void add_report(CLI::App& app, Action& action) {
  const auto [report, r] = add_command<ReportsCommand>(
      app, action, "report",
      "a page about a run, several runs or a sweep, to look at: fronts, curves, network, bits, verification",
      run_reports);
  report->add_option("runs", r->runs, "folder of a run, of a sweep, or of runs; or several")
      ->type_name("FOLDER")
      ->required();
  report
      ->add_option("--out", r->out, "HTML file to write; report.html in the folder if not given and there is only one")
      ->type_name("FILE");
  report
      ->add_option("--metric", r->metric,
                   "by what several runs are compared: NAME, max:NAME or min:NAME; the metric on the validation rows "
                   "if not given")
      ->type_name("NAME");
  const auto [show, s] =
      add_command<ReportCommand>(app, action, "show", "a run in short: numbers, layers, front and loss", run_show);
  show->add_option("run", s->run, "folder of a run")->type_name("FOLDER")->required();
  for (const auto& [sub, c] : {std::pair(report, static_cast<ReportCommand*>(r)), std::pair(show, s)}) {
    sub->add_flag("--luts", c->luts, "of one run: estimate LUTs also for a large network, however long it takes");
    add_threads(*sub, c->threads);
    add_json(*sub, c->json);
  }
}

void add_front(CLI::App& app, Action& action) {
  const auto [front, f] = add_command<FrontCommand>(
      app, action, "front", "all saved models of runs, measured and compared: those that no other one beats",
      run_front);
  front->add_option("--out", f->out, "CSV file to write, with a line for each model; none if not given")
      ->type_name("FILE");
  front
      ->add_option("--metrics", f->metrics,
                   "what models are compared by, with commas between: NAME, max:NAME or min:NAME; the metric on the "
                   "validation rows and LUTs if not given")
      ->type_name("NAME,...")
      ->delimiter(',');
  const auto [pick, p] = add_command<PickCommand>(
      app, action, "pick", "the best saved model of runs within bounds: its files, and its RTL", run_pick);
  pick->add_option("--best", p->best,
                   "what the best model has most of, or least: NAME, max:NAME or min:NAME; the metric on the "
                   "validation rows if not given")
      ->type_name("NAME");
  add_repeated(*pick, "--under", p->under, "NAME=NUMBER",
               "a bound, as --under luts=3000 or --under latency_ns=25; may be given several times");
  add_repeated(*pick, "--over", p->over, "NAME=NUMBER", "the same for the least that it may be");
  pick->add_option("--out", p->out, "folder to write")->type_name("FOLDER")->required();
  pick->add_flag("--rtl", p->rtl, "write RTL, too, as 'rtl' does");
  one_of(*pick->add_option("--language", p->language, "of the RTL"), {"verilog", "vhdl"});
  one_of(*pick->add_option("--target", p->target, "of the RTL"), {"generic", "xilinx"});
  for (const auto& [sub, c] : {std::pair(front, f), std::pair(pick, static_cast<FrontCommand*>(p))}) {
    sub->add_option("runs", c->runs, "folders of runs, or folders with runs in them")->type_name("FOLDER")->required();
    sub->add_option("--stage-delay", c->stage_delay,
                    "the most nanoseconds of logic between two registers, for flip-flops, clocks and latency; 5 if "
                    "not given")
        ->type_name("NS")
        ->check(number_above(0, false));
    sub->add_flag("--no-luts", c->no_luts, "estimate no circuits, which takes long for large networks");
    add_threads(*sub, c->threads);
    add_quiet(*sub, c->quiet);
    add_json(*sub, c->json);
  }
}

}  // namespace

void add_run_commands(CLI::App& app, Action& action) {
  add_report(app, action);
  add_front(app, action);
}

}  // namespace hgq
