#include "hgq/callbacks/history.h"

#include <algorithm>
#include <charconv>

#include "hgq/core/error.h"

namespace hgq {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t from = 0;;) {
    const size_t at = text.find(separator, from);
    parts.push_back(text.substr(from, at - from));
    if (at == std::string_view::npos) return parts;
    from = at + 1;
  }
}

template <typename T>
T number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  HGQ_CHECK(error == std::errc() && end == text.data() + text.size(), FileError, "the history holds '", text,
            "', expected a number");
  return value;
}

}  // namespace

void History::add(int epoch, const Metrics& metrics) {
  const size_t row = epochs_.size();
  epochs_.push_back(epoch);
  for (const auto& [name, value] : metrics.entries()) {
    auto column = std::ranges::find(columns_, name, &Column::name);
    if (column == columns_.end()) column = columns_.insert(columns_.end(), Column{name, {}});
    column->values.resize(row + 1);
    column->values[row] = value;
  }
}

const History::Column* History::find_column(std::string_view name) const {
  const auto found = std::ranges::find(columns_, name, &Column::name);
  return found == columns_.end() ? nullptr : &*found;
}

std::optional<double> History::find(size_t row, std::string_view column) const {
  const Column* const found = find_column(column);
  return found == nullptr || row >= found->values.size() ? std::nullopt : found->values[row];
}

std::vector<std::string> History::columns() const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name);
  return names;
}

void History::clear() {
  epochs_.clear();
  for (Column& column : columns_) column.values.clear();
}

std::string History::header(const std::vector<std::string>& columns) {
  std::string text = "epoch";
  for (const std::string& name : columns) text += "," + name;
  return text + "\n";
}

std::string History::line(size_t row, const std::vector<std::string>& columns) const {
  std::string text;
  detail::append_part(text, epochs_[row]);
  for (const std::string& name : columns) {
    text += ',';
    if (const std::optional<double> value = find(row, name)) detail::append_part(text, *value);
  }
  text += '\n';
  return text;
}

std::string History::to_csv() const {
  const std::vector<std::string> names = columns();
  std::string text = header(names);
  for (size_t row = 0; row < size(); ++row) text += line(row, names);
  return text;
}

History History::from_file(std::string_view text) {
  const size_t end = text.find_last_of('\n');
  return from_csv(text.substr(0, end == std::string_view::npos ? text.size() : end + 1));
}

History History::from_csv(std::string_view text) {
  HGQ_CHECK(text.ends_with('\n'), FileError, "the history is cut off");
  text.remove_suffix(1);
  const std::vector<std::string_view> lines = split(text, '\n');
  const std::vector<std::string_view> names = split(lines.front(), ',');
  HGQ_CHECK(names.front() == "epoch", FileError, "the history begins with '", names.front(), "', expected 'epoch'");
  History history;
  for (size_t c = 1; c < names.size(); ++c) history.columns_.push_back({std::string(names[c]), {}});
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string_view> cells = split(lines[i], ',');
    HGQ_CHECK(cells.size() == names.size(), FileError, "row ", i, " of the history has ", cells.size(),
              " values, expected ", names.size());
    history.epochs_.push_back(number<int>(cells[0]));
    for (size_t c = 1; c < cells.size(); ++c) {
      history.columns_[c - 1].values.push_back(cells[c].empty() ? std::nullopt
                                                                : std::optional<double>(number<double>(cells[c])));
    }
  }
  return history;
}

}  // namespace hgq
