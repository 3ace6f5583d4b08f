// hgq-train: the program. Parses the command line and turns exceptions into messages and exit codes.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "hgq/apps/commands.h"
#include "hgq/core/error.h"
#include "hgq/core/version.h"

namespace {

std::atomic<bool> interrupted{false};

void on_signal(int /*signal*/) {
  if (interrupted.exchange(true)) std::_Exit(hgq::kExitInterrupted);  // the second time: at once
}

int guarded(const std::function<int()>& command) {
  try {
    return command();
  } catch (const hgq::RunError& e) {
    std::cerr << "hgq-train: " << e.what() << "\n";
    return hgq::kExitFailed;
  } catch (const hgq::Error& e) {
    std::cerr << "hgq-train: " << e.what() << "\n";
    return hgq::kExitBadInput;
  } catch (const std::bad_alloc&) {
    std::cerr << "hgq-train: there is not enough memory\n";
    return hgq::kExitFailed;
  } catch (const std::exception& e) {
    std::cerr << "hgq-train: " << e.what() << "\n";
    return hgq::kExitFailed;
  }
}

void add_data_options(CLI::App& app, hgq::DataCommand& c, bool targets) {
  app.add_option("model", c.model, "model file (model.h5)")->required();
  app.add_option("--data", c.data, "data file: HDF5, NPZ, NPY, IDX or CSV")->required();
  app.add_option("--inputs", c.inputs, "name of the data set, or LAYER=NAME,... for several inputs");
  if (targets) app.add_option("--targets", c.targets, "name of the data set of targets");
  app.add_option("--threads", c.threads, "threads; all processors if not given")->check(CLI::Range(1, 4096));
  app.add_flag("--json", c.json, "print one JSON document");
}

int run(int argc, char** argv) {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  CLI::App app{
      "hgq-train trains HGQ networks for FPGAs: it learns the bit width of every weight, and writes a proxy that "
      "hls4ml reads."};
  app.set_version_flag("--version", std::string("hgq ") + hgq::kVersion);
  app.require_subcommand(0, 1);

  hgq::TrainCommand train;
  std::string config;
  app.add_option("config", train.config, "config file (YAML)");
  app.add_option("--out", train.out, "folder of the run; runs/CONFIGNAME if not given");
  app.add_option("--set", train.sets, "KEY.PATH=YAML, over the config; may be given several times")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--threads", train.threads, "threads; all processors if not given")->check(CLI::Range(1, 4096));
  app.add_option("--seed", train.seed, "seed, over the config's and --set");
  app.add_option("--stop-after", train.stop_after, "stop after this epoch, with a checkpoint")
      ->check(CLI::Range(1, 100000000));
  app.add_option("--stop-after-steps", train.stop_after_steps,
                 "stop after so many batches of the whole training, also within an epoch, with a checkpoint")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 53));
  app.add_option("--checkpoint-seconds", train.checkpoint_seconds,
                 "least time between two checkpoints at the end of an epoch; 2 if not given")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--resume", train.resume, "go on from the run's checkpoint");
  app.add_flag("--quiet", train.quiet, "no progress");

  std::function<int()> action;
  CLI::App* const check = app.add_subcommand("check", "all errors of a config");
  std::string check_config;
  std::vector<std::string> check_sets;
  check->add_option("config", check_config, "config file (YAML)")->required();
  check->add_option("--set", check_sets, "KEY.PATH=YAML, over the config")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  check->callback([&] { action = [&] { return hgq::run_check(check_config, check_sets); }; });

  CLI::App* const summary = app.add_subcommand("summary", "a table of a model's layers");
  std::string summary_model;
  bool summary_json = false;
  summary->add_option("model", summary_model, "model file")->required();
  summary->add_flag("--json", summary_json, "print one JSON document");
  summary->callback([&] { action = [&] { return hgq::run_summary(summary_model, summary_json); }; });

  CLI::App* const eval = app.add_subcommand("eval", "loss and metrics of a model on data");
  hgq::EvalCommand eval_command;
  add_data_options(*eval, eval_command, true);
  eval->add_option("--sample-weights", eval_command.sample_weights,
                   "name of the data set of sample weights, or OUTPUT=NAME,...; all 1 if not given");
  eval->add_option("--loss", eval_command.loss, "loss; the model's own if not given");
  eval->add_option("--metrics", eval_command.metrics, "metrics, comma-separated")->delimiter(',');
  eval->callback([&] { action = [&] { return hgq::run_eval(eval_command); }; });

  CLI::App* const predict =
      app.add_subcommand("predict", "predictions of a model, or of a proxy, which is emulated exactly");
  hgq::PredictCommand predict_command;
  add_data_options(*predict, predict_command, false);
  predict->add_option("--out", predict_command.out, "HDF5 file to write")->required();
  predict
      ->add_option("--softmax-table", predict_command.softmax_table,
                   "of a proxy: softmax as hls4ml computes it, from tables of so many entries; as Keras if not given")
      ->check(CLI::Range(2, 262144));
  predict->add_flag("--with-inputs", predict_command.with_inputs, "write the scaled inputs, too");
  predict->callback([&] { action = [&] { return hgq::run_predict(predict_command); }; });

  CLI::App* const trace = app.add_subcommand("trace", "ranges of all values on data, and exact BOPs");
  hgq::TraceCommand trace_command;
  add_data_options(*trace, trace_command, false);
  trace->add_option("--cover-factor", trace_command.cover_factor, "widens the ranges about their centres")
      ->check(CLI::PositiveNumber);
  trace->add_option("--out", trace_command.out, "model file to write, with the ranges");
  trace->callback([&] { action = [&] { return hgq::run_trace(trace_command); }; });

  CLI::App* const exporting = app.add_subcommand("export", "the proxy of a traced model, for hls4ml");
  hgq::ExportCommand export_command;
  exporting->add_option("model", export_command.model, "model file with ranges")->required();
  exporting->add_option("--out", export_command.out, "proxy file to write")->required();
  exporting->add_option("--overflow", export_command.overflow, "what happens outside the ranges: wrap or sat")
      ->check(CLI::IsMember({"wrap", "sat"}));
  exporting->add_option("--accum-fp-max-offset", export_command.accum_fp_max_offset, "as in Python HGQ");
  exporting->add_option("--unary-lut-max-table-size", export_command.unary_lut_max_table_size, "as in Python HGQ");
  exporting->callback([&] { action = [&] { return hgq::run_export(export_command); }; });

  CLI::App* const verify = app.add_subcommand("verify", "whether a proxy computes what its model computes");
  hgq::VerifyCommand verify_command;
  verify->add_option("proxy", verify_command.model, "proxy file")->required();
  verify->add_option("--against", verify_command.against, "model file")->required();
  verify->add_option("--data", verify_command.data, "data file")->required();
  verify->add_option("--inputs", verify_command.inputs, "name of the data set, or LAYER=NAME,...");
  verify->add_option("--threads", verify_command.threads, "threads")->check(CLI::Range(1, 4096));
  verify->add_flag("--json", verify_command.json, "print one JSON document");
  verify->add_flag("--strict", verify_command.strict, "any row that differs is a no");
  verify->callback([&] { action = [&] { return hgq::run_verify(verify_command); }; });

  CLI::App* const reference = app.add_subcommand("reference", "every key of a config, as a page of Markdown");
  reference->callback([&] { action = [] { return hgq::run_reference(); }; });

  CLI::App* const importing = app.add_subcommand(
      "import", "a model saved by Python HGQ 0.2.x as one of ours, or the proxy of a model saved by QKeras 0.9");
  hgq::ImportCommand import_command;
  importing->add_option("file", import_command.file, "model.h5 of Python HGQ or QKeras")->required();
  importing->add_option("--out", import_command.out, "file to write: a model, or the proxy of a QKeras model")
      ->required();
  importing
      ->add_option(
          "--overflow", import_command.overflow,
          "of a QKeras model: what its proxy does outside of quantized_bits; sat if not given, as QKeras does, "
          "or wrap, which is cheaper and differs there")
      ->check(CLI::IsMember({"wrap", "sat"}));
  importing
      ->add_option("--function", import_command.functions,
                   "NAME=FORMULA IN x, for a function that is Python code; NAME: its own, or that of its layer")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  importing
      ->add_option("--epsilon", import_command.epsilon,
                   "of the batch norms, which Python HGQ does not save; 0.001 if not given")
      ->check(CLI::NonNegativeNumber);
  importing->callback([&] { action = [&] { return hgq::run_import(import_command); }; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? hgq::kExitDone : hgq::kExitBadInput;
  }
  if (action) return guarded(action);
  if (train.config.empty()) {
    std::cerr << app.help() << "\nhgq-train: give a config file or a command\n";
    return hgq::kExitBadInput;
  }
  return guarded([&] { return hgq::run_train(train, interrupted); });
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (...) {  // even the message failed
    return hgq::kExitFailed;
  }
}
