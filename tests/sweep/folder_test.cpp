// The folder of a sweep as a value, its table, and what the terminal and batch systems get.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "hgq/core/system_file.h"
#include "hgq/data/h5.h"
#include "hgq/sweep/batch.h"
#include "hgq/sweep/live_table.h"
#include "hgq/sweep/local_engine.h"
#include "hgq/sweep/run_log.h"
#include "hgq/sweep/sweep_folder.h"
#include "hgq/sweep/table.h"
#include "sweep_test_support.h"

namespace hgq::sweep {
namespace folder_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::ThrowsMessage;

constexpr const char* kHistory = "epoch,loss,val_accuracy,bops,seconds\n1,0.9,0.7,900,0.25\n2,0.5,0.8,,0.5\n";

class SweepFolderTest : public ::testing::Test {
 protected:
  SweepFolderTest() {
    write("sweep.yaml",
          "base: /none/base.yaml\naxes: {model.beta: [1.0e-6], x.units: [8, 16]}\nobjectives: {maximize: val_accuracy, "
          "minimize: bops}\nconstraints: [\"bops < 500\"]\n");
    for (const int64_t number : {1, 2, 3, 10, 11}) add_run(number);
    write("runs/notes.txt", "a file of the user");
  }

  void add_run(int64_t number) {
    const std::string run = run_folder(folder_.path(), run_name(number));
    make_folder(run);
    write_text(folder_, "runs/" + run_name(number) + "/config.yaml", "train: {epochs: 4}\n");
    write_text(folder_, "runs/" + run_name(number) + "/values.yaml",
               concat("model.beta: 1.0e-06\nx.units: ", number, "\ntext: \"a, b\"\n"));
  }
  void write(const std::string& name, const std::string& text) {
    if (name.find('/') != std::string::npos) make_folder(folder_ / name.substr(0, name.rfind('/')));
    write_text(folder_, name, text);
  }
  /// What a run that is done has left.
  void end(const std::string& run) {
    write("runs/" + run + "/exit_code", "0\n");
    write("runs/" + run + "/history.csv", kHistory);
    write("runs/" + run + "/summary.json", "{\"bops\": 900}\n");
    h5::File::create(folder_ / ("runs/" + run + "/model.h5")).flush();
  }
  SweepRecord read() { return read_sweep(folder_.path()); }

  TemporaryFolder folder_;
};

TEST_F(SweepFolderTest, StatesComeFromFiles) {
  write("runs/run_002/history.csv", kHistory);
  write("runs/run_003/history.csv", kHistory);
  end("run_003");
  write("runs/run_010/exit_code", "3\n");
  write("runs/run_010/train.log",
        "hgq-train: note\nhgq-train: error: " + folder_.path() + "/runs/run_010/model.h5: the disk is full\nmore\n");
  write("runs/run_011/exit_code", "137\n");
  const SweepRecord sweep = read();
  std::vector<std::string> states;
  for (const RunRecord& run : sweep.runs) states.push_back(concat(run.name, " ", state_name(run.state)));
  EXPECT_THAT(states,
              ElementsAre("run_001 waiting", "run_002 stopped", "run_003 done", "run_010 failed", "run_011 failed"));
  EXPECT_EQ(sweep.runs[2].epochs, 2);
  EXPECT_EQ(sweep.runs[2].planned_epochs, 4);
  EXPECT_DOUBLE_EQ(sweep.runs[2].seconds, 0.75);
  EXPECT_THAT(sweep.runs[2].last.objectives, ElementsAre(0.8, 900)) << "BOPs are not measured in each epoch";
  EXPECT_FALSE(sweep.runs[2].last.allowed);
  EXPECT_EQ(runs_csv(sweep),
            "run,state,model.beta,x.units,text,val_accuracy,bops,allowed,epochs,message\n"
            "run_001,waiting,1.0e-06,1,\"a, b\",,,,0,\n"
            "run_002,stopped,1.0e-06,2,\"a, b\",0.8,900,no,2,\n"
            "run_003,done,1.0e-06,3,\"a, b\",0.8,900,no,2,\n"
            "run_010,failed,1.0e-06,10,\"a, b\",,,,0,model.h5: the disk is full\n"
            "run_011,failed,1.0e-06,11,\"a, b\",,,,0,ended again and again by signal 9 (Killed)\n");
  EXPECT_EQ(runs_json(sweep)["runs"][3]["objectives"]["bops"], nullptr);
  EXPECT_THAT(runs_text(sweep), HasSubstr("beta"));
  EXPECT_EQ(counts_text(sweep), "1 of 5 runs are done, 2 failed, 1 stopped, 1 waiting");
}

TEST_F(SweepFolderTest, DamagedFilesAreNamed) {
  EXPECT_THAT([&] { read_sweep(folder_ / "runs"); }, ThrowsMessage<FileError>(HasSubstr("holds no sweep: sweep.yaml")));
  EXPECT_THAT([&] { read_sweep(folder_ / "none"); }, ThrowsMessage<FileError>(HasSubstr("no such folder")));
  const auto told = [&] {
    const SweepRecord sweep = read();
    EXPECT_EQ(state_name(sweep.runs[0].state), "waiting") << "no other run is stopped by it";
    EXPECT_EQ(state_name(sweep.runs[1].state), "failed");
    EXPECT_EQ(sweep.runs[1].last.objectives.size(), 2U);
    EXPECT_THAT(sweep.runs[1].message, HasSubstr("to make this run anew"));
    return sweep.runs[1].message;
  };
  write("runs/run_002/exit_code", "zero");
  EXPECT_THAT(told(), HasSubstr("run_002/exit_code: found 'zero', expected a number"));
  write("runs/run_002/exit_code", "");
  EXPECT_THAT(told(), HasSubstr("run_002/exit_code: found ''"));
  end("run_002");
  write("runs/run_002/history.csv", "epoch,loss\n1,many\n");
  EXPECT_THAT(told(), HasSubstr("run_002/history.csv: "));
  write("runs/run_002/history.csv", kHistory);
  write("runs/run_002/config.yaml", "train: {epochs: [");
  EXPECT_THAT(told(), HasSubstr("run_002/config.yaml"));
  write("runs/run_002/config.yaml", "");
  EXPECT_THAT(told(), HasSubstr("run_002/config.yaml: is damaged: found nothing, expected the config of the run"));
  write("runs/run_002/config.yaml", "train: {epochs: 4}\n");
  remove_file(folder_ / "runs/run_002/history.csv");
  EXPECT_THAT(told(), HasSubstr("run_002/history.csv: is gone or empty, although the run is done"));
}

// --resume writes these files again, so it tries the run again.
TEST_F(SweepFolderTest, DamagedResultsOfARunAreSeenAndMadeAgain) {
  end("run_002");
  const std::string folder = folder_ / "runs/run_002/";
  write("runs/run_002/pareto/pareto.csv", "file,epoch,val_accuracy\nepoch_0002.h5,2,0.8\n");
  for (const char* const name : {"values.yaml", "summary.json", "model.h5", "pareto/pareto.csv"}) {
    const std::string whole = read_file(folder + name, 1U << 20U);
    EXPECT_EQ(state_name(read().runs[1].state), "done");
    for (const std::string& damaged : {whole.substr(0, whole.size() / 2) + ": [", std::string("[")}) {
      write(concat("runs/run_002/", name), damaged);
      SweepRecord sweep = read();
      EXPECT_EQ(state_name(sweep.runs[0].state), "waiting");
      EXPECT_EQ(state_name(sweep.runs[1].state), "failed") << name;
      EXPECT_THAT(sweep.runs[1].message, HasSubstr(concat("run_002/", name, ":")));
      EXPECT_THAT(sweep.runs[1].message, HasSubstr("--resume writes the file again"));
      if (sweep.runs[1].damage == Damage::kLasting) continue;  // values.yaml, which the start of the sweep writes
      forget_failures(sweep);
      EXPECT_EQ(state_name(sweep.runs[1].state), "stopped") << name;
      write_exit_code(folder, 0);
    }
    write(concat("runs/run_002/", name), whole);
  }
  write("runs/run_002/pareto/pareto.csv", "file,epoch,val_accuracy\nepoch_0002.h5,2\n");
  EXPECT_THAT(read().runs[1].message, HasSubstr("pareto.csv:2: found 2 values, expected 3"));
  write("runs/run_002/pareto/pareto.csv", "file,epoch,val_accuracy\nepoch_0002.h5,2,high\n");
  EXPECT_THAT(read().runs[1].message, HasSubstr("pareto.csv:2: found 'high', expected a number"));
}

// Files of a run that is done have been removed: it is continued, which writes them again.
TEST_F(SweepFolderTest, ARunWithoutItsFilesIsNotDone) {
  write("runs/run_002/history.csv", kHistory);
  end("run_002");
  EXPECT_EQ(state_name(read().runs[1].state), "done");
  write("runs/run_002/summary.json", "");
  EXPECT_EQ(state_name(read().runs[1].state), "stopped");
}

TEST_F(SweepFolderTest, ALogSaysWhyARunFailed) {
  const std::string run = run_folder(folder_.path(), "run_001");
  EXPECT_EQ(why_failed(run, 3), "hgq-train ended with exit code 3");
  write("runs/run_001/train.log", "hgq-train: error: first\nhgq-train: error: last\nits second line\n");
  EXPECT_EQ(why_failed(run, 2), "last");
  EXPECT_FALSE(was_in_use(run));
  write(
      "runs/run_001/train.log",
      std::string(100000, 'x') + "\nhgq-train: error: the folder 'r' is in use by another program (process 1); wait\n");
  EXPECT_TRUE(was_in_use(run));
  write("runs/run_001/train.log", "hgq-train: there is no proxy.h5: a reason\n");
  EXPECT_EQ(why_failed(run, 3), "there is no proxy.h5: a reason");
}

TEST_F(SweepFolderTest, LinesForATerminalFit) {
  write("runs/run_002/history.csv", kHistory);
  const SweepRecord sweep = read();
  EXPECT_THAT(live_lines(sweep, {1}, 200),
              ElementsAre("0 of 5 runs are done, 1 stopped, 4 waiting",
                          "run_002  epoch 2/4  val_accuracy 0.8  bops 900  beta 1.0e-06  units 2  text a, b"));
  for (const std::string& line : live_lines(sweep, {0, 1, 2}, 30)) EXPECT_LE(line.size(), 30U);
}

TEST_F(SweepFolderTest, BatchJobsHaveTheRunsThatAreNotDone) {
  EXPECT_EQ(task_list(read()), "1-3,10-11");
  end("run_002");
  EXPECT_EQ(task_list(read()), "1,3,10-11");
  const SweepRecord sweep = read();
  const BatchJob job =
      slurm_job(sweep, {.program = "it's", .threads = 2, .at_a_time = 7}, {{"time", "10"}, {"exclusive", ""}});
  EXPECT_THAT(job.text, HasSubstr("#SBATCH --array=1,3,10-11%7\n"));
  EXPECT_THAT(job.text, HasSubstr("#SBATCH --time=10\n#SBATCH --exclusive\n"));
  EXPECT_THAT(htcondor_job(sweep, {}, {}).text, HasSubstr("queue run from (\nrun_001\nrun_003\nrun_010\nrun_011\n)\n"));
  // No line that hgq writes can be set by the file of a sweep, too.
  const auto keys_of = [](const std::string& text, const std::string& mark) {
    std::vector<std::string> keys;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(mark))
        keys.push_back(line.substr(mark.size(), line.find_first_of(" =", mark.size()) - mark.size()));
    }
    return keys;
  };
  for (const std::string& key : keys_of(slurm_job(sweep, {.program = "p", .at_a_time = 7}, {}).text, "#SBATCH --"))
    EXPECT_NE(find_reserved("slurm", key), nullptr) << key;
  for (const std::string& key : keys_of(htcondor_job(sweep, {.program = "p", .at_a_time = 7}, {}).text, "")) {
    if (key.starts_with("run_") || key == ")") continue;
    EXPECT_NE(find_reserved("htcondor", key), nullptr) << key;
  }
  EXPECT_THAT(task_script({}, {.program = "it's"}), HasSubstr("'it'\\''s' \"$run/config.yaml\""));
}

}  // namespace folder_test
}  // namespace hgq::sweep
