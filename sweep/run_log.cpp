#include "hgq/sweep/run_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"

namespace hgq::sweep {
namespace {

constexpr std::string_view kError = "hgq-train: error: ";
constexpr std::string_view kLine = "hgq-train: ";

/// The last lines of the log.
std::vector<std::string> last_lines(const std::string& folder) {
  constexpr int64_t kMost = 65536;
  const Descriptor file(open((folder + "/train.log").c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return {};
  std::string text(static_cast<size_t>(std::min<int64_t>(kMost, status.st_size)), '\0');
  const int64_t got = read_at(file, status.st_size - static_cast<int64_t>(text.size()), text);
  text.resize(static_cast<size_t>(std::max<int64_t>(0, got)));
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

/// The last line that begins so, without the beginning.
std::string last_after(const std::vector<std::string>& lines, std::string_view beginning) {
  const auto found =
      std::find_if(lines.rbegin(), lines.rend(), [&](const std::string& line) { return line.starts_with(beginning); });
  return found == lines.rend() ? "" : found->substr(beginning.size());
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); !from.empty() && at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

}  // namespace

std::string why_failed(const std::string& run_folder, int code) {
  if (code > 128) return concat("ended again and again by signal ", code - 128, " (", strsignal(code - 128), ")");
  const std::vector<std::string> lines = last_lines(run_folder);
  std::string message = last_after(lines, kError);
  if (message.empty()) message = last_after(lines, kLine);
  if (message.empty()) return concat("hgq-train ended with exit code ", code);
  const std::filesystem::path path = std::filesystem::absolute(run_folder).lexically_normal();
  replace_all(message, path.string() + "/", "");
  replace_all(message, run_folder + "/", "");
  replace_all(message, path.string(), path.filename().string());
  return message;
}

bool was_in_use(const std::string& run_folder) {
  return last_after(last_lines(run_folder), kError).find("is in use by another program") != std::string::npos;
}

}  // namespace hgq::sweep
