// Progress: what a user sees while training. On a terminal a line that is rewritten (epoch, loss, metrics, BOPs,
// samples/s, time left); in a pipe one plain line an epoch at most, at first each, then thinned so that a long run
// prints a few hundred.
#pragma once

#include <cstdio>

#include "hgq/callbacks/callback.h"

namespace hgq {

class Progress : public Callback {
 public:
  /// `out`: standard error as a rule; `terminal`: whether lines may be rewritten.
  Progress(std::FILE* out, bool terminal);
  std::string_view name() const override { return "Progress"; }
  void on_train_begin(Training& t) override;
  void on_batch_end(Training& t) override;
  void on_log(Training& t) override;
  void on_train_end(Training& t) override;

 private:
  void print(const Training& t, bool whole_epoch);
  std::FILE* out_;
  bool terminal_;
  double begin_ = 0, last_ = 0, last_line_ = 0;
  int first_epoch_ = 0;
  bool open_line_ = false;
};

}  // namespace hgq
