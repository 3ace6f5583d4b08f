// The words for the options of rtl/hdl.h and rtl/to_rtl.h, in the order of their enums.
#include <algorithm>
#include <array>

#include "hgq/rtl/to_rtl.h"

namespace hgq {
namespace {

constexpr std::array<std::string_view, 2> kLanguages{"verilog", "vhdl"};
constexpr std::array<std::string_view, 2> kTargets{"generic", "xilinx"};
constexpr std::array<std::string_view, 3> kEfforts{"low", "medium", "high"};
constexpr std::array<std::string_view, 3> kSoftmaxes{"refuse", "logits", "argmax"};

template <typename Enum, size_t kCount>
std::optional<Enum> find_name(const std::array<std::string_view, kCount>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <size_t kCount>
std::vector<std::string> list_of(const std::array<std::string_view, kCount>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

namespace rtl {

std::string_view to_string(HdlLanguage language) { return kLanguages[static_cast<size_t>(language)]; }
std::string_view to_string(HdlTarget target) { return kTargets[static_cast<size_t>(target)]; }
std::vector<std::string> hdl_language_names() { return list_of(kLanguages); }
std::vector<std::string> hdl_target_names() { return list_of(kTargets); }
std::optional<HdlLanguage> hdl_language_named(std::string_view name) {
  return find_name<HdlLanguage>(kLanguages, name);
}
std::optional<HdlTarget> hdl_target_named(std::string_view name) { return find_name<HdlTarget>(kTargets, name); }

}  // namespace rtl

std::string_view to_string(RtlEffort effort) { return kEfforts[static_cast<size_t>(effort)]; }
std::string_view to_string(RtlSoftmax softmax) { return kSoftmaxes[static_cast<size_t>(softmax)]; }
std::vector<std::string> rtl_effort_names() { return list_of(kEfforts); }
std::vector<std::string> rtl_softmax_names() { return list_of(kSoftmaxes); }
std::optional<RtlEffort> rtl_effort_named(std::string_view name) { return find_name<RtlEffort>(kEfforts, name); }
std::optional<RtlSoftmax> rtl_softmax_named(std::string_view name) { return find_name<RtlSoftmax>(kSoftmaxes, name); }

}  // namespace hgq
