#include "hgq/proxy/layer.h"

#include "hgq/core/error.h"
#include "hgq/proxy/package_types.h"

namespace hgq {

std::string ProxyLayer::where() const { return concat("layer '", name_, "' (", class_name(), ")"); }

std::vector<KerasWeight> ProxyLayer::weights(bool /*only_child*/) const { return {}; }

HlsType ProxyLayer::package_type(std::span<const HlsType> in) const { return widest(in); }

std::string ProxyLayer::firmware_note(const ProxySignal& /*input*/) const { return ""; }

std::string ProxyLayer::why_wrong(const ProxyLayerRow& row) const {
  return row.overflows == 0 ? "" : concat("overflow: values of ", where(), " are out of the range of their type");
}

std::string ProxyLayer::why_inexact() const { return ""; }

// By value, as those that keep it take it.
void ProxyLayer::set_table_overflows(std::vector<int8_t> overflows) {  // NOLINT(performance-unnecessary-value-param)
  throw ShapeError(
      concat(where(), ": found ", overflows.size(), " flags of overflow, expected none, as it has no table"));
}

void ProxyLayer::find_table_overflows(const ops::UnaryFunction& /*function*/) {}

void ProxyLayer::set_softmax_table(int64_t /*entries*/) {}

const ProxySignal& ProxyLayer::only_input(std::span<const ProxySignal* const> in) const {
  HGQ_CHECK(in.size() == 1, ShapeError, where(), ": reads ", in.size(), " layers, expected one");
  return *in.front();
}

const ProxySignal& ProxyLayer::fixed_input(std::span<const ProxySignal* const> in) const {
  const ProxySignal& signal = only_input(in);
  check_fixed(signal);
  return signal;
}

void ProxyLayer::check_fixed(const ProxySignal& in) const {
  HGQ_CHECK(in.fixed_point(), ShapeError, where(),
            ": reads values that are not quantized (an input, or the result of an activation function); expected a "
            "FixedPointQuantizer before it");
}

Node ProxyLayer::base_config(bool trainable) const {
  return Node::map(
      {{"name", Node::string(name_)}, {"trainable", Node::boolean(trainable)}, {"dtype", Node::string("float32")}});
}

Node integer_list(std::span<const int64_t> values) {
  std::vector<Node> items;
  for (const int64_t value : values) items.push_back(Node::integer(value));
  return Node::list(std::move(items));
}

}  // namespace hgq
