#include "hgq/apps/command_line.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "hgq/apps/commands.h"
#include "hgq/core/error.h"
#include "hgq/core/version.h"

namespace hgq {
namespace {

using Action = std::function<int()>;

/// Adds a command whose options are put into a `Command` (one of commands.h); `run` gets it when the command is chosen.
/// The options are added to the returned app, and to the members of the second.
template <typename Command, typename Run>
std::pair<CLI::App*, Command*> add_command(CLI::App& app, Action& action, const char* name, const char* description,
                                           Run run) {
  auto command = std::make_shared<Command>();
  CLI::App* const sub = app.add_subcommand(name, description);
  sub->callback([command, &action, run] { action = [command, run] { return run(*command); }; });
  return {sub, command.get()};
}

/// An option that may be given several times, with one value each.
void add_repeated(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                  const std::string& description) {
  app.add_option(name, values, description)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_sets(CLI::App& app, std::vector<std::string>& sets) {
  add_repeated(app, "--set", sets, "KEY.PATH=YAML, over the config; may be given several times");
}

void add_threads(CLI::App& app, int& threads) {
  app.add_option("--threads", threads, "threads; all processors if not given")->check(CLI::Range(1, 4096));
}

void add_json(CLI::App& app, bool& json) { app.add_flag("--json", json, "print one JSON document"); }

/// What the commands on a model and a data file share.
void add_data_options(CLI::App& app, DataCommand& c, bool targets) {
  app.add_option("model", c.model, "model file (model.h5)")->required();
  app.add_option("--data", c.data, "data file: HDF5, NPZ, NPY, IDX or CSV")->required();
  app.add_option("--inputs", c.inputs, "name of the data set, or LAYER=NAME,... for several inputs");
  if (targets) app.add_option("--targets", c.targets, "name of the data set of targets");
  add_threads(app, c.threads);
  add_json(app, c.json);
}

/// A training run: what hgq-train does with a config file and no command.
void add_train(CLI::App& app, TrainCommand& c) {
  app.add_option("config", c.config, "config file (YAML)");
  app.add_option("--out", c.out, "folder of the run; runs/CONFIGNAME if not given");
  add_sets(app, c.sets);
  add_threads(app, c.threads);
  app.add_option("--seed", c.seed, "seed, over the config's and --set");
  app.add_option("--stop-after", c.stop_after, "stop after this epoch, with a checkpoint")
      ->check(CLI::Range(1, 100000000));
  app.add_option("--stop-after-steps", c.stop_after_steps,
                 "stop after so many batches of the whole training, also within an epoch, with a checkpoint")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 53));
  app.add_option("--checkpoint-seconds", c.checkpoint_seconds,
                 "least time between two checkpoints at the end of an epoch; 2 if not given")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--resume", c.resume, "go on from the run's checkpoint");
  app.add_flag("--quiet", c.quiet, "no progress");
}

void add_check(CLI::App& app, Action& action) {
  struct Check {
    std::string config;
    std::vector<std::string> sets;
  };
  const auto [sub, c] = add_command<Check>(app, action, "check", "all errors of a config",
                                           [](const Check& check) { return run_check(check.config, check.sets); });
  sub->add_option("config", c->config, "config file (YAML)")->required();
  add_sets(*sub, c->sets);
}

void add_summary(CLI::App& app, Action& action) {
  struct Summary {
    std::string model;
    bool json = false;
  };
  const auto [sub, c] =
      add_command<Summary>(app, action, "summary", "a table of a model's layers",
                           [](const Summary& summary) { return run_summary(summary.model, summary.json); });
  sub->add_option("model", c->model, "model file")->required();
  add_json(*sub, c->json);
}

void add_eval(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<EvalCommand>(app, action, "eval", "loss and metrics of a model on data", run_eval);
  add_data_options(*sub, *c, true);
  sub->add_option("--sample-weights", c->sample_weights,
                  "name of the data set of sample weights, or OUTPUT=NAME,...; all 1 if not given");
  sub->add_option("--loss", c->loss, "loss; the model's own if not given");
  sub->add_option("--metrics", c->metrics, "metrics, comma-separated")->delimiter(',');
}

void add_predict(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<PredictCommand>(
      app, action, "predict", "predictions of a model, or of a proxy, which is emulated exactly", run_predict);
  add_data_options(*sub, *c, false);
  sub->add_option("--out", c->out, "HDF5 file to write")->required();
  sub->add_option("--softmax-table", c->softmax_table,
                  "of a proxy: softmax as hls4ml computes it, from tables of so many entries; as Keras if not given")
      ->check(CLI::Range(2, 262144));
  sub->add_flag("--with-inputs", c->with_inputs, "write the scaled inputs, too");
}

void add_trace(CLI::App& app, Action& action) {
  const auto [sub, c] =
      add_command<TraceCommand>(app, action, "trace", "ranges of all values on data, and exact BOPs", run_trace);
  add_data_options(*sub, *c, false);
  sub->add_option("--cover-factor", c->cover_factor, "widens the ranges about their centres")
      ->check(CLI::PositiveNumber);
  sub->add_option("--out", c->out, "model file to write, with the ranges");
}

void add_export(CLI::App& app, Action& action) {
  const auto [sub, c] =
      add_command<ExportCommand>(app, action, "export", "the proxy of a traced model, for hls4ml", run_export);
  sub->add_option("model", c->model, "model file with ranges")->required();
  sub->add_option("--out", c->out, "proxy file to write")->required();
  sub->add_option("--overflow", c->overflow, "what happens outside the ranges: wrap or sat")
      ->check(CLI::IsMember({"wrap", "sat"}));
  sub->add_option("--accum-fp-max-offset", c->accum_fp_max_offset, "as in Python HGQ");
  sub->add_option("--unary-lut-max-table-size", c->unary_lut_max_table_size, "as in Python HGQ");
}

void add_verify(CLI::App& app, Action& action) {
  const auto [sub, c] =
      add_command<VerifyCommand>(app, action, "verify", "whether a proxy computes what its model computes", run_verify);
  sub->add_option("proxy", c->model, "proxy file")->required();
  sub->add_option("--against", c->against, "model file")->required();
  sub->add_option("--data", c->data, "data file")->required();
  sub->add_option("--inputs", c->inputs, "name of the data set, or LAYER=NAME,...");
  add_threads(*sub, c->threads);
  add_json(*sub, c->json);
  sub->add_flag("--strict", c->strict, "any row that differs is a no");
}

void add_import(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<ImportCommand>(
      app, action, "import",
      "a model saved by Python HGQ 0.2.x as one of ours, or the proxy of a model saved by QKeras 0.9", run_import);
  sub->add_option("file", c->file, "model.h5 of Python HGQ or QKeras")->required();
  sub->add_option("--out", c->out, "file to write: a model, or the proxy of a QKeras model")->required();
  sub->add_option("--overflow", c->overflow,
                  "of a QKeras model: what its proxy does outside of quantized_bits; sat if not given, as QKeras does, "
                  "or wrap, which is cheaper and differs there")
      ->check(CLI::IsMember({"wrap", "sat"}));
  add_repeated(*sub, "--function", c->functions,
               "NAME=FORMULA IN x, for a function that is Python code; NAME: its own, or that of its layer");
  sub->add_option("--epsilon", c->epsilon, "of the batch norms, which Python HGQ does not save; 0.001 if not given")
      ->check(CLI::NonNegativeNumber);
}

void add_reference(CLI::App& app, Action& action) {
  struct None {};
  add_command<None>(app, action, "reference", "every key of a config, as a page of Markdown",
                    [](const None&) { return run_reference(); });
}

}  // namespace

std::function<int()> read_command_line(int argc, const char* const* argv, const std::atomic<bool>& interrupted) {
  CLI::App app{
      "hgq-train trains HGQ networks for FPGAs: it learns the bit width of every weight, and writes a proxy that "
      "hls4ml reads."};
  app.set_version_flag("--version", std::string("hgq ") + kVersion);
  app.require_subcommand(0, 1);
  Action action;
  const auto train = std::make_shared<TrainCommand>();
  add_train(app, *train);
  add_check(app, action);
  add_summary(app, action);
  add_eval(app, action);
  add_predict(app, action);
  add_trace(app, action);
  add_export(app, action);
  add_verify(app, action);
  add_import(app, action);
  add_reference(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return [code] { return code == 0 ? kExitDone : kExitBadInput; };
  }
  if (action) return action;
  if (train->config.empty()) throw ConfigError(app.help() + "\ngive a config file or a command");
  return [train, &interrupted] { return run_train(*train, interrupted); };
}

}  // namespace hgq
