// Progress: what a user sees while training. On a terminal a line that is rewritten, never longer than the terminal is
// wide: epoch, loss, metrics of the validation rows, BOPs, time left, then the rest as far as there is room. In a pipe
// one plain line an epoch at most, at first each, then thinned so that a long run prints a few hundred.
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "hgq/callbacks/callback.h"

namespace hgq {

class Progress : public Callback {
 public:
  /// `out`: standard error as a rule; `terminal`: whether lines may be rewritten.
  Progress(std::FILE* out, bool terminal);
  /// Ends an open line, so that a message after a failed run has a line of its own.
  ~Progress() override;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  std::string_view name() const override { return "Progress"; }
  void on_train_begin(Training& t) override;
  void on_batch_end(Training& t) override;
  void on_log(Training& t) override;
  void on_train_end(Training& t) override;

 private:
  void print(const Training& t, bool whole_epoch);
  void close_line();
  /// Names and values to show, the important first.
  std::vector<std::pair<std::string, double>> numbers(const Training& t, bool whole_epoch);

  std::FILE* out_;
  bool terminal_;
  double begin_ = 0, last_ = 0, last_line_ = 0;
  int first_epoch_ = 0;
  bool open_line_ = false;
  std::vector<std::pair<std::string, double>> validated_;  // of the last epoch
};

}  // namespace hgq
