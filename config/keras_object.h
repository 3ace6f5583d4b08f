// Things that a config names, with or without arguments, under Keras' names: initializers, regularizers, constraints,
// optimizers, schedules. Users write a short form, Keras' model files a long one. All of these forms are read:
//
//   glorot_uniform                                   a name alone
//   {VarianceScaling: {scale: 2.0, mode: fan_out}}   a name with its arguments
//   {MonoL1: 1.0e-6}                                 a name with its only argument
//   {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": null}, "registered_name": null}
//   {"class_name": "HGQ>MonoL1", "config": {"l1": 1e-06}, "__passive_serialization__": true}
//
// Of a name, only the part after its last `>` counts. The module is ignored: it differs in files that were made with
// `tf_keras`.
//
//   const KerasObject object = read_keras_object(node, "a regularizer", kTable, errors);
//   if (object.name == "L1") { ConfigReader c(object.arguments, object.written, errors); }
//
// Things to which programs can add their own have tables of another type: config/kinds.h.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "hgq/config/config_reader.h"
#include "hgq/config/node.h"

namespace hgq {

/// One thing that can be named.
struct KerasName {
  std::string_view class_name;                // "GlorotUniform"
  std::array<std::string_view, 3> aliases{};  // "glorot_uniform"
  std::string_view scalar_argument{};         // the argument that `{Name: scalar}` sets; empty: none
};

struct KerasObject {
  std::string name;     // the class_name of the table, also if an alias was written; empty after an error
  std::string written;  // as it was written, without the part before a `>`
  Node arguments;       // a map or null, with the place of the name as key_place
};

/// Reads one of the forms above. `what` says in messages what is named: "an optimizer". A name that is not in the table
/// is an error; its message suggests the nearest name, or lists all names.
KerasObject read_keras_object(const Node& node, std::string_view what, std::span<const KerasName> table,
                              ErrorList& errors);

/// Keras 2.15's form: {"module", "class_name", "config", "registered_name": null}.
nlohmann::json keras_json(std::string_view module, std::string_view class_name, nlohmann::json config);

}  // namespace hgq
