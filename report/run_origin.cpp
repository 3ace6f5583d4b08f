// Where a run comes from: its data, its config, and how to make it again.
#include <algorithm>

#include "hgq/core/error.h"
#include "hgq/report/axis.h"
#include "hgq/report/config_leaves.h"
#include "hgq/report/figure.h"
#include "hgq/report/run_sections.h"

namespace hgq::report {
namespace {

constexpr size_t kMostFeatures = 200;
constexpr size_t kMostClasses = 100;

Markup classes_of(const NetworkFacts& network) {
  Markup content;
  for (const auto& [output, classes] : network.classes) {
    std::string text = concat("Classes of ", output, ": ");
    for (size_t i = 0; i < std::min(kMostClasses, classes.names.size()); ++i)
      text += concat(i > 0 ? ", " : "", classes.names[i], " → ", i);
    if (classes.names.size() > kMostClasses) text += concat(", … ", classes.names.size(), " in all");
    content += paragraph(text + ".");
  }
  return content;
}

Markup scaling_of(const NetworkFacts& network) {
  Markup content;
  for (const auto& [input, scaling] : network.scaling) {
    Table table{.columns = {{"feature"}, {"offset"}, {"divisor"}},
                .rows = {},
                .caption = concat("Before the network, feature x of input ", input,
                                  " becomes (x − offset) / divisor. The firmware must be fed so, too.")};
    const size_t shown = std::min(kMostFeatures, scaling.offset.size());
    for (size_t i = 0; i < shown; ++i)
      table.rows.push_back({concat(i), number_text(scaling.offset[i], 7), number_text(scaling.divisor[i], 7)});
    if (shown < scaling.offset.size())
      table.caption += concat(" The first ", shown, " of ", scaling.offset.size(), ".");
    content += folded(concat("Scaling of input ", input, ", ", scaling.offset.size(),
                             scaling.offset.size() == 1 ? " feature" : " features"),
                      to_markup(table));
  }
  return content;
}

Markup origin_table(const RunSummary& summary) {
  Table table{.columns = {{"what", false}, {"value", false}}, .rows = {}, .caption = ""};
  const auto add = [&](const char* what, const std::string& value) { table.rows.push_back({what, value}); };
  if (summary.seed) add("seed", concat(*summary.seed));
  if (summary.epochs) add("epochs", count_text(*summary.epochs));
  if (summary.threads) add("threads", concat(*summary.threads));
  if (summary.wall_seconds) add("time in all", concat(number_text(*summary.wall_seconds), " s"));
  if (summary.samples_per_second) add("rows trained each second", number_text(*summary.samples_per_second));
  for (const auto& [name, version] : summary.versions) table.rows.push_back({name, version});
  return to_markup(table);
}

}  // namespace

Section data_section(const RunFiles& run) {
  Section section{"data", "Data", {}};
  Table table{.columns = {{"setting", false}, {"value", false}}, .rows = {}, .caption = ""};
  if (const Node* const data = run.config.is_map() ? run.config.find("data") : nullptr) {
    for (const auto& [path, value] : config_leaves(*data)) table.rows.push_back({path, value});
  }
  if (run.summary) {
    for (const auto& [set, rows] : run.summary->data_rows)
      table.rows.push_back({concat("rows, ", set), number_text(rows, 9)});
    if (run.summary->rows && run.summary->data_rows.empty())
      table.rows.push_back({concat("rows, ", run.summary->tested_on), count_text(*run.summary->rows)});
  }
  if (!table.rows.empty()) section.content += to_markup(table);
  if (run.network) section.content += classes_of(*run.network) + scaling_of(*run.network);
  return section;
}

Section origin_section(const RunFiles& run) {
  Section section{"origin", "How to make it again", {}};
  if (run.summary) section.content += origin_table(*run.summary);
  if (run.summary) {
    for (const std::string& note : run.summary->notes) section.content += paragraph(concat("Note: ", note));
  }
  if (!run.config_text.empty()) {
    section.content += paragraph(
        "The config below, config.yaml of the run, trains the same again, in the same bits for "
        "any number of threads:");
    section.content += listing("hgq-train config.yaml --out again");
    section.content += element("h3", {}, "config.yaml") + listing(run.config_text);
  }
  return section;
}

}  // namespace hgq::report
