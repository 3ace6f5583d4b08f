// The manual page hgq-train(1), and the lists that docs/config.md also contains.
#include <array>

#include "hgq/apps/command_docs.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

/// Text for roff: hyphens stay hyphens when they are copied, and no line begins like a request.
std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  const bool like_request = out.starts_with(".") || out.starts_with("'");
  return like_request ? "\\&" + out : out;
}

std::string item(const std::string& head, std::string_view text) {
  return concat(".TP\n", head, "\n", roff(text), "\n");
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string options_of(const CommandDoc& command) {
  std::string out;
  for (const OptionDoc& option : command.options) {
    const std::string required = option.required && !option.positional ? ", required" : "";
    if (option.positional) {
      out += item(italic(option.value), option.doc);
    } else {
      out += item(bold(option.name) + (option.value.empty() ? "" : " " + italic(option.value)), option.doc + required);
    }
  }
  return out;
}

std::string synopsis(const CommandDoc& command) {
  std::string out = ".B hgq\\-train" + (command.name.empty() ? "" : " " + roff(command.name)) + "\n";
  std::string rest;
  for (const OptionDoc& option : command.options) {
    if (option.positional) rest += (rest.empty() ? "" : " ") + italic(option.value) + (option.repeated ? " ..." : "");
    if (!option.positional && option.required)
      rest += concat(rest.empty() ? "" : " ", bold(option.name), " ", italic(option.value));
  }
  return out + rest + (rest.empty() ? "" : " ") + "[" + italic("OPTIONS") + "]\n.br\n";
}

constexpr std::array<NamedDoc, 5> kExitCodes{
    {{"0", "done; stopped by --stop-after, too"},
     {"1",
      "the answer is no: verify found a row without overflow that differs (with --strict: any row); or a run did, "
      "which has "
      "written all files, and the reason is neither hls4ml nor float32, of which a note tells"},
     {"2", "the command line, the config, or a file that was given is wrong; nothing was done"},
     {"3",
      "the run failed: the loss is not finite, the disk is full; or the model is trained and written, but no proxy can "
      "be made of it"},
     {"130", "interrupted (Ctrl-C, SIGTERM); a run has a checkpoint, from which --resume continues"}}};

constexpr std::array<NamedDoc, 12> kRunFiles{
    {{"config.yaml", "the config with all --set values, and absolute paths of files; it runs the same again"},
     {"history.csv",
      "a row for each epoch: epoch, loss, metrics, the same of the validation rows (val_...), bops, beta, "
      "learning_rate, seconds"},
     {"checkpoint.h5", "the newest state of the training, from which --resume continues"},
     {"pareto/",
      "models that no other model beats, with pareto.csv (of the callback ParetoFront), which at the end of the run "
      "has "
      "exact BOPs and the metrics on the test rows, too"},
     {"model.h5", "the trained model with its ranges; Python HGQ 0.2.6 opens it, too"},
     {"proxy.h5", "the proxy, which hls4ml 1.3.0 reads"},
     {"scaling.csv", "with data.scale: how the inputs of the network are made of those in the data"},
     {"output_scaling.csv", "with data.scale_targets: how numbers in the unit of the data are made of the outputs"},
     {"summary.json",
      "metrics of model and proxy on the test rows (loss is the task loss with BOPs and regularizers, task_loss "
      "without "
      "them, as of the proxy), BOPs and bits of each layer, what verify found, times"},
     {"evaluation.json",
      "the predictions for the test rows: confusion matrix, recall and ROC of each class, residuals, as eval --report "
      "writes them"},
     {"profile.json",
      "with --profile: where the time of the training went, by phase and operation, of this call alone"},
     {"report.html", "a page about all of this, to look at in a browser; 'hgq-train report' makes it anew"}}};

}  // namespace

std::span<const NamedDoc> exit_codes() { return kExitCodes; }
std::span<const NamedDoc> run_files() { return kRunFiles; }

std::string manual_page(const ProgramDoc& program, const std::string& version) {
  std::string out =
      concat(".\\\" Made by: hgq-train manual\n.TH HGQ\\-TRAIN 1 \"\" \"hgq ", version, "\" \"User Commands\"\n");
  out +=
      ".SH NAME\nhgq\\-train \\- trains quantized neural networks for FPGAs\n.SH SYNOPSIS\n" + synopsis(program.train);
  for (const CommandDoc& command : program.commands) out += synopsis(command);
  out += ".SH DESCRIPTION\n" + roff(program.doc) + "\n.PP\n";
  out += roff(
      "Without a command, the config is trained. Results go to standard output, messages and progress to standard "
      "error. Every key of a config is in docs/config.md, which 'hgq-train reference' prints.");
  out += "\n.SH OPTIONS OF A TRAINING RUN\n" + options_of(program.train);
  out += ".SH COMMANDS\n";
  for (const CommandDoc& command : program.commands) {
    out += concat(".SS ", roff(command.name), "\n", roff(command.doc), "\n", options_of(command));
  }
  out += ".SH FILES\nThe folder of a run contains\n";
  for (const NamedDoc& file : run_files()) out += item(italic(file.name), file.doc);
  out += ".SH EXIT STATUS\n";
  for (const NamedDoc& code : exit_codes()) out += item(bold(code.name), code.doc);
  out += ".SH EXAMPLES\n.nf\n";
  for (const std::string_view line :
       {"hgq-train check my.yaml", "hgq-train my.yaml --out runs/first --set train.epochs=500",
        "hgq-train my.yaml --out runs/first --set train.epochs=500 --resume", "hgq-train show runs/first",
        "hgq-train verify runs/first/proxy.h5 --against runs/first/model.h5 --data my.csv"})
    out += roff(line) + "\n";
  return out + ".fi\n";
}

}  // namespace hgq
