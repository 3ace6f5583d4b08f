#include "hgq/callbacks/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

namespace hgq {
namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string duration(double seconds) {
  const auto s = static_cast<int64_t>(std::max(seconds, 0.0));
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  return fmt::format("{}h{:02}m", s / 3600, s / 60 % 60);
}

std::string bar(double share) {
  constexpr int kWidth = 20;
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * kWidth);
  return "[" + std::string(full, '#') + std::string(kWidth - full, '.') + "]";
}

}  // namespace

Progress::Progress(std::FILE* out, bool terminal) : out_(out), terminal_(terminal) {}

void Progress::on_train_begin(Training& t) {
  begin_ = last_ = now();
  first_epoch_ = -1;
  last_line_ = 0;
  static_cast<void>(t);
}

void Progress::on_batch_end(Training& t) {
  if (first_epoch_ < 0) first_epoch_ = t.epoch;
  if (!terminal_ || now() - last_ < 0.1) return;
  last_ = now();
  print(t, false);
}

void Progress::on_log(Training& t) {
  const double time = now();
  // In a pipe: the first epochs, the last, a twentieth of the run each, and one every ten seconds.
  const bool milestone =
      t.epoch < 3 || t.epoch + 1 == t.epochs || t.stop || (t.epoch + 1) * 20 / t.epochs != t.epoch * 20 / t.epochs;
  if (terminal_ ? time - last_ < 0.1 && t.epoch + 1 < t.epochs : !milestone && time - last_line_ < 10) return;
  last_ = last_line_ = time;
  print(t, true);
}

void Progress::on_train_end(Training& /*t*/) {
  if (open_line_) std::fputc('\n', out_);
  open_line_ = false;
  std::fflush(out_);
}

void Progress::print(const Training& t, bool whole_epoch) {
  const double of_epoch = whole_epoch ? 1.0 : static_cast<double>(t.batch + 1) / static_cast<double>(t.batches);
  std::string line = fmt::format("epoch {}/{}", t.epoch + 1, t.epochs);
  if (terminal_) line = bar((t.epoch + of_epoch) / t.epochs) + " " + line;
  if (whole_epoch) {
    for (const auto& [name, value] : t.logs.entries()) {
      if (name == "seconds" || name == "learning_rate") continue;
      line += name.find("bops") != std::string::npos ? fmt::format("  {} {:.0f}", name, value)
                                                     : fmt::format("  {} {:.4g}", name, value);
    }
  } else {
    line +=
        fmt::format("  batch {}/{}  loss {:.4g}  bops {:.0f}", t.batch + 1, t.batches, t.step.loss(), t.step.bops());
  }
  const double done = static_cast<double>(t.epoch - first_epoch_) + of_epoch;
  const double elapsed = now() - begin_;
  if (done > 0 && elapsed > 0) {
    line += fmt::format("  {:.3g} samples/s", done * static_cast<double>(t.train.size()) / elapsed);
    line += fmt::format("  {} left", duration(elapsed / done * (t.epochs - first_epoch_ - done)));
  }
  if (terminal_) {
    fmt::print(out_, "\r\x1b[K{}", line);
    open_line_ = true;
  } else {
    fmt::print(out_, "{}\n", line);
  }
  std::fflush(out_);
}

}  // namespace hgq
