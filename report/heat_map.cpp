#include "hgq/report/heat_map.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "hgq/core/error.h"
#include "hgq/report/drawing.h"

namespace hgq::report {
namespace {

constexpr double kMapWidth = 440;
constexpr double kMostMapHeight = 300;
constexpr int64_t kMostMapRows = 96;
constexpr int64_t kMostMapColumns = 160;
constexpr double kMostMapCell = 16;
constexpr int kMapShades = 8;
constexpr double kMapLegendLine = 18;

/// The map with at most kMostMapRows rows and kMostMapColumns columns, of blocks of the original.
struct Blocks {
  int64_t rows = 0, columns = 0;
  int64_t block_rows = 1, block_columns = 1;
  std::vector<int> bits;  // the mean of the block; 0 only if all are 0
};

Blocks blocks_of(const HeatMap& map) {
  Blocks out;
  out.block_rows = (map.rows + kMostMapRows - 1) / kMostMapRows;
  out.block_columns = (map.columns + kMostMapColumns - 1) / kMostMapColumns;
  out.rows = (map.rows + out.block_rows - 1) / out.block_rows;
  out.columns = (map.columns + out.block_columns - 1) / out.block_columns;
  for (int64_t r = 0; r < out.rows; ++r) {
    for (int64_t c = 0; c < out.columns; ++c) {
      int64_t sum = 0;
      int64_t count = 0;
      for (int64_t i = r * out.block_rows; i < std::min(map.rows, (r + 1) * out.block_rows); ++i) {
        for (int64_t j = c * out.block_columns; j < std::min(map.columns, (c + 1) * out.block_columns); ++j) {
          sum += map.bits[static_cast<size_t>(i * map.columns + j)];
          ++count;
        }
      }
      const auto mean = static_cast<int>(std::lround(static_cast<double>(sum) / static_cast<double>(count)));
      out.bits.push_back(sum > 0 ? std::max(1, mean) : 0);
    }
  }
  return out;
}

/// 0 for pruned, then 1 to kMapShades.
int shade_of(int bits, int most) {
  if (bits <= 0) return 0;
  return most <= kMapShades ? bits : 1 + (bits - 1) * kMapShades / most;
}

std::string role_of(int shade) { return shade == 0 ? "zero" : concat("h", shade); }

/// The cells of one shade, in units of cells: a rectangle for each run of neighbours in a row.
std::string cells_of(const Blocks& blocks, int shade, int most) {
  std::string path;
  for (int64_t r = 0; r < blocks.rows; ++r) {
    for (int64_t c = 0; c < blocks.columns;) {
      const auto is_shade = [&](int64_t column) {
        return shade_of(blocks.bits[static_cast<size_t>(r * blocks.columns + column)], most) == shade;
      };
      int64_t end = c;
      while (end < blocks.columns && is_shade(end)) ++end;
      if (end > c) path += concat("M", c, " ", r, "h", end - c, "v1h-", end - c, "z");
      c = std::max(end, c + 1);
    }
  }
  return path;
}

/// The bits of all cells, a digit of base 36 for each, for the script of the page; empty for blocks, which are means.
std::string digits_of(const Blocks& blocks) {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::string out;
  if (blocks.block_rows * blocks.block_columns > 1) return out;
  for (const int b : blocks.bits) out += kDigits[static_cast<size_t>(std::clamp(b, 0, 35))];
  return out;
}

/// The samples of the shades with the bits that they stand for, along the bottom.
void draw_legend(Drawing& drawing, Place at, int most) {
  const int shades = std::min(kMapShades, most);
  double x = at.x;
  double y = at.y;
  const auto sample = [&](const std::string& role, const std::string& label) {
    if (x + 16 + text_width(label) > drawing.width()) {
      x = at.x;
      y += kMapLegendLine;
    }
    drawing.rectangle({x, y, 12, 12}, "cell " + role);
    drawing.text({x + 16, y + 10}, label, "tick");
    x += 16 + text_width(label) + 10;
  };
  sample("zero", "0 (pruned)");
  for (int shade = 1; shade <= shades; ++shade) {
    int low = 0;
    int high = 0;
    for (int b = 1; b <= most; ++b) {
      if (shade_of(b, most) != shade) continue;
      if (low == 0) low = b;
      high = b;
    }
    if (low > 0) sample(role_of(shade), low == high ? concat(low) : concat(low, "–", high));
  }
}

}  // namespace

Figure heat_map(const HeatMap& map) {
  HGQ_CHECK(map.rows > 0 && map.columns > 0 && static_cast<int64_t>(map.bits.size()) == map.rows * map.columns,
            ShapeError, "heat_map: '", map.title, "' has ", map.rows, " rows, ", map.columns, " columns and ",
            map.bits.size(), " values, expected rows times columns");
  const Blocks blocks = blocks_of(map);
  const int most = std::max(1, *std::ranges::max_element(blocks.bits));
  const double left = 1;
  const double cell = std::min({kMostMapCell, (kMapWidth - left - 2) / static_cast<double>(blocks.columns),
                                kMostMapHeight / static_cast<double>(blocks.rows)});
  const double width = cell * static_cast<double>(blocks.columns);
  const double height = cell * static_cast<double>(blocks.rows);
  const double top = 22;
  Drawing drawing(kMapWidth, top + height + 28 + (most > 5 ? kMapLegendLine : 0));
  drawing.text({left, 13},
               concat(map.column_name, " 0 to ", map.columns - 1, " →   ", map.row_name, " 0 to ", map.rows - 1, " ↓"),
               "label");
  Markup cells;
  for (int shade = 0; shade <= std::min(kMapShades, most); ++shade) {
    const std::string path = cells_of(blocks, shade, most);
    if (!path.empty() && shade > 0) cells += empty_element("path", {{"class", role_of(shade)}, {"d", path}});
  }
  drawing.rectangle({left, top, width, height}, "zero");
  drawing.add(
      element("g",
              {{"class", "cells"},
               {"data-cells", digits_of(blocks)},
               {"data-columns", concat(blocks.columns)},
               {"data-row-name", map.row_name},
               {"data-column-name", map.column_name},
               {"transform", concat("translate(", coordinate(left), " ", coordinate(top), ") scale(", cell, ")")}},
              cells));
  drawing.rectangle({left, top, width, height}, "border");
  draw_legend(drawing, {left, top + height + 10}, most);

  const auto zeros = std::ranges::count(map.bits, 0);
  const auto share = static_cast<double>(zeros) / static_cast<double>(map.bits.size());
  Figure figure{
      .title = map.title,
      .drawing = drawing.finish(map.title, concat(map.rows, " rows (", map.row_name, ") and ", map.columns,
                                                  " columns (", map.column_name, ") of bit widths; ", zeros,
                                                  " are 0, at most ", *std::ranges::max_element(map.bits), " bits.")),
      .caption = zeros == 0 ? std::string("No weight has 0 bits: none is pruned.")
                            : concat(count_text(zeros), " of ", count_text(static_cast<int64_t>(map.bits.size())),
                                     " weights (", percent_text(share), ") have 0 bits: they are pruned."),
      .table = {}};
  if (blocks.block_rows * blocks.block_columns > 1) {
    figure.caption +=
        concat(" Drawn are means over blocks of ", blocks.block_rows, " × ", blocks.block_columns, " weights.");
  }
  return figure;
}

}  // namespace hgq::report
