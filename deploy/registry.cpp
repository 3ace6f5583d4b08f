#include "hgq/deploy/registry.h"

namespace hgq {

const Registry& built_in_registry() {
  static const Registry registry;
  return registry;
}

}  // namespace hgq
