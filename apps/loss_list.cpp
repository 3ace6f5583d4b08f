#include "hgq/apps/loss_list.h"

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"

namespace hgq {

std::vector<OutputLoss> read_loss_list(const Node& node, const OutputMap& of,
                                       const std::function<void(const Node&)>& check, ErrorList& errors) {
  std::vector<OutputLoss> losses;
  if (!of.is_by_output(node)) {
    check(node);
    for (const std::string& output : of.outputs) losses.push_back({output, node, 1});
    return losses;
  }
  for (const auto& [output, loss] : node.entries()) {
    check(loss);
    of.check(output, loss, errors);
  }
  for (const std::string& output : of.outputs) {
    if (const Node* loss = node.find(output)) {
      losses.push_back({output, *loss, 1});
    } else if (of.outputs_are_known) {
      errors.add(node.key_place(), concat(of.section, ": no loss for the output '", output, "'"));
    }
  }
  return losses;
}

void read_loss_weights(const Node& node, const OutputMap& of, std::vector<OutputLoss>& losses, ErrorList& errors) {
  ConfigReader c(node, of.section, errors);
  for (const auto& [output, value] : node.entries()) {
    const double weight = c.number(output, "", {.required = true, .fallback = 1, .min = 0});
    of.check(output, value, errors);
    for (OutputLoss& loss : losses) {
      if (loss.output == output) loss.weight = weight;
    }
  }
}

}  // namespace hgq
