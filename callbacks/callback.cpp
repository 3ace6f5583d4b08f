#include "hgq/callbacks/callback.h"

#include <nlohmann/json.hpp>

namespace hgq {

nlohmann::json Callback::state() const { return nullptr; }

void Callback::restore(const nlohmann::json& /*state*/) {}

}  // namespace hgq
