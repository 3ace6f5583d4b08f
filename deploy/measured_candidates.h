// candidates.json in the folder of a run: what `hgq-train front` has measured of its models.
//
//   for (const Candidate& candidate : read_candidates("runs/magic"))
//     std::printf("%s: %g LUTs\n", candidate.file.c_str(), candidate.value("luts").value_or(0));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/deploy/candidate.h"

namespace hgq {

inline constexpr const char* kCandidatesName = "candidates.json";

/// The CRC-32 of these bytes.
uint64_t content_checksum(std::string_view bytes);
/// "SIZE:CHECKSUM" of a model file, with which its key in candidates.json begins.
std::string model_checksum(const std::string& path);

/// The candidates of models that are still the files that were measured, or are gone. What is damaged is left out, as
/// the file holds nothing that could not be measured again.
std::vector<Candidate> read_candidates(const std::string& run_folder);

}  // namespace hgq
