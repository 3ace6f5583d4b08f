#include "hgq/callbacks/kinds.h"

namespace hgq {

void register_built_in(CallbackKinds& kinds);  // made of the list in CMakeLists.txt

CallbackKinds::CallbackKinds() { register_built_in(*this); }

std::unique_ptr<Callback> make_callback(const Node& node, const CallbackContext& context, const CallbackKinds& kinds,
                                        ErrorList& errors, std::vector<KeyDoc>* docs) {
  return kinds.callbacks.make(node, errors, docs, [&](MakeCallback make, ConfigReader& c) { return make(c, context); });
}

}  // namespace hgq
