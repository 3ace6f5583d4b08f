// Writes the keys of a small struct (a regularizer, a quantizer's settings) by the function that reads them, so that
// each key is spelled once. The function takes the values of the struct as fallbacks; read from an empty map, they are
// what is written.
//
//   struct Band {
//     int64_t width = 1;
//   };
//   void read_keys(ConfigReader& c, Band& band) { band.width = c.integer("width", "in rows", {.fallback = band.width}); }
//   nlohmann::json to_json(Band band) {
//     return written_keys([&](ConfigReader& c) { read_keys(c, band); });
//   }
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "hgq/config/config_reader.h"

namespace hgq {

/// What `read` resolves (ConfigReader::resolved) if no key is given. The errors that it adds are ignored.
nlohmann::json written_keys(const std::function<void(ConfigReader& c)>& read);

}  // namespace hgq
