// Candidates as JSON, for tables and for the file in which a run keeps what was measured of its models.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "hgq/deploy/candidate.h"

namespace hgq {

/// {run, file, epoch, train: {...}, validation: {...}, test: {...}, exact_bops, circuit: {...}, rows, rows_differ,
/// rows_with_overflow, refused, wrong, no_circuit}. A number that is not finite is a text.
nlohmann::json to_json(const Candidate& candidate);
/// Throws FileError, which begins with `where`.
Candidate candidate_from(const nlohmann::json& json, const std::string& where);

/// A line for each candidate: run,file,epoch,on_front,usable, then all numbers that any of them has, then what is
/// wrong. `front` are the indices of those on the front.
std::string candidates_csv(const std::vector<Candidate>& candidates, const std::vector<size_t>& front);

}  // namespace hgq
