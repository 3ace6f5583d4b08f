#include "hgq/proxy/unary_lut.h"

#include <algorithm>
#include <cmath>

#include "hgq/config/config_reader.h"
#include "hgq/core/error.h"
#include "hgq/core/finite.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/package_types.h"

namespace hgq {
namespace {

HlsType read_type(const KerasNode& node, std::string_view key) {
  ErrorList errors;
  ConfigReader reader(node.config, concat("layer '", node.name, "' (UnaryLUT)"), errors);
  const std::vector<int64_t> kif = reader.integers(std::string(key), "[k, i, f]", {}, {.min = -128, .max = 128});
  errors.throw_if_any();
  HGQ_CHECK(kif.size() == 3, FileError, node.config.place(), ": layer '", node.name, "' (UnaryLUT) has ", kif.size(),
            " numbers as ", key, ", expected [k, i, f]");
  return {static_cast<int>(kif[0]), static_cast<int>(kif[1]), static_cast<int>(kif[2])};
}

Node type_node(const HlsType& type) {
  const int64_t kif[3] = {type.k, type.i, type.f};
  return integer_list(kif);
}

}  // namespace

void ProxyUnaryLut::check() const {
  const auto is_type = [](const HlsType& t, int most) {
    return (t.k == 0 || t.k == 1) && t.bits() > 0 && t.bits() <= most;
  };
  HGQ_CHECK(is_type(in_, kMaxTableBits) && is_type(out_, kMaxFixedBits), ShapeError, where(), ": types (", in_.k, ", ",
            in_.i, ", ", in_.f, ") -> (", out_.k, ", ", out_.i, ", ", out_.f, "), expected 1 to ", kMaxTableBits,
            " bits, and 1 to ", kMaxFixedBits);
}

ProxyUnaryLut::ProxyUnaryLut(std::string name, const Source& source)
    : ProxyLayer(std::move(name)), in_(source.in), out_(source.out), function_(source.function) {
  check();
  const int64_t size = int64_t{1} << in_.bits();
  const Kbi type{.k = out_.k, .b = out_.bits(), .i = out_.k + out_.i};
  for (int64_t code = 0; code < size; ++code) {
    const double x = point(code);
    const auto y = static_cast<float>(function_->value(x));
    HGQ_CHECK(std::isfinite(y), ShapeError, where(), ": the function '", function_->name, "' gives ", y, " at ", x,
              ", which is a possible input, expected finite values");
    const Quantized entry = quantize(static_cast<double>(y), type, source.rounding, source.overflow);
    table_.push_back(to_float(entry.mantissa, type.fraction()));
    overflows_.push_back(entry.outside ? 1 : 0);
  }
}

ProxyUnaryLut::ProxyUnaryLut(std::string name, HlsType in, HlsType out, std::vector<float> table)
    : ProxyLayer(std::move(name)), in_(in), out_(out), table_(std::move(table)) {
  check();
  HGQ_CHECK(std::ssize(table_) == int64_t{1} << in_.bits(), ShapeError, where(), ": a table of ", table_.size(),
            " entries for an input of ", in_.bits(), " bits, expected ", int64_t{1} << in_.bits());
  HGQ_CHECK(all_finite(table_), ShapeError, where(), ": its table holds values that are not finite");
}

double ProxyUnaryLut::point(int64_t code) const {
  const int64_t size = int64_t{1} << in_.bits();
  const int64_t mantissa = in_.k != 0 && code >= size / 2 ? code - size : code;
  return std::ldexp(static_cast<double>(mantissa), -in_.f);
}

void ProxyUnaryLut::set_table_overflows(std::vector<int8_t> overflows) {
  HGQ_CHECK(overflows.size() == table_.size(), ShapeError, where(), ": ", overflows.size(),
            " flags of overflow, expected one for each of its ", table_.size(), " entries");
  overflows_ = std::move(overflows);
}

void ProxyUnaryLut::find_table_overflows(const ops::UnaryFunction& function) {
  overflows_.clear();
  for (const float entry : table_) {
    const auto y = static_cast<float>(function.value(point(std::ssize(overflows_))));
    const bool near = std::abs(static_cast<double>(y) - static_cast<double>(entry)) <= std::ldexp(1.0, -out_.f);
    overflows_.push_back(near ? 0 : 1);
  }
}

std::unique_ptr<ProxyLayer> ProxyUnaryLut::read(const KerasNode& node, const KerasLayerWeights& weights) {
  const KerasWeight* const table = weights.find("table");
  HGQ_CHECK(table != nullptr && !table->is_int8() && table->shape.rank() == 1, FileError, node.config.place(),
            ": layer '", node.name, "' (UnaryLUT) has no table, expected a weight 'table:0' of one dim");
  return std::make_unique<ProxyUnaryLut>(node.name, read_type(node, "kif_in"), read_type(node, "kif_out"),
                                         table->floats());
}

Node ProxyUnaryLut::config(bool /*only_child*/) const {
  Node config = base_config(true);
  config.set("kif_in", type_node(in_));
  config.set("kif_out", type_node(out_));
  return config;
}

std::vector<KerasWeight> ProxyUnaryLut::weights(bool /*only_child*/) const {
  return {KerasWeight::of_floats("table:0", Shape{std::ssize(table_)}, table_)};
}

// All entries get the finest fraction among them. The index is x at the fraction of kif_in, halves to even, modulo the
// number of entries (quantization.md 3.3).
ProxyPlan ProxyUnaryLut::plan(std::span<const ProxySignal* const> in) const {
  const ProxySignal& input = fixed_input(in);
  int fraction = -200;
  for (const float v : table_) {
    if (v != 0.0F) fraction = std::max(fraction, -lowest_set_bit(v));
  }
  if (fraction == -200) fraction = 0;
  std::vector<int64_t> entries;
  HlsType type;
  bool first = true;
  for (const float v : table_) {
    HGQ_CHECK(v == 0.0F || highest_set_bit(v) + fraction < 60, ShapeError, where(),
              ": its table's entries span more than 60 bits");
    entries.push_back(static_cast<int64_t>(std::ldexp(static_cast<double>(v), fraction)));
    // The type of each entry, as hls4ml derives it.
    const int f = v == 0.0F ? 0 : hls_fraction(static_cast<double>(v));
    const double most = std::max(static_cast<double>(v) + std::ldexp(1.0, -f), -static_cast<double>(v));
    const int i = v == 0.0F ? 0 : hls_ceil_log2(most);
    type = {.k = std::max(type.k, v < 0.0F ? 1 : 0),
            .i = first ? i : std::max(type.i, i),
            .f = first ? f : std::max(type.f, f)};
    first = false;
  }
  const auto [low, high] = std::ranges::minmax(entries);
  const auto n = static_cast<size_t>(input.shape.size());
  ProxyPlan plan;
  plan.out = {.shape = input.shape,
              .storage = Storage::kInt64,
              .fraction = std::vector<int>(n, fraction),
              .low = std::vector<Int128>(n, low),
              .high = std::vector<Int128>(n, high),
              .hls = {}};
  plan.out.hls.push_all(n, type.k, type.i, type.f);
  const auto mask = static_cast<int64_t>(table_.size()) - 1;
  plan.operation = ScalarOperation{[table = table_, mask, in_fraction = in_.f](double v) {
    const double code = round_to_integer(std::ldexp(v, in_fraction), Rounding::kRndConv);
    return static_cast<double>(table[static_cast<size_t>(static_cast<int64_t>(code) & mask)]);
  }};
  std::vector<int> shift;  // of the mantissas, to those of the input's type
  for (const int f : input.fraction) shift.push_back(f - in_.f);
  with_storage(input.storage, [&](auto element) {
    using T = decltype(element);
    if constexpr (!std::is_same_v<T, float>) {
      plan.compute = [entries, shift, mask, overflows = overflows_](const ProxyRows& rows) {
        const T* x = rows.in[0]->data<T>();
        auto* y = rows.out->data<int64_t>();
        const auto count = static_cast<size_t>(rows.out->row_size());
        for (int64_t row = 0; row < rows.rows; ++row, x += count, y += count) {
          int64_t outside = 0;
          for (size_t e = 0; e < count; ++e) {
            const auto code =
                static_cast<size_t>(static_cast<int64_t>(shift_round(x[e], shift[e], Rounding::kRndConv)) & mask);
            y[e] = entries[code];
            if (!overflows.empty()) outside += overflows[code];
          }
          *rows.overflows += outside;
          rows.row_overflows[row] |= static_cast<uint8_t>(outside != 0);
        }
      };
    }
  });
  return plan;
}

HlsType ProxyUnaryLut::package_type(std::span<const HlsType> in) const {
  return function_ == nullptr ? widest(in) : package_function(function_->value, widest(in));
}

std::string ProxyUnaryLut::why_wrong(const ProxyLayerRow& row) const {
  if (row.overflows > 0)
    return concat("a table's edge: an entry of UnaryLUT '", name(),
                  "' wraps, as the value of the function is out of the range of the type after it");
  if (overflows_.empty())
    return concat("UnaryLUT '", name(), "': its table contains another value than that of the function");
  return "";
}

void register_unary_lut(ProxyKinds& kinds) {
  kinds.proxy_layers.add({.name = "UnaryLUT", .make = ProxyUnaryLut::read});
}

}  // namespace hgq
