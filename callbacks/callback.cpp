#include "hgq/callbacks/callback.h"

#include <nlohmann/json.hpp>

#include "hgq/core/error.h"

namespace hgq {

nlohmann::json Callback::state() const { return nullptr; }

void Callback::restore(const nlohmann::json& state) {
  HGQ_CHECK(state.is_null(), FileError, "callback ", name(), " has a state(), but no restore(); override both");
}

}  // namespace hgq
