#include "hgq/apps/command_docs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"

namespace hgq {
namespace command_docs_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

OptionDoc positional(const std::string& value, const std::string& doc) {
  return {.name = value, .value = value, .choices = {}, .doc = doc, .positional = true, .required = true};
}

OptionDoc option(const std::string& name, const std::string& value, bool required = false) {
  return {
      .name = name, .value = value, .choices = {}, .doc = "it's " + name, .positional = false, .required = required};
}

ProgramDoc program() {
  ProgramDoc p{"trains", {"", "", {positional("CONFIG", "config file")}}, {}};
  p.train.options[0].required = false;
  for (const char* const name : {"--help", "--quiet", "--resume"}) p.train.options.push_back(option(name, ""));
  for (const char* const name : {"--seed", "--threads"}) p.train.options.push_back(option(name, "X"));
  p.train.options.push_back(option("--set", "KEY=X"));
  p.train.options.push_back(option("--out", "FOLDER"));
  p.commands = {{"check", "all errors", {positional("CONFIG", "config file"), option("--set", "KEY=X")}},
                {"predict",
                 "predictions",
                 {positional("MODEL", "model file"), option("--data", "FILE", true), option("--out", "FILE", true),
                  option("--threads", "N"), option("--overflow", "wrap|sat")}}};
  p.commands[1].options.back().choices = {"wrap", "sat"};
  return p;
}

std::vector<std::string> errors(const std::vector<std::string>& words) { return usage_errors(program(), words); }

TEST(UsageErrors, RightOnesHaveNone) {
  EXPECT_THAT(errors({}), IsEmpty());
  EXPECT_THAT(errors({"x.yaml"}), IsEmpty());
  EXPECT_THAT(errors({"x.yaml", "--set", "a=b", "--set=c=d", "--quiet", "--seed", "-3"}), IsEmpty());
  EXPECT_THAT(errors({"check", "x.yaml"}), IsEmpty());
  EXPECT_THAT(errors({"predict", "m.h5", "--data", "d.h5", "--out", "y.h5"}), IsEmpty());
  EXPECT_THAT(errors({"predict", "--data", "d.h5", "--out", "y.h5", "--", "--strange"}), IsEmpty());
  EXPECT_THAT(errors({"predict", "--nonsense", "--help"}), IsEmpty());
}

TEST(UsageErrors, CommandsAreSuggested) {
  EXPECT_THAT(errors({"chekc"}), ElementsAre("there is no command or file 'chekc', did you mean the command 'check'?"));
  EXPECT_THAT(errors({"chekc", "x.yaml", "--set", "a=b"}),
              ElementsAre("there is no command or file 'chekc', did you mean the command 'check'?"));
  EXPECT_THAT(errors({"train", "x.yaml"}),
              ElementsAre("there is no command 'train'; a config alone starts a training run: "
                          "hgq-train x.yaml"));
  EXPECT_THAT(errors({"frob", "x.yaml"}), ElementsAre("there is no command 'frob'; there are: check, predict"));
  EXPECT_THAT(errors({"x.yaml", "check"}), ElementsAre("the command must come first: hgq-train check x.yaml"));
  EXPECT_THAT(errors({"--quiet", "check", "x.yaml"}),
              ElementsAre("'--quiet' belongs to a training run, not to 'check'"));
}

TEST(UsageErrors, OptionsAreSuggested) {
  EXPECT_THAT(errors({"x.yaml", "--thread", "2"}),
              ElementsAre("a training run has no option '--thread', did you mean '--threads'?"));
  EXPECT_THAT(errors({"x.yaml", "-o", "r"}),
              ElementsAre("a training run has no option '-o', did you mean '--out'?", HasSubstr("found 'r' after")));
  EXPECT_THAT(errors({"check", "x.yaml", "--seed", "3"}),
              ElementsAre("'check' has no option '--seed'; it belongs to a training run: hgq-train CONFIG --seed"));
  EXPECT_THAT(errors({"x.yaml", "--data", "d.h5"}),
              ElementsAre("a training run has no option '--data'; it belongs to 'predict'"));
}

TEST(UsageErrors, KeysOfTheConfigAreSetBySet) {
  EXPECT_THAT(
      errors({"x.yaml", "--epochs", "5"}),
      ElementsAre("a training run has no option '--epochs'; it is a key of the config: --set train.epochs=..."));
  EXPECT_THAT(errors({"check", "x.yaml", "--batch-size=5"}), ElementsAre(HasSubstr("--set train.batch_size=...")));
  EXPECT_THAT(errors({"--set", "train.epochs", "5", "x.yaml"}),
              ElementsAre("--set needs a value KEY=X, found 'train.epochs'; did you mean --set train.epochs=5?"));
  EXPECT_THAT(errors({"x.yaml", "--set=train.epochs"}), ElementsAre("--set needs a value KEY=X, found 'train.epochs'"));
}

TEST(UsageErrors, ValuesAndFilesThatAreMissingAreAllNamed) {
  EXPECT_THAT(errors({"x.yaml", "--out"}), ElementsAre("--out needs a value, FOLDER: it's --out"));
  EXPECT_THAT(errors({"x.yaml", "--out", "--quiet"}),
              ElementsAre("--out needs a value, FOLDER, found '--quiet' (if it is meant: --out=--quiet)"));
  EXPECT_THAT(errors({"x.yaml", "--out="}), ElementsAre(HasSubstr("--out needs a value")));
  EXPECT_THAT(errors({"x.yaml", "--quiet=yes"}), ElementsAre("--quiet takes no value, found '--quiet=yes'"));
  EXPECT_THAT(errors({"predict"}),
              ElementsAre("'predict' needs MODEL, model file; --data, it's --data; --out, it's --out; "
                          "usage: hgq-train predict MODEL --data FILE --out FILE"));
  EXPECT_THAT(errors({"x.yaml", "y.yaml"}), ElementsAre("found 'y.yaml' after 'x.yaml', expected hgq-train CONFIG"));
}

TEST(CompletionScript, NamesEveryCommandAndOption) {
  for (const char* const shell : {"bash", "zsh", "fish"}) {
    const std::string script = completion_script(program(), shell);
    for (const char* const word : {"check", "predict", "threads", "overflow", "wrap sat", "quiet"})
      EXPECT_THAT(script, HasSubstr(word)) << shell;
  }
  EXPECT_THROW(completion_script(program(), "tcsh"), ConfigError);
}

TEST(ManualPage, HasEveryCommandOptionFileAndExitCode) {
  const std::string page = manual_page(program(), "1.2");
  for (const char* const word : {".SS predict", "\\-\\-overflow", "checkpoint.h5", "EXIT STATUS", "hgq 1.2"})
    EXPECT_THAT(page, HasSubstr(word));
}

}  // namespace command_docs_test
}  // namespace hgq
