#include "hgq/callbacks/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "hgq/callbacks/saved_state.h"
#include "hgq/core/error.h"
#include "hgq/data/atomic_file.h"

namespace hgq {
namespace {

constexpr size_t kPiece = size_t{1} << 18U;

/// The lines of a file, one after the other.
class Lines {
 public:
  explicit Lines(const std::string& path) : path_(path), file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file_.get() < 0) throw_system_error(concat(path, ": cannot be opened"), errno);
  }
  /// With its end; nullopt behind the last whole line. Valid until the next call.
  std::optional<std::string_view> next() {
    for (;;) {
      const size_t end = buffer_.find('\n', std::max(from_, looked_));
      if (end != std::string::npos) {
        const std::string_view line = std::string_view(buffer_).substr(from_, end + 1 - from_);
        from_ = looked_ = end + 1;
        return line;
      }
      buffer_.erase(0, from_);
      from_ = 0;
      looked_ = buffer_.size();
      if (looked_ > kPiece || !read_more()) return std::nullopt;  // no row is so long
    }
  }

 private:
  bool read_more() {
    const size_t size = buffer_.size();
    buffer_.resize(size + kPiece);
    ssize_t got = -1;
    do {
      got = read(file_.get(), buffer_.data() + size, kPiece);
    } while (got < 0 && errno == EINTR);
    if (got < 0) throw_system_error(concat(path_, ": cannot be read"), errno);
    buffer_.resize(size + static_cast<size_t>(got));
    return got > 0;
  }

  std::string path_;
  Descriptor file_;
  std::string buffer_;
  size_t from_ = 0, looked_ = 0;
};

/// Bytes so far, and their CRC-32.
struct Sum {
  int64_t bytes = 0;
  uint32_t checksum = 0;
  void add(std::string_view text) {
    if (text.empty()) return;
    bytes += static_cast<int64_t>(text.size());
    checksum = static_cast<uint32_t>(crc32_z(checksum, reinterpret_cast<const Bytef*>(text.data()), text.size()));
  }
};

/// The new file, summed up while it is written.
class Out {
 public:
  explicit Out(const std::string& path) : file_(path) {}
  void write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kPiece) flush();
  }
  void finish(const std::string& path) {
    flush();
    file_.finish();
    force_folder_to_disk(folder_of(path));
  }
  const Sum& sum() const { return sum_; }

 private:
  void flush() {
    file_.write(buffer_);
    sum_.add(buffer_);
    buffer_.clear();
  }

  FileReplacement file_;
  std::string buffer_;
  Sum sum_;
};

}  // namespace

bool HistoryFile::copy_known(size_t later_columns, const std::function<void(std::string_view)>& write) const {
  Lines lines(path_);
  const std::optional<std::string_view> header = lines.next();
  const std::string expected = History::header(known_.columns);
  if (!header || !header->starts_with(std::string_view(expected).substr(0, expected.size() - 1))) return false;
  Sum sum;
  sum.add(expected);
  const std::string empty(later_columns, ',');
  for (int64_t row = 0; row < known_.rows; ++row) {
    std::optional<std::string_view> line = lines.next();
    if (!line) return false;
    line->remove_suffix(1);
    if (!line->ends_with(empty)) return false;
    line->remove_suffix(empty.size());
    sum.add(*line);
    sum.add("\n");
    write(*line);
  }
  return sum.bytes == known_.bytes && sum.checksum == known_.checksum;
}

void HistoryFile::append(const History& rows) {
  if (rows.size() == 0) return;
  std::vector<std::string> columns = known_.columns;
  for (const std::string& name : rows.columns()) {
    if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
  }
  if (known_.rows == 0 || columns.size() > known_.columns.size() || look() != left_) {
    rewrite(rows, std::move(columns));
  } else {
    std::string text;
    for (size_t row = 0; row < rows.size(); ++row) text += rows.line(row, columns);
    append_to_file(path_, known_.bytes, text);
    Sum sum{known_.bytes, known_.checksum};
    sum.add(text);
    known_.rows += static_cast<int64_t>(rows.size());
    known_.bytes = sum.bytes;
    known_.checksum = sum.checksum;
  }
  left_ = look();
}

HistoryFile::Left HistoryFile::look() const {
  struct stat status {};
  if (stat(path_.c_str(), &status) != 0) return {};
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .bytes = status.st_size,
          .changed_seconds = status.st_mtim.tv_sec,
          .changed_nanoseconds = status.st_mtim.tv_nsec};
}

void HistoryFile::rewrite(const History& rows, std::vector<std::string> columns) {
  Out out(path_);
  out.write(History::header(columns));
  if (known_.rows > 0) {
    const std::string end = std::string(columns.size() - known_.columns.size(), ',') + "\n";
    HGQ_CHECK(std::filesystem::exists(path_) && copy_known(0,
                                                           [&](std::string_view row) {
                                                             out.write(row);
                                                             out.write(end);
                                                           }),
              RunError, path_, ": was removed or changed by another program during the run");
  }
  for (size_t row = 0; row < rows.size(); ++row) out.write(rows.line(row, columns));
  out.finish(path_);
  known_ = {std::move(columns), known_.rows + static_cast<int64_t>(rows.size()), out.sum().bytes, out.sum().checksum};
}

nlohmann::json HistoryFile::state() const {
  return {{"columns", known_.columns}, {"rows", known_.rows}, {"bytes", known_.bytes}, {"checksum", known_.checksum}};
}

void HistoryFile::restore(const nlohmann::json& json, int64_t most_rows) {
  const SavedState state(json, "history");
  known_ = {.columns = {},
            .rows = state.integer("rows", 0, most_rows),
            .bytes = state.integer("bytes", 0, std::numeric_limits<int64_t>::max()),
            .checksum = static_cast<uint32_t>(state.integer("checksum", 0, std::numeric_limits<uint32_t>::max()))};
  for (const SavedState& column : state.at("columns").items()) known_.columns.push_back(column.text());
  if (!std::filesystem::exists(path_)) {
    known_ = {};
    return;
  }
  if (known_.rows == 0) {  // all rows are newer than the checkpoint
    remove_file(path_);
    return;
  }
  const std::optional<size_t> later = later_columns();
  Out out(path_);
  out.write(History::header(known_.columns));
  HGQ_CHECK(later && copy_known(*later,
                                [&](std::string_view row) {
                                  out.write(row);
                                  out.write("\n");
                                }),
            FileError, path_, ": does not begin with the ", known_.rows,
            " rows that the checkpoint knows; it was changed since. Put the original back, or remove the file to go on "
            "without these rows");
  out.finish(path_);
}

/// How many columns the file has behind those that are known; nullopt where it begins with others.
std::optional<size_t> HistoryFile::later_columns() const {
  Lines lines(path_);
  const std::optional<std::string_view> header = lines.next();
  const std::string known = History::header(known_.columns);
  const std::string_view begin = std::string_view(known).substr(0, known.size() - 1);
  if (!header || !header->starts_with(begin)) return std::nullopt;
  const std::string_view rest = header->substr(begin.size());
  return static_cast<size_t>(std::ranges::count(rest, ','));
}

}  // namespace hgq
