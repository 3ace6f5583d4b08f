// One axis of a sweep: the values that a key of the base config takes.
//
//   axes:
//     model.beta: {from: 1.0e-6, to: 1.0e-4, steps: 5, scale: log}
//     train.batch_size: [256, 512]
//     train.optimizer.Adam.learning_rate: {random: 20, from: 1.0e-3, to: 1.0e-2, scale: log}
//     seed: {seeds: 3}
//     width:
//       cases:
//         - {model.layers.h.units: 32, model.layers.out.beta: 0}
//         - {model.layers.h.units: 64, model.layers.out.beta: 1.0e-6}
//
// The ends of a range are exactly those that are given. The values between them are rounded to 6 significant digits
// where they stay different, so that a table of runs can be read. Draw i of an axis is a function of the seed of the
// sweep, the key and i alone: more draws leave the earlier ones as they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"

namespace hgq::sweep {

/// A key of a config, as a path, and its value, which knows its place in the file of the sweep.
struct Setting {
  std::string key;
  Node value;
  std::string place{};  // of the key
};
using Settings = std::vector<Setting>;

struct Axis {
  std::string title;              // the key in `axes`: that of the config, or the name of cases
  std::string name;               // by which formulas know it; empty: by the last part of its key
  std::string place;              // in the file of the sweep
  std::vector<std::string> keys;  // that its points set
  std::vector<Settings> points;   // one for each value
  bool random = false;            // random axes are drawn together: draw i of each makes a point
};

constexpr int64_t kMostRuns = 100'000;

/// Reads the axis `key`, whose draws follow from `seed`. Adds errors with places; the axis is of use only if there are
/// none. `docs`, if given, receives the keys.
Axis read_axis(const std::string& key, const Node& node, uint64_t seed, ErrorList& errors,
               std::vector<KeyDoc>* docs = nullptr);

/// `steps` numbers from `from` to `to`, both exactly as given.
std::vector<double> range_values(double from, double to, int64_t steps, bool log);

/// A number as a config writes it: whole numbers as integers.
Node number_node(double value);

}  // namespace hgq::sweep
