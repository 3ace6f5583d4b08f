#include "hgq/deploy/measured_candidates.h"

#include <zlib.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/core/system_file.h"
#include "hgq/deploy/candidate_file.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr size_t kMostTable = size_t{1} << 28U;
constexpr size_t kMostModel = size_t{1} << 34U;

bool is_of(const fs::path& model, const std::string& key) {
  return !fs::exists(model) || key.starts_with(model_checksum(model.string()) + ":");
}

}  // namespace

uint64_t content_checksum(std::string_view bytes) {
  return crc32_z(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
}

std::string model_checksum(const std::string& path) {
  const std::string content = read_file(path, kMostModel);
  return concat(content.size(), ":", content_checksum(content));
}

std::vector<Candidate> read_candidates(const std::string& run_folder) {
  std::vector<Candidate> candidates;
  const fs::path file = fs::path(run_folder) / kCandidatesName;
  if (!fs::exists(file)) return candidates;
  const Json json = Json::parse(read_file(file.string(), kMostTable), nullptr, false);
  if (!json.is_object()) return candidates;
  for (const auto& [name, entry] : json.items()) {
    try {
      if (!is_of(fs::path(run_folder) / name, entry.at("key").get<std::string>())) continue;
      candidates.push_back(candidate_from(entry.at("candidate"), file.string()));
      candidates.back().file = name;
      candidates.back().run = run_folder;
    } catch (const FileError&) {
    } catch (const Json::exception&) {
    }
  }
  return candidates;
}

}  // namespace hgq
