#include "hgq/apps/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>

#include "hgq/apps/add_command.h"
#include "hgq/apps/command_docs.h"
#include "hgq/apps/command_line_runs.h"
#include "hgq/apps/commands.h"
#include "hgq/apps/shared_options.h"
#include "hgq/apps/value_checks.h"
#include "hgq/apps/version_text.h"
#include "hgq/config/config_scalar.h"
#include "hgq/config/nearest_name.h"
#include "hgq/config/node.h"
#include "hgq/core/error.h"
#include "hgq/core/version.h"

// The word for a value (type_name) is CONFIG, MODEL, PROXY, FILE or FOLDER if the value is a path, which the shell
// completes. A value NAME=VALUE must contain the sign, a value [NAME=]VALUE need not (usage_errors.cpp).

namespace hgq {
namespace {

constexpr int64_t kLargestInteger = std::numeric_limits<int64_t>::max();
constexpr int64_t kSmallestInteger = std::numeric_limits<int64_t>::min();

void add_sets(CLI::App& app, std::vector<std::string>& sets) {
  add_repeated(app, "--set", sets, "KEY.PATH=YAML",
               "changes a key of the config, as --set train.epochs=500 or --set data.file=other.csv; may be given "
               "several times, later ones have priority; paths in it start from the current folder");
}

/// A training run: what hgq-train does with a config file and no command.
void add_train(CLI::App& app, TrainCommand& c) {
  app.add_option("config", c.config, "config file (YAML)")->type_name("CONFIG");
  app.add_option("--out", c.out, "folder of the run; runs/CONFIGNAME if not given")->type_name("FOLDER");
  add_sets(app, c.sets);
  add_threads(app, c.threads);
  app.add_option("--seed", c.seed, "seed of all that is random; replaces that of the config and of --set")
      ->type_name("N")
      ->check(integer_in(0, kLargestInteger));
  app.add_option("--stop-after", c.stop_after, "stop after this epoch, with a checkpoint")
      ->type_name("N")
      ->check(integer_in(1, 100000000));
  app.add_option("--stop-after-steps", c.stop_after_steps,
                 "stop after so many batches of the whole training, also within an epoch, with a checkpoint")
      ->type_name("N")
      ->check(integer_in(1, int64_t{1} << 53));
  app.add_option("--checkpoint-seconds", c.checkpoint_seconds,
                 "least time between two checkpoints at the end of an epoch; 2 if not given")
      ->type_name("SECONDS")
      ->check(number_above(0, true));
  app.add_flag("--resume", c.resume, "continue from the checkpoint of the run");
  app.add_flag("--profile", c.profile,
               "tell where the time of the training goes, as a table and in profile.json of the run");
  add_quiet(app, c.quiet);
  add_json(app, c.json);
}

void add_check(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<CheckCommand>(app, action, "check", "all errors of a config", run_check);
  sub->add_option("config", c->config, "config file (YAML)")->type_name("CONFIG")->required();
  add_sets(*sub, c->sets);
  add_json(*sub, c->json);
}

void add_summary(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<SummaryCommand>(
      app, action, "summary", "a model or a proxy, layer by layer: weights, bits, types, BOPs, LUTs", run_summary);
  sub->add_option("model", c->model, "model file (model.h5) or proxy file (proxy.h5)")->type_name("MODEL")->required();
  sub->add_option("--elements", c->elements, "print every weight and value of this layer with its bits, as CSV")
      ->type_name("LAYER");
  sub->add_option("--stage-delay", c->stage_delay,
                  "the most nanoseconds of logic between two registers, for flip-flops and clocks; 5 if not given")
      ->type_name("NS")
      ->check(number_above(0, false));
  sub->add_flag("--luts", c->luts, "estimate LUTs also for a large network, however long it takes");
  add_threads(*sub, c->threads);
  add_json(*sub, c->json);
}

void add_eval(CLI::App& app, Action& action) {
  const auto [sub, c] =
      add_command<EvalCommand>(app, action, "eval", "loss and metrics of a model, or of a proxy, on data", run_eval);
  add_data_options(*sub, *c, true);
  sub->add_option("--sample-weights", c->sample_weights,
                  "as --targets, factors of the rows' losses; all 1 if not given")
      ->type_name("NAME");
  sub->add_option("--loss", c->loss,
                  "loss, with keys as in a config: '{huber: {delta: 2}}'; the model's own if not given")
      ->type_name("NAME");
  sub->add_option("--metrics", c->metrics,
                  "metrics, with commas between them, and keys as in a config; the model's own if not given")
      ->type_name("NAME,...");
  sub->add_option("--report", c->out,
                  "JSON file to write: confusion matrix, precision, recall and ROC of each class, residuals; also "
                  "printed as tables")
      ->type_name("FILE");
}

void add_predict(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<PredictCommand>(
      app, action, "predict", "predictions of a model, or of a proxy, which is emulated exactly", run_predict);
  add_data_options(*sub, *c, false);
  sub->add_option("--out", c->out, "file to write: CSV or NPY if its name ends so, otherwise HDF5")
      ->type_name("FILE")
      ->required();
  sub->add_option("--softmax-table", c->softmax_table,
                  "of a proxy: softmax as hls4ml computes it, from tables of so many entries; as Keras if not given")
      ->type_name("N")
      ->check(integer_in(2, 262144));
  sub->add_flag("--with-inputs", c->with_inputs, "write the scaled inputs, too");
  sub->add_flag("--scaled-outputs", c->scaled_outputs,
                "of a model with data.scale_targets: what the network gives, not in the unit of the targets");
}

void add_trace(CLI::App& app, Action& action) {
  const auto [sub, c] =
      add_command<TraceCommand>(app, action, "trace", "ranges of all values on data, and exact BOPs", run_trace);
  add_data_options(*sub, *c, false);
  sub->add_option("--cover-factor", c->cover_factor,
                  "widens the ranges about their centres by this factor; 1 if not given")
      ->type_name("FACTOR")
      ->check(number_above(0, false));
  sub->add_option("--out", c->out, "model file to write, with the ranges; none if not given")->type_name("FILE");
}

void add_export(CLI::App& app, Action& action) {
  const auto [sub, c] =
      add_command<ExportCommand>(app, action, "export", "the proxy of a traced model, for hls4ml", run_export);
  sub->add_option("model", c->model, "model file with ranges (of a run, or of 'trace --out')")
      ->type_name("MODEL")
      ->required();
  sub->add_option("--out", c->out, "proxy file to write")->type_name("FILE")->required();
  one_of(*sub->add_option("--overflow", c->overflow,
                          "what numbers out of range become: wrap (as integers do; cheaper) or sat (the nearest "
                          "end of the range); wrap if not given"),
         {"wrap", "sat"});
  sub->add_option("--accum-fp-max-offset", c->accum_fp_max_offset,
                  "accepted as in Python HGQ, where it changes no value")
      ->type_name("N")
      ->check(integer_in(kSmallestInteger, kLargestInteger));
  sub->add_option(
         "--unary-lut-max-table-size", c->unary_lut_max_table_size,
         "entries of the largest table for a function; 2048, the most that Keras opens, if not given; -1: none")
      ->type_name("N")
      ->check(integer_in(-1, kLargestInteger));
  sub->add_flag("--fold-scaling", c->fold_scaling,
                "the proxy takes the numbers of the data as they are, and computes the same bits; for data.scale: "
                "power_of_two");
  add_json(*sub, c->json);
}

void add_verify(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<VerifyCommand>(
      app, action, "verify", "whether a proxy computes what its model computes, or RTL what its proxy computes",
      run_verify);
  sub->add_option("proxy", c->model, "proxy file (proxy.h5), or a folder of 'rtl', which is simulated")
      ->type_name("PROXY")
      ->required();
  sub->add_option("--against", c->against, "of a proxy file, required: the model file that it was made of")
      ->type_name("MODEL");
  add_file_options(*sub, *c, false);
  add_allow_external(*sub, *c);
  add_threads(*sub, c->threads);
  add_json(*sub, c->json);
  sub->add_flag("--strict", c->strict, "rows with overflow must agree, too");
}

void add_rtl(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<RtlCommand>(app, action, "rtl",
                                                "a proxy as Verilog or VHDL, with a test bench and a report", run_rtl);
  sub->add_option("proxy", c->model, "proxy file (proxy.h5)")->type_name("PROXY")->required();
  sub->add_option("--out", c->out, "folder to write")->type_name("FOLDER")->required();
  add_rtl_options(*sub, *c);
}

void add_sweep(CLI::App& app, Action& action) {
  const auto [sub, c] =
      add_command<SweepCommand>(app, action, "sweep", "many runs of one config, whose keys vary along axes", run_sweep);
  add_sweep_options(*sub, *c);
}

void add_import(CLI::App& app, Action& action) {
  const auto [sub, c] = add_command<ImportCommand>(
      app, action, "import",
      "a model saved by Python HGQ 0.2.x as one of ours, or the proxy of a model saved by QKeras 0.9", run_import);
  sub->add_option("file", c->file,
                  "model.h5 of Python HGQ or QKeras; of QKeras and Keras also .keras, or JSON with --weights")
      ->type_name("FILE")
      ->required();
  sub->add_option("--weights", c->weights, "of a model as JSON: file that save_weights() has written")
      ->type_name("FILE");
  sub->add_option("--out", c->out, "file to write: a model, or the proxy of a QKeras model")
      ->type_name("FILE")
      ->required();
  one_of(*sub->add_option(
             "--overflow", c->overflow,
             "of a QKeras model: what its proxy does outside of quantized_bits; sat if not given, as QKeras does, "
             "or wrap, which is cheaper and differs there"),
         {"wrap", "sat"});
  add_repeated(*sub, "--input-bits", c->input_bits, "[INPUT=]TYPE",
               "of a QKeras model: as 'ap_fixed<16,6>', for inputs without a quantizer after them");
  add_repeated(*sub, "--function", c->functions, "NAME=FORMULA",
               "a formula in x for a function that is Python code; NAME: its own, or that of its layer");
  sub->add_option("--epsilon", c->epsilon,
                  "epsilon of the batch norms, which Python HGQ does not save; 0.001 if not given")
      ->type_name("NUMBER")
      ->check(number_above(0, true));
  add_json(*sub, c->json);
}

void add_reference(CLI::App& app, Action& action) {
  struct None {};
  add_command<None>(app, action, "reference", "every key of a config, as a page of Markdown",
                    [](const None&, const Registry& registry) { return run_reference(registry); });
}

int print(const std::string& text) {
  std::cout << text;
  return kExitDone;
}

void add_completion(CLI::App& app, Action& action, const ProgramDoc& program) {
  struct Completion {
    std::string shell;
  };
  const auto [sub, c] = add_command<Completion>(app, action, "completion",
                                                "a script by which the shell completes commands, options and files",
                                                [&program](const Completion& completion, const Registry&) {
                                                  return print(completion_script(program, completion.shell));
                                                });
  one_of(*sub->add_option("shell", c->shell, "the shell that it is for")->required(), {"bash", "zsh", "fish"});
}

void add_manual(CLI::App& app, Action& action, const ProgramDoc& program) {
  struct None {};
  add_command<None>(app, action, "manual", "the manual page, hgq-train(1), in roff",
                    [&program](const None&, const Registry&) { return print(manual_page(program, kVersion)); });
}

CommandDoc doc_of(const CLI::App& app) {
  CommandDoc doc{app.get_name(), app.get_description(), {}};
  for (const CLI::Option* const option : app.get_options()) {
    OptionDoc o;
    o.positional = option->get_lnames().empty();
    o.repeated = o.positional && option->get_items_expected_max() > 1;
    o.name = o.positional ? option->get_name(true) : "--" + option->get_lnames().front();
    if (option->get_items_expected_max() > 0) o.value = option->get_type_name();
    for (std::size_t begin = 0; o.value.find('|') != std::string::npos && begin <= o.value.size();) {
      const std::size_t end = std::min(o.value.find('|', begin), o.value.size());
      o.choices.push_back(o.value.substr(begin, end - begin));
      begin = end + 1;
    }
    o.doc = option->get_description();
    o.required = option->get_required();
    doc.options.push_back(std::move(o));
  }
  return doc;
}

ProgramDoc program_doc(const CLI::App& app) {
  ProgramDoc program{app.get_description(), doc_of(app), {}};
  program.train.name.clear();
  for (const CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; }))
    program.commands.push_back(doc_of(*command));
  return program;
}

/// The app with all commands. Stores the chosen command in `action`.
class CommandLine {
 public:
  CommandLine() {
    app_.name("hgq-train");
    app_.set_version_flag("--version", version_text(), "print the versions of hgq and of what it is built on");
    app_.set_help_flag("-h,--help", "print this help; after a command, the help of the command");
    app_.require_subcommand(0, 1);
    add_train(app_, *train_);
    add_check(app_, action_);
    add_summary(app_, action_);
    add_eval(app_, action_);
    add_predict(app_, action_);
    add_trace(app_, action_);
    add_export(app_, action_);
    add_rtl(app_, action_);
    add_verify(app_, action_);
    add_import(app_, action_);
    add_sweep(app_, action_);
    add_run_commands(app_, action_);
    add_reference(app_, action_);
    add_completion(app_, action_, program_);
    add_manual(app_, action_, program_);
    app_.footer(footer());
    program_ = program_doc(app_);
  }

  Action read(std::span<const std::string> arguments) {
    std::string errors;
    for (const std::string& error : usage_errors(program_, arguments)) errors += (errors.empty() ? "" : "\n") + error;
    HGQ_CHECK(errors.empty(), ConfigError, errors);
    try {
      app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes them from the back
    } catch (const CLI::Success&) {
      throw;
    } catch (const CLI::ParseError& e) {
      throw ConfigError(e.what());
    }
    if (action_) return action_;
    HGQ_CHECK(!train_->config.empty(), ConfigError, "give a config file or a command (hgq-train --help lists them)");
    return [train = train_](const Registry& registry) { return run_train(*train, registry); };
  }

  /// The text of --help or --version.
  Action exit(const CLI::Success& success) {
    app_.exit(success);
    return [](const Registry&) { return kExitDone; };
  }

 private:
  static std::string footer() {
    std::string text = "Exit codes:\n";
    for (const NamedDoc& code : exit_codes())
      text += concat("  ", code.name, std::string(5 - code.name.size(), ' '), code.doc, "\n");
    return text;
  }

  CLI::App app_{
      "hgq-train trains HGQ networks for FPGAs: it learns the bit width of every weight, and writes a proxy that "
      "hls4ml reads."};
  Action action_;
  std::shared_ptr<TrainCommand> train_ = std::make_shared<TrainCommand>();
  ProgramDoc program_;
};

}  // namespace

std::function<int(const Registry&)> read_command_line(int argc, const char* const* argv) {
  const auto line = std::make_shared<CommandLine>();
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  try {
    // The commands get their options from `line`.
    return [line, action = line->read(arguments)](const Registry& registry) { return action(registry); };
  } catch (const CLI::Success& success) {
    return line->exit(success);
  }
}

}  // namespace hgq
