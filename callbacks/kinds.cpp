#include "hgq/callbacks/kinds.h"

namespace hgq {

void register_built_in(CallbackKinds& kinds);  // made of the list in CMakeLists.txt

CallbackKinds::CallbackKinds() { register_built_in(*this); }

std::unique_ptr<Callback> make_callback(const Node& node, const CallbackContext& context, const CallbackKinds& kinds,
                                        ErrorList& errors, std::vector<KeyDoc>* docs) {
  const NamedKind<MakeCallback> named = kinds.callbacks.read(node, errors);
  if (named.kind == nullptr) return nullptr;
  ConfigReader c(named.arguments, named.written, errors, docs);
  std::unique_ptr<Callback> callback = named.kind->make(c, context);
  c.finish();
  if (!c.failed())
    kinds.callbacks.check_made(named, callback != nullptr, callback == nullptr ? "" : callback->name(), errors);
  return c.failed() ? nullptr : std::move(callback);
}

}  // namespace hgq
