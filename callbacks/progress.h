// Progress: what a user sees during training. On a terminal one line is rewritten, which is never wider than the
// terminal: epoch, loss, metrics of the validation set, BOPs, time left, and other values as far as there is room.
// Elsewhere plain lines are printed, at first one for each epoch, then fewer, so that a long run prints a few hundred.
#pragma once

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "hgq/callbacks/callback.h"

namespace hgq {

class Progress : public Callback {
 public:
  /// `out` is usually standard error, and must outlive this; `terminal` tells whether lines may be rewritten.
  Progress(std::FILE* out, bool terminal);
  /// Ends an open line, so that a message after a failed run begins on its own line.
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
  /// The names and values to show, the most important first.
  std::vector<std::pair<std::string, double>> numbers(const Training& t, bool whole_epoch);

  std::FILE* out_;
  bool terminal_;
  double begin_ = 0, last_ = 0, last_line_ = 0;
  int first_epoch_ = 0;
  bool open_line_ = false;
  std::vector<std::pair<std::string, double>> validated_;  // of the last epoch
};

}  // namespace hgq
