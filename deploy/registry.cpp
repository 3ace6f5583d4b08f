#include "hgq/deploy/registry.h"

namespace hgq {

void register_built_in(Registry& kinds);  // made of the list in CMakeLists.txt

// The bases have their own kinds already; what needs circuits is added here.
Registry::Registry() { register_built_in(*this); }

const Registry& built_in_registry() {
  static const Registry kRegistry;
  return kRegistry;
}

}  // namespace hgq
