#include "hgq/apps/shared_options.h"

#include <CLI/CLI.hpp>

#include "hgq/apps/value_checks.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {

void add_repeated(CLI::App& app, const std::string& name, std::vector<std::string>& values, const std::string& type,
                  const std::string& description) {
  app.add_option(name, values, description)
      ->expected(1)
      ->type_name(type)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_threads(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "number of threads; all processors if not given")
      ->type_name("N")
      ->check(integer_in(1, 4096));
}

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "print one JSON document"); }

void add_quiet(CLI::App& app, bool& quiet) { app.add_flag("--quiet", quiet, "show no progress"); }

void add_allow_external(CLI::App& app, DataCommand& c) {
  app.add_flag("--allow-external", c.allow_external,
               "external links and virtual datasets of an HDF5 file may lead to files outside of its folder");
}

void add_file_options(CLI::App& app, DataCommand& c, bool targets) {
  app.add_option("--data", c.data, "data file: HDF5, NPZ, NPY, IDX or CSV; not needed if --inputs names files")
      ->type_name("FILE");
  app.add_option("--inputs", c.inputs,
                 "as NAME of a dataset or column, columns a,b,c or 0:36, FILE, FILE:NAME, or LAYER=NAME,LAYER=NAME for "
                 "several inputs; the model's own if not given")
      ->type_name("NAME");
  if (targets)
    app.add_option("--targets", c.targets, "the same for the targets; OUTPUT=NAME,OUTPUT=NAME for several")
        ->type_name("NAME");
  app.add_option("--memory", c.memory,
                 "GiB for the rows of the data; larger data are read in blocks; half of the machine's memory if not "
                 "given")
      ->type_name("GIB")
      ->check(number_above(0, false));
  app.add_option("--csv", c.csv,
                 "how CSV files are written, as data.csv of a config: 'separator: \";\", header: true, comment: \"%\", "
                 "missing: drop'; replaces that of the training")
      ->type_name("OPTIONS");
}

void add_data_options(CLI::App& app, DataCommand& c, bool targets) {
  app.add_option("model", c.model, "model file (model.h5)")->type_name("MODEL")->required();
  add_file_options(app, c, targets);
  add_allow_external(app, c);
  add_threads(app, c.threads);
  add_json(app, c.json);
}

void add_rtl_options(CLI::App& app, RtlCommand& c) {
  RtlSettings& s = c.settings;
  app.add_flag("--force", c.force, "replace a folder that 'rtl' has written before");
  one_of(*app.add_option("--language", s.language, "of the sources; verilog if not given"), rtl::hdl_language_names());
  one_of(*app.add_option("--target", s.target,
                         "generic (operators that every tool reads) or xilinx (sums of three operands in the cells "
                         "of UltraScale); generic if not given"),
         rtl::hdl_target_names());
  app.add_option("--latency", s.latency,
                 "clocks from input to output, with stages as fast as so many can be; no registers without it and the "
                 "next two options")
      ->type_name("N")
      ->check(integer_in(0, kMostRtlLatency));
  app.add_option("--stage-delay", s.stage_delay,
                 "the most nanoseconds of logic between two registers, as estimated; as few registers as that takes, "
                 "or, with --latency, just so many")
      ->type_name("NS")
      ->check(number_in(kLeastRtlStageDelay, kMostRtlStageDelay));
  app.add_option("--stage-levels", s.stage_levels,
                 "the most adders one behind another between two registers, instead of --stage-delay, in the same way")
      ->type_name("N")
      ->check(integer_in(1, kMostRtlLatency));
  app.add_option("--extra-depth", s.extra_depth,
                 "adders on the longest way through a layer beyond the least possible number, or free for the "
                 "smallest circuit; 0 with registers, otherwise free, if not given")
      ->type_name("N");
  one_of(*app.add_option("--effort", s.effort, "how long smaller circuits are searched for; low if not given"),
         rtl_effort_names());
  app.add_option("--solver-seconds", s.solver_seconds,
                 "the search in a layer begins no new try after this time; the result then depends on the machine")
      ->type_name("SECONDS")
      ->check(number_above(0, false));
  one_of(*app.add_option("--softmax", s.softmax,
                         "what becomes of a softmax at an output: an error (refuse), its inputs (logits), or the "
                         "index of the largest of them (argmax); refuse if not given"),
         rtl_softmax_names());
  app.add_option("--clock-period", s.clock_period, "nanoseconds, for the constraints; 5 if not given")
      ->type_name("NS")
      ->check(number_in(rtl::kLeastClockPeriod, rtl::kMostClockPeriod));
  app.add_flag("--clock-enable", s.clock_enable, "a port ce: registers keep their values while it is 0");
  app.add_flag("--reset", s.reset, "a port rst: while it is 1, a clock sets all registers to 0, whatever ce is");
  app.add_option("--part", s.part,
                 concat("the FPGA in the script for Vivado; ", rtl::HdlOptions{}.part, " if not given"))
      ->type_name("PART")
      ->check([](const std::string& text) {
        if (rtl::is_part_name(text)) return std::string();
        return concat("found '", printable(text), "', expected the name of an FPGA (letters, digits, and - _ .)");
      });
  add_file_options(app, c, false);
  app.add_option("--rows", s.rows, "rows of the test bench: the first of the data, or random ones; 1000 if not given")
      ->type_name("N")
      ->check(integer_in(1, kMostRtlRows));
  add_allow_external(app, c);
  add_threads(app, c.threads);
  add_json(app, c.json);
}

void add_sweep_options(CLI::App& app, SweepCommand& c) {
  app.add_option("sweep", c.file, "file of the sweep (YAML): base config, axes, objectives; see docs/sweep.md")
      ->type_name("CONFIG")
      ->required();
  app.add_option("--out", c.out, "folder of the sweep; runs/NAME if not given")->type_name("FOLDER");
  one_of(*app.add_option("--engine", c.engine,
                         "where the runs are made: on this machine, or by a batch system; local if not given"),
         {"local", "slurm", "htcondor"});
  app.add_option("--jobs", c.jobs, "runs at a time; as many as the processors have threads for if not given")
      ->type_name("N")
      ->check(integer_in(1, 4096));
  app.add_option("--threads", c.threads,
                 "threads of each run; its share of the processors if not given, 1 in a batch system")
      ->type_name("N")
      ->check(integer_in(1, 4096));
  app.add_flag("--resume", c.resume, "continue a sweep: runs that are not done, and those that have failed");
  app.add_flag("--gather", c.gather, "only write runs.csv of what the runs have reached, and print it");
  app.add_flag("--dry-run", c.dry_run, "check all configs, print the runs and the job script, and write nothing");
  add_quiet(app, c.quiet);
  add_json(app, c.json);
}

}  // namespace hgq
