#include "hgq/apps/rtl_progress.h"

#include <fmt/format.h>

#include "hgq/callbacks/progress_line.h"
#include "hgq/core/clock.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"

namespace hgq {
namespace {

constexpr double kSecondsOnATerminal = 0.2;  // between two lines
constexpr double kSecondsElsewhere = 10;
constexpr double kQuietSeconds = 1;  // at the beginning

}  // namespace

RtlProgress::RtlProgress(std::FILE* out, bool terminal)
    : out_(out), terminal_(terminal), begin_(seconds_now()), last_(begin_) {}

RtlProgress::~RtlProgress() {
  if (open_line_) fmt::print(out_, "\r\x1b[K");
  std::fflush(out_);
}

void RtlProgress::show(const rtl::LoweringProgress& progress) {
  const double now = seconds_now();
  if (now - begin_ < kQuietSeconds || now - last_ < (terminal_ ? kSecondsOnATerminal : kSecondsElsewhere)) return;
  last_ = now;
  const std::vector<std::string> parts{fmt::format("solving layer {}/{}", progress.number, progress.count),
                                       fmt::format("{:.0f} %", 100 * progress.share),
                                       concat("'", printable(progress.layer), "'"), short_duration(now - begin_)};
  if (terminal_) {
    fmt::print(out_, "\r\x1b[K{}", fitted(parts, terminal_columns(fileno(out_)) - 1));
    open_line_ = true;
  } else {
    fmt::print(out_, "{}\n", fmt::join(parts, "  "));
  }
  std::fflush(out_);
}

}  // namespace hgq
