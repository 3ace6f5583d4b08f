#include "hgq/report/confusion_matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "hgq/core/error.h"
#include "hgq/report/drawing.h"

namespace hgq::report {
namespace {

constexpr double kMatrixWidth = 440;
constexpr double kMostSide = 320;
constexpr double kMostMatrixCell = 84;
constexpr size_t kWrittenClasses = 16;
constexpr size_t kDrawnClasses = 128;
constexpr size_t kMistakes = 60;
constexpr int kMatrixShades = 8;
constexpr double kTop = 40;

/// The matrix as it is drawn: itself, or the sums of blocks.
struct Cells {
  size_t size = 0, block = 1;
  std::vector<double> shares;  // of the row, row-major; 0 in a row without counts
  double share(size_t row, size_t column) const { return shares[row * size + column]; }
};

double total(const std::vector<int64_t>& row) {
  return std::accumulate(row.begin(), row.end(), 0.0,
                         [](double sum, int64_t count) { return sum + static_cast<double>(count); });
}

Cells cells_of(const std::vector<std::vector<int64_t>>& counts) {
  Cells cells;
  cells.block = (counts.size() + kDrawnClasses - 1) / kDrawnClasses;
  cells.size = (counts.size() + cells.block - 1) / cells.block;
  cells.shares.assign(cells.size * cells.size, 0.0);
  std::vector<double> totals(cells.size, 0.0);
  for (size_t r = 0; r < counts.size(); ++r) {
    for (size_t c = 0; c < counts.size(); ++c) {
      cells.shares[r / cells.block * cells.size + c / cells.block] += static_cast<double>(counts[r][c]);
      totals[r / cells.block] += static_cast<double>(counts[r][c]);
    }
  }
  for (size_t i = 0; i < cells.shares.size(); ++i) cells.shares[i] /= std::max(1.0, totals[i / cells.size]);
  return cells;
}

int shade_of(double share) {
  return share <= 0 ? 0 : std::clamp(static_cast<int>(std::ceil(share * kMatrixShades)), 1, kMatrixShades);
}

/// The colour of text on a shade: shades of light and dark pages run in opposite directions.
std::string text_role(int shade) {
  return concat("cell-text ", shade == 0 ? "on-ground" : shade < 4 ? "on-low" : shade == 4 ? "on-middle" : "on-high");
}

std::string share_text(double share) {
  if (share <= 0) return "0";
  return share < 0.0995 ? fmt::format("{:.1f} %", 100 * share) : fmt::format("{:.0f} %", 100 * share);
}

/// The name in at most so many pixels; empty if not even three characters fit.
std::string fitting(const std::string& name, double width) {
  if (text_width(name, 11) <= width) return name;
  for (size_t length = characters(name); length-- > 3;) {
    if (text_width(shortened(name, length), 11) <= width) return shortened(name, length);
  }
  return "";
}

void draw_written(Drawing& drawing, const ConfusionMatrix& matrix, const Cells& cells, const Box& box) {
  const auto n = static_cast<double>(cells.size);
  const double width = box.width / n;
  const double height = box.height / n;
  for (size_t r = 0; r < cells.size; ++r) {
    const double y = box.y + height * static_cast<double>(r);
    drawing.text({box.x - 6, y + height / 2 + 4}, fitting(matrix.classes[r], box.x - 10), "tick", Anchor::kEnd);
    const std::string head = fitting(matrix.classes[r], width - 4);
    if (!head.empty())
      drawing.text({box.x + width * (static_cast<double>(r) + 0.5), box.y - 6}, head, "tick", Anchor::kMiddle);
    for (size_t c = 0; c < cells.size; ++c) {
      const double share = cells.share(r, c);
      const double x = box.x + width * static_cast<double>(c);
      drawing.rectangle(
          {x, y, width, height}, concat("cell h", shade_of(share)),
          concat("true ", matrix.classes[r], ", said to be ", matrix.classes[c], ": ", count_text(matrix.counts[r][c]),
                 " rows, ", percent_text(share), " of ", matrix.classes[r]));
      if (text_width(share_text(share), 11) < width - 2 && height >= 14)
        drawing.text({x + width / 2, y + height / 2 + 4}, share_text(share), text_role(shade_of(share)),
                     Anchor::kMiddle);
    }
  }
}

void draw_shades(Drawing& drawing, const Cells& cells, const Box& box) {
  Markup paths;
  for (int shade = 1; shade <= kMatrixShades; ++shade) {
    std::string path;
    for (size_t r = 0; r < cells.size; ++r) {
      for (size_t c = 0; c < cells.size; ++c) {
        if (shade_of(cells.share(r, c)) == shade) path += concat("M", c, " ", r, "h1v1h-1z");
      }
    }
    if (!path.empty()) paths += empty_element("path", {{"class", concat("h", shade)}, {"d", path}});
  }
  drawing.rectangle(box, "h0");
  drawing.add(element("g",
                      {{"class", "cells"},
                       {"transform", concat("translate(", coordinate(box.x), " ", coordinate(box.y), ") scale(",
                                            box.width / static_cast<double>(cells.size), ")")}},
                      paths));
}

void draw_scale(Drawing& drawing, Place at) {
  const std::string label = "share of the true class: 0";
  drawing.text({at.x, at.y + 10}, label, "tick");
  double x = at.x + text_width(label, 11) + 4;
  for (int shade = 1; shade <= kMatrixShades; ++shade, x += 14)
    drawing.rectangle({x, at.y, 14, 12}, concat("cell h", shade));
  drawing.text({x + 6, at.y + 10}, "100 %", "tick");
}

struct Mistake {
  size_t row, column;
  int64_t count;
};

std::vector<Mistake> mistakes_of(const std::vector<std::vector<int64_t>>& counts) {
  std::vector<Mistake> mistakes;
  for (size_t r = 0; r < counts.size(); ++r) {
    for (size_t c = 0; c < counts.size(); ++c) {
      if (r != c && counts[r][c] > 0) mistakes.push_back({r, c, counts[r][c]});
    }
  }
  std::ranges::stable_sort(mistakes, std::ranges::greater(), &Mistake::count);
  return mistakes;
}

Table table_of(const ConfusionMatrix& matrix, const std::vector<Mistake>& mistakes) {
  Table table;
  if (matrix.classes.size() <= kWrittenClasses) {
    table.columns.push_back({"true, said to be", false});
    for (const std::string& name : matrix.classes) table.columns.push_back({name});
    for (size_t r = 0; r < matrix.classes.size(); ++r) {
      std::vector<std::string> row{matrix.classes[r]};
      for (const int64_t count : matrix.counts[r]) row.push_back(count_text(count));
      table.rows.push_back(std::move(row));
    }
    return table;
  }
  table.columns = {{"true", false}, {"said to be", false}, {"rows"}, {"of the true class"}};
  table.caption = "The most frequent mistakes.";
  for (size_t i = 0; i < std::min(kMistakes, mistakes.size()); ++i) {
    const Mistake& m = mistakes[i];
    table.rows.push_back({matrix.classes[m.row], matrix.classes[m.column], count_text(m.count),
                          percent_text(static_cast<double>(m.count) / std::max(1.0, total(matrix.counts[m.row])))});
  }
  return table;
}

std::string description_of(const ConfusionMatrix& matrix, const std::vector<Mistake>& mistakes) {
  double rows = 0;
  double right = 0;
  for (size_t r = 0; r < matrix.counts.size(); ++r) {
    rows += total(matrix.counts[r]);
    right += static_cast<double>(matrix.counts[r][r]);
  }
  std::string text = concat("Of ", number_text(rows, 9), " rows of ", matrix.classes.size(), " classes ",
                            rows > 0 ? percent_text(right / rows) : "none", " are said to be of their class.");
  for (size_t i = 0; i < std::min<size_t>(3, mistakes.size()); ++i)
    text += concat(i == 0 ? " Most mistakes: " : "; ", matrix.classes[mistakes[i].row], " said to be ",
                   matrix.classes[mistakes[i].column], ", ", count_text(mistakes[i].count), " rows");
  return mistakes.empty() ? text : text + ".";
}

}  // namespace

Figure confusion_matrix(const ConfusionMatrix& matrix) {
  const auto has_all = [&](const std::vector<int64_t>& row) { return row.size() == matrix.classes.size(); };
  HGQ_CHECK(!matrix.classes.empty() && has_all(std::vector<int64_t>(matrix.counts.size())) &&
                std::ranges::all_of(matrix.counts, has_all),
            ShapeError, "confusion_matrix: '", matrix.title, "' has ", matrix.counts.size(), " rows for ",
            matrix.classes.size(), " classes, expected a row and a column for each");
  const Cells cells = cells_of(matrix.counts);
  const bool is_written = matrix.classes.size() <= kWrittenClasses;
  double left = 1;
  for (const std::string& name : matrix.classes)
    left = std::max(left, is_written ? std::min(110.0, text_width(name, 11)) + 12 : 1);
  const auto n = static_cast<double>(cells.size);
  const double width = std::min(n * kMostMatrixCell, kMatrixWidth - left - 1);
  const double height = is_written ? std::min(width, n * 44) : std::min(width, kMostSide);
  const Box box{left, kTop, is_written ? width : height, height};
  Drawing drawing(kMatrixWidth, box.y + box.height + 28);
  drawing.text({box.x, 13}, is_written ? "true class ↓   said to be →" : "true class ↓   said to be →, both in order",
               "label");
  if (is_written) {
    draw_written(drawing, matrix, cells, box);
  } else {
    draw_shades(drawing, cells, box);
  }
  drawing.rectangle(box, "border");
  draw_scale(drawing, {1, box.y + box.height + 10});
  const std::vector<Mistake> mistakes = mistakes_of(matrix.counts);
  Figure figure{.title = matrix.title,
                .drawing = drawing.finish(matrix.title, description_of(matrix, mistakes)),
                .caption = matrix.caption,
                .table = table_of(matrix, mistakes)};
  if (cells.block > 1)
    figure.caption += concat(figure.caption.empty() ? "" : " ", "Drawn in blocks of ", cells.block, " classes.");
  return figure;
}

}  // namespace hgq::report
