// What the layers of a list read, and the order in which values flow: names, cycles, outputs, layers without an effect.
// Used by layer_graph.cpp, which reads the single layers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/config/node.h"
#include "hgq/layers/layer_graph.h"

namespace hgq {

inline constexpr std::string_view kInputKind = "Input";
inline constexpr std::string_view kNestedKind = "NestedModel";
inline constexpr std::string_view kSharedKind = "Shared";

/// The graph while it is made. Positions are those of the list.
struct GraphDraft {
  std::vector<LayerNode> layers;
  std::vector<std::string> shared;  // of each Shared: the name of the layer that it calls again; else empty
};

/// suggestion() for the first errors only, as it compares the name with all others: messages after the first 50 are
/// only counted (ErrorList::messages), and there may be thousands.
std::string bounded_suggestion(const std::string& name, const std::vector<std::string>& names, const ErrorList& errors);

/// Finds what each layer reads. False after an error.
bool connect_layers(GraphDraft& draft, ErrorList& errors);

/// Positions so that each layer follows those that it reads, and a Shared the first call, otherwise in the order of the
/// list. Empty after an error.
std::vector<std::size_t> flow_order(const GraphDraft& draft, ErrorList& errors);

/// The outputs that no layer reads, in the order of the list.
std::vector<LayerOutput> unread_outputs(const GraphDraft& draft);

/// The outputs with these names; `section` opens messages: "model". `place`: of those that have none of their own.
std::vector<LayerOutput> find_outputs(const GraphDraft& draft, const std::vector<std::string>& names,
                                      const std::vector<std::string>& places, const std::string& section,
                                      const std::string& place, ErrorList& errors);

/// Adds an error for each layer that no output needs: it would be neither trained nor exported. `order`: of the flow;
/// `list`: how messages call the list of the outputs.
void check_all_used(const GraphDraft& draft, const std::vector<std::size_t>& order,
                    const std::vector<LayerOutput>& outputs, const std::string& list, bool inputs_too,
                    ErrorList& errors);

}  // namespace hgq
