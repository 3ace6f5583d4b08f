#include "hgq/config/written_keys.h"

#include <nlohmann/json.hpp>

namespace hgq {

nlohmann::json written_keys(const std::function<void(ConfigReader& c)>& read) {
  const Node none;
  ErrorList ignored;
  ConfigReader c(none, "", ignored);
  read(c);
  return *c.resolved();
}

}  // namespace hgq
