// Who reads whom among the layers of a config: the chain, names that are not there, circles, the order in which values
// flow, outputs, layers that nobody needs. Used by layer_graph.cpp, which reads the layers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/apps/layer_graph.h"
#include "hgq/config/node.h"

namespace hgq {

inline constexpr std::string_view kInputKind = "Input";

/// A layer while the graph is made: places for messages, and where it stands.
struct Draft {
  LayerNode layer;
  std::string place;                      // of the kind
  std::vector<std::string> input_places;  // of each of its inputs
  std::vector<std::size_t> reads;         // positions of its inputs
  std::vector<std::string> outputs;       // of a call of a NestedModel; else empty
  std::string shared;                     // of a Shared: the layer
  std::optional<std::size_t> first_call;  // its position
};

/// The names by which the outputs of a call are read: its own, or NAME/LAYER of a nested model with several.
std::vector<std::string> output_names(const std::vector<Draft>& drafts, std::size_t index);

/// suggestion(), which compares a name with all others, for the first errors alone: more are only counted
/// (ErrorList::messages), and there may be thousands.
std::string bounded_suggestion(const std::string& name, const std::vector<std::string>& names, const ErrorList& errors);

/// Makes the chain, and positions of names. False after an error.
bool connect_layers(std::vector<Draft>& drafts, ErrorList& errors);

/// Positions so that each layer follows those that it reads, in the order of the config as far as that goes; by a
/// depth-first walk without recursion. Empty after an error.
std::vector<std::size_t> flow_order(const std::vector<Draft>& drafts, ErrorList& errors);

/// The outputs that nobody reads, in order.
std::vector<std::string> default_outputs(const std::vector<Draft>& drafts);

/// A layer that no output needs is a slip: it would be neither trained nor exported.
void check_all_used(const std::vector<Draft>& drafts, const std::vector<std::size_t>& order,
                    const std::vector<std::string>& outputs, ErrorList& errors);

}  // namespace hgq
