// What a user sees while the solver of RTL works for longer than a second.
#pragma once

#include <cstdio>

#include "hgq/rtl/lowering.h"

namespace hgq {

/// On a terminal one line is rewritten, and removed at the end; elsewhere there is a line every ten seconds.
class RtlProgress {
 public:
  RtlProgress(std::FILE* out, bool terminal);
  RtlProgress(const RtlProgress&) = delete;
  RtlProgress& operator=(const RtlProgress&) = delete;
  ~RtlProgress();

  void show(const rtl::LoweringProgress& progress);

 private:
  std::FILE* out_;
  bool terminal_;
  bool open_line_ = false;
  double begin_;
  double last_;
};

}  // namespace hgq
