#include "hgq/proxy/input.h"

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/package_types.h"

namespace hgq {
namespace {

/// The plan of every layer has an entry for each element, so the size that a file can claim is limited.
constexpr int64_t kMostInputElements = int64_t{1} << 22;

/// [null, 8, 3] -> [8, 3].
Shape sample_shape(const Node& batch_shape, const std::string& name) {
  std::vector<int64_t> dims;
  int64_t elements = 1;
  for (size_t i = 1; i < batch_shape.items().size(); ++i) {
    const auto extent = decimal_integer(batch_shape.items()[i]);
    HGQ_CHECK(extent && *extent > 0, FileError, batch_shape.place(), ": input '", name, "' has ",
              describe(batch_shape.items()[i]), " as extent of dim ", i, "; every dim but the batch must be known");
    HGQ_CHECK(*extent <= kMostInputElements / elements, FileError, batch_shape.place(), ": input '", name,
              "' has more than ", kMostInputElements, " values a sample");
    elements *= *extent;
    dims.push_back(*extent);
  }
  HGQ_CHECK(!dims.empty(), FileError, batch_shape.place(), ": input '", name, "' has no dims besides the batch");
  return Shape(dims);
}

}  // namespace

std::unique_ptr<ProxyLayer> ProxyInput::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  const Node* shape = node.config.find("batch_input_shape");
  HGQ_CHECK(shape != nullptr && shape->is_list(), FileError, node.config.place(), ": input '", node.name,
            "' has no batch_input_shape");
  return std::make_unique<ProxyInput>(node.name, sample_shape(*shape, node.name));
}

Node ProxyInput::config(bool /*only_child*/) const {
  std::vector<Node> shape{Node()};
  for (const int64_t extent : sample_.dims()) shape.push_back(Node::integer(extent));
  return Node::map({{"batch_input_shape", Node::list(std::move(shape))},
                    {"dtype", Node::string("float32")},
                    {"sparse", Node::boolean(false)},
                    {"ragged", Node::boolean(false)},
                    {"name", Node::string(name())}});
}

ProxyPlan ProxyInput::plan(std::span<const ProxySignal* const> in) const {
  HGQ_CHECK(in.empty(), ShapeError, where(), ": reads another layer");
  ProxyPlan plan;
  plan.out.shape = sample_;
  plan.out.hls.push_all(static_cast<size_t>(sample_.size()), 1, kUnlimitedBits, kUnlimitedBits);
  plan.compute = [](const ProxyRows&) {};
  return plan;
}

HlsType ProxyInput::package_type(std::span<const HlsType> /*in*/) const {
  return {.k = 1, .i = kPackageUnknownBits, .f = kPackageUnknownBits};
}

void register_input(ProxyKinds& kinds) { kinds.proxy_layers.add({.name = "InputLayer", .make = ProxyInput::read}); }

}  // namespace hgq
