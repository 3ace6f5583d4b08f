// The text of docs/config.md between its tables (cmd_reference.cpp makes the page).
#pragma once

#include <string_view>

namespace hgq::reference_text {

extern const std::string_view kHead;
extern const std::string_view kValues;
extern const std::string_view kSets;
extern const std::string_view kArrays;
extern const std::string_view kTargets;
extern const std::string_view kQuantizers;
extern const std::string_view kLayers;
extern const std::string_view kActivations;
extern const std::string_view kFormulas;
extern const std::string_view kLosses;
extern const std::string_view kMetrics;
extern const std::string_view kCallbacks;
extern const std::string_view kDifferences;

}  // namespace hgq::reference_text
