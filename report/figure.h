// A figure of a page: a drawing, what it says, and the same numbers as a table that anybody can read, sort and copy.
//
//   const report::Figure figure = report::bar_chart({.title = "BOPs", .unit = "BOPs", .bars = {{"dense", 803}}});
//   page += report::to_markup(figure);
#pragma once

#include <string>
#include <vector>

#include "hgq/report/markup.h"

namespace hgq::report {

struct Column {
  std::string name;
  bool is_number = true;  // set to the right, and sorted as numbers
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  // any text
  std::string caption;                         // empty: none
  std::vector<std::string> links{};            // of the first cell of each row, as relative paths; empty: none
};

struct Figure {
  std::string title;
  Markup drawing;
  std::string caption;   // what a reader must know; empty: nothing
  Table table;           // without columns: there is none
  bool is_wide = false;  // takes a whole line of the page
};

Markup to_markup(const Table& table);
/// With its table folded away.
Markup to_markup(const Figure& figure);
/// Two things side by side where there is room, one below the other where not.
Markup pair(const Markup& left, const Markup& right);
/// Figures side by side, as many as there is room for.
Markup grid(const std::vector<Figure>& figures);

}  // namespace hgq::report
