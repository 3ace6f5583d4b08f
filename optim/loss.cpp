#include "hgq/optim/loss.h"

#include <nlohmann/json.hpp>

#include "hgq/optim/keras_keys.h"

namespace hgq {

nlohmann::json Loss::arguments() const { return arguments_ ? *arguments_ : nlohmann::json::object(); }

LossPtr make_loss(const Node& node, const Kinds<MakeLoss>& losses, ErrorList& errors, std::vector<KeyDoc>* docs) {
  return losses.make(node, errors, docs, [](MakeLoss make, ConfigReader& c) {
    LossPtr loss = make(c);
    read_keras_loss_keys(c);
    if (loss != nullptr) c.expect_written(loss->arguments());
    return loss;
  });
}

}  // namespace hgq
