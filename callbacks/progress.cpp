#include "hgq/callbacks/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "hgq/callbacks/progress_line.h"
#include "hgq/config/node.h"
#include "hgq/core/clock.h"

namespace hgq {
namespace {

std::string bar(double share) {
  constexpr int kWidth = 20;
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * kWidth);
  return "[" + std::string(full, '#') + std::string(kWidth - full, '.') + "]";
}

/// Where a metric stands in the line; those of the same rank keep their order.
int rank_of(const std::string& name) {
  if (name == "loss") return 0;
  if (name.starts_with("val_") && !name.ends_with("loss")) return 1;
  if (name == "bops") return 2;
  return 3;  // behind the time that is left
}

}  // namespace

Progress::Progress(std::FILE* out, bool terminal) : out_(out), terminal_(terminal) {}

Progress::~Progress() {
  if (open_line_) close_line();
}

void Progress::on_train_begin(Training& t) {
  begin_ = last_ = seconds_now();
  first_epoch_ = -1;
  last_line_ = 0;
  static_cast<void>(t);
}

void Progress::on_batch_end(Training& t) {
  if (first_epoch_ < 0) first_epoch_ = t.epoch;
  if (!terminal_ || seconds_now() - last_ < 0.1) return;
  last_ = seconds_now();
  print(t, false);
}

void Progress::on_log(Training& t) {
  const double time = seconds_now();
  // In a pipe: the first epochs, the last, a twentieth of the run each, and one every ten seconds, later one whenever
  // the time has grown by a hundredth, so that a run of days prints some hundred lines, too.
  const bool milestone =
      t.epoch < 3 || t.epoch + 1 == t.epochs || t.stop || (t.epoch + 1) * 20 / t.epochs != t.epoch * 20 / t.epochs;
  if (terminal_ ? time - last_ < 0.1 && t.epoch + 1 < t.epochs
                : !milestone && time - last_line_ < std::max(10.0, 0.01 * (time - begin_)))
    return;
  last_ = last_line_ = time;
  print(t, true);
}

void Progress::on_train_end(Training& /*t*/) { close_line(); }

void Progress::close_line() {
  if (open_line_) std::fputc('\n', out_);
  open_line_ = false;
  std::fflush(out_);
}

std::vector<std::pair<std::string, double>> Progress::numbers(const Training& t, bool whole_epoch) {
  std::vector<std::pair<std::string, double>> numbers;
  if (whole_epoch) {
    for (const auto& entry : t.logs.entries()) {
      if (entry.first != "seconds" && entry.first != "learning_rate") numbers.push_back(entry);
    }
    validated_.clear();
    std::ranges::copy_if(numbers, std::back_inserter(validated_), [](const auto& n) { return rank_of(n.first) == 1; });
  } else {
    numbers = {{"loss", t.step.loss()}, {"bops", t.step.bops()}};
    numbers.insert(numbers.end(), validated_.begin(), validated_.end());  // of the epoch before
  }
  std::ranges::stable_sort(numbers, {}, [](const auto& n) { return rank_of(n.first); });
  return numbers;
}

void Progress::print(const Training& t, bool whole_epoch) {
  const double of_epoch = whole_epoch ? 1.0 : static_cast<double>(t.batch + 1) / static_cast<double>(t.batches);
  const double done = static_cast<double>(t.epoch - first_epoch_) + of_epoch;
  const double elapsed = seconds_now() - begin_;
  std::string left;
  std::string speed;
  if (done > 0 && elapsed > 0) {
    left = short_duration(elapsed / done * (t.epochs - first_epoch_ - done)) + " left";
    speed = short_number(done * static_cast<double>(t.train.size()) / elapsed) + " samples/s";
  }
  std::vector<std::string> parts{fmt::format("epoch {}/{}", t.epoch + 1, t.epochs)};
  const auto add = [&parts](const std::string& part) {
    if (!part.empty()) parts.push_back(part);
  };
  const std::vector<std::pair<std::string, double>> shown = numbers(t, whole_epoch);
  for (const auto& [name, value] : shown) {
    if (rank_of(name) < 3) add(printable(name) + " " + short_number(value));
  }
  add(left);
  if (!whole_epoch) add(fmt::format("batch {}/{}", t.batch + 1, t.batches));
  for (const auto& [name, value] : shown) {
    if (rank_of(name) == 3) add(printable(name) + " " + short_number(value));
  }
  add(speed);
  if (terminal_) {
    // The last column stays free: a character there would move the cursor to the next line on some terminals.
    const int columns = terminal_columns(fileno(out_)) - 1;
    const std::string whole = bar((t.epoch + of_epoch) / t.epochs) + " " + fmt::format("{}", fmt::join(parts, "  "));
    const bool fits = fitted({whole}, columns) == whole;
    fmt::print(out_, "\r\x1b[K{}", fits ? whole : fitted(parts, columns));
    open_line_ = true;
  } else {
    fmt::print(out_, "{}\n", fmt::join(parts, "  "));
  }
  std::fflush(out_);
}

}  // namespace hgq
