#include "hgq/data/data_sets.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/data/file_dataset.h"

namespace hgq {
namespace {

std::vector<std::string> names_of(const std::vector<OutputSpec>& outputs) {
  std::vector<std::string> names;
  for (const OutputSpec& output : outputs) names.push_back(output.name);
  return names;
}

/// The arrays of another set replace those of the training set, so their rows must have the same shape.
void check_same_shapes(const std::vector<NamedRows>& train, const std::vector<NamedRows>& other,
                       const std::string& what) {
  HGQ_CHECK(other.size() == train.size(), FileError, what, ": has ", other.size(), " arrays, but the training set has ",
            train.size());
  for (size_t i = 0; i < other.size(); ++i) {
    const RowSource& ours = *train[i].rows;
    const RowSource& theirs = *other[i].rows;
    HGQ_CHECK(other[i].name == train[i].name, FileError, what, ": gives '", other[i].name,
              "' where the training set gives '", train[i].name, "'");
    HGQ_CHECK(ours.sample() == theirs.sample(), FileError, theirs.place(), ": has rows of shape ", theirs.sample(),
              ", but ", ours.place(), " of the training set has ", ours.sample());
    HGQ_CHECK(ours.is_text() == theirs.is_text(), FileError, theirs.place(), ": holds ",
              theirs.is_text() ? "text" : "numbers", ", but ", ours.place(), " of the training set holds ",
              ours.is_text() ? "text" : "numbers");
  }
}

void check_same_shapes(const RowSet& train, const RowSet& other, const std::string& what) {
  check_same_shapes(train.inputs, other.inputs, what + ".inputs");
  check_same_shapes(train.targets, other.targets, what + ".targets");
}

/// Throws FileError if offset or divisor of a feature is no number. Predictions are float32 in the unit of the targets,
/// so there these must be such numbers.
void check_scaling(const Scaling& scaling, const RowSource& source, ScaleKind kind, bool is_target) {
  for (size_t f = 0; f < scaling.divisor.size(); ++f) {
    const double largest = std::abs(scaling.offset[f]) + scaling.divisor[f];
    if (std::isfinite(is_target ? static_cast<double>(static_cast<float>(largest)) : largest)) continue;
    throw FileError(concat(source.place(), ": ", scaling.divisor.size() > 1 ? concat("column ", f, ": ") : "",
                           "holds numbers that are too large to be scaled (", to_string(kind), ")",
                           is_target ? ", as predictions in their unit would be beyond float32" : "",
                           "; give them in another unit"));
  }
}

/// Fits the scaling to the training rows, in their order.
template <typename T>
Scaling fit_scaling_to(ScaleKind kind, const RowSource& source, const std::optional<std::vector<int64_t>>& rows,
                       bool is_target) {
  ScalingFit fit(kind, source.sample());
  const int64_t size = source.sample().size();
  const int64_t step = std::max(kPieceRows, source.chunk_rows());
  std::vector<T> piece;
  size_t next = 0;
  for (int64_t first = 0; first < source.rows(); first += step) {
    const int64_t count = std::min(step, source.rows() - first);
    piece.resize(static_cast<size_t>(count * size));
    source.read(first, count, std::span(piece));
    check_finite<T>(source, first, piece);
    if (!rows) fit.add(std::span<const T>(piece));
    for (; rows && next < rows->size() && (*rows)[next] < first + count; ++next) {
      fit.add(std::span(piece).subspan(static_cast<size_t>(((*rows)[next] - first) * size), static_cast<size_t>(size)));
    }
  }
  Scaling scaling = fit.result();
  check_scaling(scaling, source, kind, is_target);
  return scaling;
}

Scaling fit_scaling(ScaleKind kind, const RowSource& source, const std::optional<std::vector<int64_t>>& rows,
                    bool is_target = false) {
  if (kind == ScaleKind::kNone) return {};
  return source.width() == NumberWidth::kFloat ? fit_scaling_to<float>(kind, source, rows, is_target)
                                               : fit_scaling_to<double>(kind, source, rows, is_target);
}

std::vector<TargetEncoder> make_encoders(const std::vector<OutputSpec>& outputs) {
  std::vector<TargetEncoder> encoders;
  for (const OutputSpec& output : outputs) encoders.emplace_back(output.kind, output.sample, output.name);
  return encoders;
}

/// How the arrays of a set become fields.
struct FieldRules {
  const std::vector<std::string>& inputs;
  const std::vector<OutputSpec>& outputs;
  const std::vector<Scaling>& scaling;         // of the inputs; or none
  const std::vector<Scaling>& target_scaling;  // or none
  const std::vector<TargetEncoder>& encoders;
};

/// Makes fields of arrays, in the order of the model's layers, with the sample weights last. Training and validation
/// rows share their arrays. `more_targets` come after those of the outputs.
FieldSet make_fields(const FieldRules& rules, const SharedRows& arrays, const SharedRows& more_targets = {}) {
  const auto& [inputs, outputs, scaling, target_scaling, encoders] = rules;
  FieldSet set;
  set.input_count = inputs.size();
  for (size_t i = 0; i < inputs.size(); ++i) {
    set.fields.push_back(FieldReader::input(inputs[i], arrays[i], scaling.empty() ? Scaling{} : scaling[i]));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    set.fields.push_back(FieldReader::target(outputs[i].name, arrays[inputs.size() + i], encoders[i],
                                             target_scaling.empty() ? Scaling{} : target_scaling[i]));
  }
  for (const auto& rows : more_targets) set.fields.push_back(FieldReader::plain(rows->place(), rows));
  std::vector<Shape> shapes;
  for (const OutputSpec& output : outputs) shapes.push_back(output.sample);
  const size_t first_weight = inputs.size() + outputs.size();
  set.weight_count = arrays.size() - first_weight;
  for (size_t i = 0; i < set.weight_count; ++i) {
    const bool for_all = set.weight_count < outputs.size();
    set.fields.push_back(FieldReader::weight(for_all ? "sample_weights" : outputs[i].name, arrays[first_weight + i],
                                             for_all ? std::span(shapes) : std::span(shapes).subspan(i, 1)));
  }
  return set;
}

/// Weights, and inputs that are not scaled, are needed as float32 only.
NumberWidth width_of_inputs(ScaleKind scale) {
  return scale == ScaleKind::kNone ? NumberWidth::kFloat : NumberWidth::kDouble;
}

/// Scaled targets are needed as exactly as they are.
NumberWidth width_of_target(const TargetEncoder& encoder, ScaleKind scale, const RowSource& rows) {
  return scale == ScaleKind::kNone ? encoder.width_of(rows) : NumberWidth::kDouble;
}

/// The bytes that all rows take in memory when they are cached.
int64_t cached_bytes(const RowSet& set, const std::vector<TargetEncoder>& encoders, ScaleKind scale,
                     const std::vector<ScaleKind>& target_scales) {
  int64_t bytes = 0;
  const auto add = [&](const NamedRows& named, NumberWidth width) {
    bytes += named.rows->sample().size() * bytes_of(std::min(width, named.rows->width()));
  };
  for (const NamedRows& input : set.inputs) add(input, width_of_inputs(scale));
  for (size_t i = 0; i < encoders.size(); ++i)
    add(set.targets[i], width_of_target(encoders[i], target_scales[i], *set.targets[i].rows));
  for (const NamedRows& weight : set.weights) add(weight, NumberWidth::kFloat);
  return bytes * set.size();
}

/// The arrays of a set: inputs, then targets, then weights.
SharedRows take_arrays(RowSet set) {
  SharedRows arrays;
  for (std::vector<NamedRows>* group : {&set.inputs, &set.targets, &set.weights}) {
    for (NamedRows& named : *group) arrays.push_back(std::move(named.rows));
  }
  return arrays;
}

/// Reads each of them into memory now, since they are read several times.
SharedRows cache_arrays(RowSet set, const std::vector<TargetEncoder>& encoders, ScaleKind scale,
                        const std::vector<ScaleKind>& target_scales) {
  for (NamedRows& input : set.inputs) input.rows = cached_rows(std::move(input.rows), width_of_inputs(scale));
  for (size_t i = 0; i < encoders.size(); ++i) {
    std::unique_ptr<RowSource>& rows = set.targets[i].rows;
    const NumberWidth width = width_of_target(encoders[i], target_scales[i], *rows);
    rows = cached_rows(std::move(rows), width);
  }
  for (NamedRows& weight : set.weights) weight.rows = cached_rows(std::move(weight.rows), NumberWidth::kFloat);
  return take_arrays(std::move(set));
}

/// Without this check, a set that is read in blocks would report a wrong label, a wrong weight or a NaN only in the
/// middle of the training.
void check_targets(const FieldSet& set) {
  std::vector<float> piece;
  for (size_t f = set.input_count; f < set.fields.size(); ++f) {
    const FieldReader& field = set.fields[f];
    for (int64_t first = 0; first < field.rows().rows(); first += kPieceRows) {
      const int64_t count = std::min(kPieceRows, field.rows().rows() - first);
      piece.resize(static_cast<size_t>(count * field.spec().sample.size()));
      field.read(first, count, piece);
    }
  }
}

std::unique_ptr<Dataset> finish(FieldSet set, int64_t memory_limit) {
  if (set.bytes() > memory_limit) check_targets(set);
  return make_dataset(std::move(set), memory_limit);
}

void arrange_set(RowSet& set, const std::vector<std::string>& inputs, const std::vector<OutputSpec>& outputs) {
  arrange(set.inputs, inputs, "input");
  if (outputs.empty()) {
    set.targets.clear();
    set.weights.clear();
    return;
  }
  arrange(set.targets, names_of(outputs), "output");
  arrange_weights(set, names_of(outputs));
}

/// How the targets of each output are scaled. Throws ConfigError if classes are to be scaled.
std::vector<ScaleKind> target_scales_of(const DataConfig& config, const std::vector<OutputSpec>& outputs) {
  std::vector<ScaleKind> kinds(outputs.size(), ScaleKind::kNone);
  const std::string prefix = config.target_scales_place.empty() ? "" : config.target_scales_place + ": ";
  for (const auto& [name, kind] : config.target_scales) {
    bool found = kind == ScaleKind::kNone;
    for (size_t o = 0; o < outputs.size(); ++o) {
      const bool numbers = outputs[o].kind == TargetKind::kNumbers;
      if (name == outputs[o].name || (name.empty() && numbers)) kinds[o] = kind;
      found = found || kinds[o] == kind;
      HGQ_CHECK(name != outputs[o].name || numbers || kind == ScaleKind::kNone, ConfigError, prefix,
                "data.scale_targets: the targets of output '", name, "' are classes, which are not scaled");
    }
    HGQ_CHECK(found, ConfigError, prefix, "data.scale_targets: ",
              name.empty()
                  ? std::string("no output has a loss of numbers (mse, mae, huber), and classes are not scaled")
                  : concat("'", printable(name), "' is no output", suggestion(name, names_of(outputs))));
  }
  return kinds;
}

/// The sample weights of the training rows, times the weights of their classes: one array for each output. None if
/// there are no weights of classes.
SharedRows class_weights_of(const std::vector<ClassWeights>& weights, const FieldRules& rules, const SharedRows& arrays,
                            const std::optional<std::vector<int64_t>>& rows) {
  SharedRows made;
  if (std::ranges::all_of(weights, [](const ClassWeights& w) { return w.empty(); })) return made;
  const size_t first_target = rules.inputs.size();
  const size_t outputs = rules.outputs.size();
  const size_t given = arrays.size() - first_target - outputs;
  for (size_t o = 0; o < outputs; ++o) {
    const std::shared_ptr<const RowSource> own =
        given == 0 ? nullptr : arrays[first_target + outputs + (given == 1 ? 0 : o)];
    const ClassedTargets targets{rules.outputs[o].name, rules.outputs[o].sample, arrays[first_target + o],
                                 rules.encoders[o]};
    const bool has_classes = o < weights.size() && !weights[o].empty();
    made.push_back(class_weighted_rows(
        targets, has_classes ? weights_of_classes(weights[o], targets, rows) : std::vector<double>{}, own));
  }
  return made;
}

}  // namespace

std::vector<std::string> OpenedData::notes() const {
  std::vector<std::string> all = train.notes;
  for (const std::optional<RowSet>* set : {&validation, &test}) {
    if (set->has_value()) add_notes(all, (*set)->notes);
  }
  return all;
}

OpenedData open_data(const DataConfig& config) {
  DataFiles files(config.csv, {.memory = config.memory_limit, .allow_external = config.allow_external});
  OpenedData data{.train = open_rows(config.train, files), .validation = {}, .test = {}};
  if (config.validation) {
    data.validation = open_rows(*config.validation, files);
    check_same_shapes(data.train, *data.validation, "data.validation");
  }
  if (config.test) {
    data.test = open_rows(*config.test, files);
    check_same_shapes(data.train, *data.test, "data.test");
  }
  return data;
}

std::map<std::string, Shape> input_shapes(const RowSet& rows) {
  std::map<std::string, Shape> shapes;
  for (const NamedRows& input : rows.inputs) {
    const Shape& sample = input.rows->sample();
    shapes[input.name] = sample.rank() == 0 ? Shape{1} : sample;
  }
  return shapes;
}

DataSets load_data(OpenedData data, const DataConfig& config, const std::vector<std::string>& inputs,
                   const std::vector<OutputSpec>& outputs, uint64_t seed, const std::vector<Scaling>& scaling,
                   const TrainingExtras& extras) {
  const auto is_given = [&](size_t input) { return input < scaling.size() && !scaling[input].empty(); };
  bool any_given = false;
  for (size_t i = 0; i < inputs.size(); ++i) any_given = any_given || is_given(i);
  const ScaleKind scale = any_given ? ScaleKind::kStandard : config.scale;
  std::vector<ScaleKind> target_scales = target_scales_of(config, outputs);
  const auto is_target_given = [&](size_t o) {
    return o < extras.target_scaling.size() && !extras.target_scaling[o].empty() &&
           outputs[o].kind == TargetKind::kNumbers;
  };
  for (size_t o = 0; o < outputs.size(); ++o) {
    if (is_target_given(o)) target_scales[o] = ScaleKind::kStandard;
  }
  DataSets sets;
  std::optional<SplitRows> split;
  if (config.validation_share) split = split_rows(data.train.size(), *config.validation_share, seed);
  arrange_set(data.train, inputs, outputs);
  std::vector<TargetEncoder> encoders = make_encoders(outputs);
  // For a while the rows are in memory twice: as they are in the file, and as training and validation rows.
  const bool fits = 2 * cached_bytes(data.train, encoders, scale, target_scales) <= config.memory_limit;
  const SharedRows arrays =
      fits ? cache_arrays(std::move(data.train), encoders, scale, target_scales) : take_arrays(std::move(data.train));
  const std::optional<std::vector<int64_t>> train_rows = split ? std::optional(std::move(split->train)) : std::nullopt;
  for (size_t i = 0; i < inputs.size(); ++i)
    sets.scaling.push_back(is_given(i) ? scaling[i] : fit_scaling(config.scale, *arrays[i], train_rows));
  for (size_t i = 0; i < outputs.size(); ++i) {
    encoders[i].fit(*arrays[inputs.size() + i]);
    sets.classes.push_back(encoders[i].classes());
    sets.target_scaling.push_back(is_target_given(i)
                                      ? extras.target_scaling[i]
                                      : fit_scaling(target_scales[i], *arrays[inputs.size() + i], train_rows, true));
  }
  const FieldRules rules{inputs, outputs, sets.scaling, sets.target_scaling, encoders};
  const auto make = [&](FieldSet set, std::optional<std::vector<int64_t>> rows) {
    set.rows = std::move(rows);
    return finish(std::move(set), config.memory_limit);
  };
  const auto make_other = [&](RowSet& other) {
    arrange_set(other, inputs, outputs);
    return make(make_fields(rules, take_arrays(std::move(other))), std::nullopt);
  };
  SharedRows train_arrays = arrays;
  if (const SharedRows weighted = class_weights_of(extras.class_weights, rules, arrays, train_rows);
      !weighted.empty()) {
    train_arrays.resize(inputs.size() + outputs.size());
    train_arrays.insert(train_arrays.end(), weighted.begin(), weighted.end());
  }
  SharedRows more;
  if (extras.more_targets)
    more = extras.more_targets({arrays.begin(), arrays.begin() + static_cast<std::ptrdiff_t>(inputs.size())}, sets);
  sets.train = make(make_fields(rules, train_arrays, more), train_rows);
  if (split) sets.validation = make(make_fields(rules, arrays), std::move(split->validation));
  if (data.validation) sets.validation = make_other(*data.validation);
  if (data.test) sets.test = make_other(*data.test);
  return sets;
}

std::unique_ptr<Dataset> load_set(RowSet rows, const std::vector<std::string>& inputs,
                                  const std::vector<OutputSpec>& outputs, const std::vector<Scaling>& scaling,
                                  const std::vector<ClassMap>& classes, int64_t memory_limit,
                                  const std::vector<Scaling>& target_scaling) {
  arrange_set(rows, inputs, outputs);
  std::vector<TargetEncoder> encoders = make_encoders(outputs);
  for (size_t i = 0; i < encoders.size(); ++i) {
    const bool known = i < classes.size() && !classes[i].empty();
    encoders[i].check_shape(*rows.targets[i].rows);
    if (known) {
      encoders[i].use(classes[i]);
    } else {
      encoders[i].fit(*rows.targets[i].rows);  // a model without a map of its own: the classes of these data
    }
  }
  HGQ_CHECK(scaling.empty() || scaling.size() == inputs.size(), ShapeError, "scaling is given for ", scaling.size(),
            " inputs, the model has ", inputs.size());
  HGQ_CHECK(target_scaling.empty() || outputs.empty() || target_scaling.size() == outputs.size(), ShapeError,
            "scaling is given for the targets of ", target_scaling.size(), " outputs, the model has ", outputs.size());
  const SharedRows arrays = take_arrays(std::move(rows));
  return finish(make_fields({inputs, outputs, scaling, target_scaling, encoders}, arrays), memory_limit);
}

}  // namespace hgq
