#include "hgq/proxy/merging.h"

#include <algorithm>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/proxy/align.h"
#include "hgq/proxy/hls_interval.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/moves.h"
#include "hgq/proxy/package_types.h"

namespace hgq {
namespace {

/// Joins all parts in one signal, one after the other, so that they can be aligned element by element.
ProxySignal side_by_side(std::span<const ProxySignal* const> in) {
  ProxySignal all;
  all.storage = in[0]->storage;
  for (const ProxySignal* part : in) {
    all.fraction.insert(all.fraction.end(), part->fraction.begin(), part->fraction.end());
    all.low.insert(all.low.end(), part->low.begin(), part->low.end());
    all.high.insert(all.high.end(), part->high.begin(), part->high.end());
  }
  return all;
}

template <typename In, typename Sum>
void add_part(const ProxyRows& rows, size_t part, const int* shift) {
  const In* in = rows.in[part]->data<In>();
  Sum* out = rows.out->data<Sum>();
  const int64_t n = rows.out->row_size();
  for (int64_t row = 0; row < rows.rows; ++row, in += n, out += n) {
    for (int64_t e = 0; e < n; ++e) {
      const Sum term = static_cast<Sum>(in[e]) << shift[e];
      out[e] = part == 0 ? term : out[e] + term;
    }
  }
}

/// Computes the ranges of the sums, and returns the largest magnitude.
Int128 add_ranges(const ProxySignal& all, const std::vector<int>& shift, ProxySignal& out) {
  const auto n = static_cast<size_t>(out.shape.size());
  out.low.assign(n, 0);
  out.high.assign(n, 0);
  Int128 largest = 0;
  for (size_t e = 0; e < all.fraction.size(); ++e) {
    Int128& low = out.low[e % n] += all.low[e] << shift[e];
    Int128& high = out.high[e % n] += all.high[e] << shift[e];
    largest = std::max({largest, -low, low, -high, high});
  }
  return largest;
}

/// `shift` has the shifts of the elements of all parts, one part after the other.
ProxyFunction sum_function(std::span<const ProxySignal* const> in, std::vector<int> shift, Storage sum) {
  std::vector<Storage> storage;
  for (const ProxySignal* part : in) storage.push_back(part->storage);
  return [storage, shift = std::move(shift), sum](const ProxyRows& rows) {
    for (size_t part = 0; part < storage.size(); ++part) {
      const int* shifts = shift.data() + static_cast<int64_t>(part) * rows.out->row_size();
      if (sum == Storage::kInt64) {
        add_part<int64_t, int64_t>(rows, part, shifts);
      } else if (storage[part] == Storage::kInt64) {
        add_part<int64_t, Int128>(rows, part, shifts);
      } else {
        add_part<Int128, Int128>(rows, part, shifts);
      }
    }
  };
}

}  // namespace

std::unique_ptr<ProxyLayer> ProxyAdd::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  return std::make_unique<ProxyAdd>(node.name);
}

Node ProxyAdd::config(bool /*only_child*/) const { return base_config(true); }

// The elements of all parts at the same place are brought to the finest fraction among them, and then added.
ProxyPlan ProxyAdd::plan(std::span<const ProxySignal* const> in) const {
  HGQ_CHECK(in.size() >= 2, ShapeError, where(), ": reads ", in.size(), " layers, expected two or more");
  ProxyPlan plan;
  plan.out.shape = in[0]->shape;
  for (const ProxySignal* part : in) {
    check_fixed(*part);
    HGQ_CHECK(part->shape == in[0]->shape, ShapeError, where(), ": cannot add values of shapes ", in[0]->shape, " and ",
              part->shape);
    plan.out.storage = std::max(plan.out.storage, part->storage);
  }
  for (size_t e = 0; e < in[0]->hls.size(); ++e) {
    HlsInterval sum = HlsInterval::of(in[0]->hls, e);
    for (const ProxySignal* part : in.subspan(1)) sum.add(HlsInterval::of(part->hls, e));
    sum.push_to(plan.out.hls);
  }
  const ProxySignal all = side_by_side(in);
  const int64_t n = in[0]->shape.size();
  std::vector<int64_t> group;
  for (int64_t e = 0; e < static_cast<int64_t>(all.fraction.size()); ++e) group.push_back(e % n);
  Alignment aligned = align(all, group, n, where());
  plan.out.fraction = std::move(aligned.fraction);
  plan.out.storage = std::max(plan.out.storage, storage_for(add_ranges(all, aligned.shift, plan.out)));
  plan.operation = SumOperation{};
  plan.compute = sum_function(in, std::move(aligned.shift), plan.out.storage);
  return plan;
}

HlsType ProxyAdd::package_type(std::span<const HlsType> in) const { return package_sum(widest(in), std::ssize(in)); }

std::unique_ptr<ProxyLayer> ProxyConcatenate::read(const KerasNode& node, const KerasLayerWeights& /*weights*/) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (Concatenate)"), errors);
  const int64_t axis = reader.integer("axis", "dim along which to join", {.fallback = -1});
  errors.throw_if_any();
  return std::make_unique<ProxyConcatenate>(node.name, axis);
}

Node ProxyConcatenate::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("axis", Node::integer(axis_));
  return config;
}

// Like ops::concatenate: each element of the output moves from one part, so no value changes.
ProxyPlan ProxyConcatenate::plan(std::span<const ProxySignal* const> in) const {
  HGQ_CHECK(in.size() >= 2, ShapeError, where(), ": reads ", in.size(), " layers, expected two or more");
  Shape shape = in[0]->shape;
  const int64_t dim = axis_ < 0 ? axis_ + shape.rank() : axis_ - 1;
  HGQ_CHECK(dim >= 0 && dim < shape.rank(), ShapeError, where(), ": axis ", axis_, " is not a dim of samples of shape ",
            shape);
  const int d = static_cast<int>(dim);
  int64_t joined = 0;
  for (const ProxySignal* part : in) {
    Shape other = part->shape;
    HGQ_CHECK(other.rank() == shape.rank(), ShapeError, where(), ": cannot join values of shapes ", in[0]->shape,
              " and ", other);
    joined += other[d];
    other.set(d, shape[d]);
    HGQ_CHECK(other == shape, ShapeError, where(), ": cannot join values of shapes ", in[0]->shape, " and ",
              part->shape, " along axis ", axis_);
  }
  const int64_t inner = row_major_strides(shape)[static_cast<size_t>(d)];
  const int64_t outer = shape.size() / (inner * shape[d]);
  shape.set(d, joined);
  check_elements(shape.size(), where());
  std::vector<MoveSource> sources;
  for (int64_t o = 0; o < outer; ++o) {
    for (size_t part = 0; part < in.size(); ++part) {
      const int64_t run = in[part]->shape[d] * inner;
      for (int64_t e = 0; e < run; ++e) sources.push_back({static_cast<int>(part), o * run + e});
    }
  }
  return move_plan(in, shape, std::move(sources), where());
}

std::string ProxyConcatenate::firmware_note(const ProxySignal& input) const {
  if (input.shape.rank() <= kMostHlsDims) return "";
  return concat("hls4ml 1.3.0 cannot join samples of shape ", input.shape, "; it takes up to ", kMostHlsDims,
                " dims. Reduce them with PReshape");
}

void register_merging(ProxyKinds& kinds) {
  kinds.proxy_layers.add({.name = "Add", .make = ProxyAdd::read});
  kinds.proxy_layers.add({.name = "Concatenate", .make = ProxyConcatenate::read});
}

}  // namespace hgq
