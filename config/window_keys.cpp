#include "hgq/config/window_keys.h"

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {

std::vector<int64_t> read_sizes(ConfigReader& c, const std::string& key, std::string_view doc, int rank,
                                int64_t fallback) {
  const auto count = static_cast<size_t>(rank);
  std::vector<int64_t> sizes = c.integers(key, doc, std::vector<int64_t>(fallback == 0 ? 0 : count, fallback),
                                          {.required = fallback == 0, .min = 1, .max = 1 << 20});
  if (sizes.size() == 1) sizes.resize(count, sizes[0]);
  c.resolve(key, sizes);
  if (sizes.size() == count) return sizes;
  if (c.has(key)) c.error(key, concat("found ", sizes.size(), " numbers, expected 1", rank == 2 ? " or 2" : ""));
  return std::vector<int64_t>(count, 1);
}

Padding read_padding(ConfigReader& c, bool causal) {
  const std::vector<std::string> choices =
      causal ? std::vector<std::string>{"valid", "same", "causal"} : std::vector<std::string>{"valid", "same"};
  const std::string found = c.choice("padding", "what surrounds the input: nothing, or zeros", choices, "valid");
  return found == "same" ? Padding::kSame : found == "causal" ? Padding::kCausal : Padding::kValid;
}

void read_data_format(ConfigReader& c) {
  c.choice("data_format", "order of the dims", {"channels_last"}, "channels_last");
}

}  // namespace hgq
