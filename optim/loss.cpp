#include "hgq/optim/loss.h"

#include <nlohmann/json.hpp>

#include "hgq/optim/keras_keys.h"

namespace hgq {

nlohmann::json Loss::arguments() const { return nlohmann::json::object(); }

LossPtr make_loss(const Node& node, const Kinds<MakeLoss>& losses, ErrorList& errors, std::vector<KeyDoc>* docs) {
  const NamedKind<MakeLoss> named = losses.read(node, errors);
  if (named.kind == nullptr) return nullptr;
  ConfigReader c(named.arguments, named.written, errors, docs);
  LossPtr loss = named.kind->make(c);
  read_keras_loss_keys(c);
  c.finish();
  if (!c.failed()) losses.check_made(named, loss != nullptr, loss == nullptr ? "" : loss->name(), errors);
  return c.failed() ? nullptr : std::move(loss);
}

}  // namespace hgq
