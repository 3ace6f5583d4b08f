#include "hgq/deploy/registry.h"

namespace hgq {

const Registry& built_in_registry() {
  static const Registry kRegistry;
  return kRegistry;
}

}  // namespace hgq
