// bench_rtl_circuits --out DIR [--random N] [PROXY.h5 ...]: writes circuits as Verilog, with what rtl/estimate.h counts
// in them. tools/fit_rtl_estimate.py has them synthesised and fits the estimate to what comes out.
//
// Circuits are those of the proxies, and of N random networks of all sizes up to some thousand adder bits: dense layers
// with ReLU, tables, sums and maxima between, quantized in all modes. Each comes for both targets; every third in a
// pipeline, too. DIR/circuits.json has an entry for each: name, top, files, counts and estimates.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/proxy/builder.h"
#include "hgq/proxy/kinds.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/rtl/estimate.h"
#include "hgq/rtl/hdl.h"
#include "hgq/rtl/lowering.h"
#include "hgq/rtl/pipeline.h"
#include "hgq/rtl/three_operands.h"

namespace {

using hgq::Overflow;
using hgq::ProxyBuilder;
using hgq::ProxyModel;
using hgq::ProxyRef;
using hgq::QuantizerTypes;
using hgq::Rounding;
using hgq::Shape;

/// A network with sizes, widths and density of weights drawn at random.
class RandomNetwork {
 public:
  explicit RandomNetwork(uint64_t seed) : seed_(seed) {}

  ProxyModel make() {
    const int64_t inputs = number(4, 20);
    weight_bits_ = number(2, 6);
    zeros_ = number(0, 70);
    bits_ = number(3, 7);
    saturates_ = number(0, 2) == 0;
    ProxyRef x = quantizer("x_q", builder_.add_input("x", {inputs}), inputs, true);
    const int64_t layers = number(1, 3);
    for (int64_t layer = 1; layer <= layers; ++layer) x = add_layer("h" + std::to_string(layer), x);
    return std::move(builder_).finish({x});
  }

 private:
  int64_t number(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(hgq::random_bits(seed_, 0, 0, next_++) % static_cast<uint64_t>(high - low + 1));
  }

  ProxyRef quantizer(const std::string& name, ProxyRef parent, int64_t size, bool is_signed) {
    QuantizerTypes types{Shape{1, size}, {}, {}, {}};
    for (int64_t e = 0; e < size; ++e) {
      types.k.push_back(static_cast<int8_t>(is_signed ? 1 : 0));
      types.b.push_back(static_cast<int8_t>(std::max<int64_t>(bits_ + number(-2, 2), 1)));
      types.i.push_back(static_cast<int8_t>(number(1, 2)));
    }
    return builder_.add_quantizer(name, parent, types, number(0, 1) == 0 ? Rounding::kTrn : Rounding::kRnd,
                                  saturates_ ? Overflow::kSat : Overflow::kWrap);
  }

  std::vector<float> weights(int64_t count, int64_t bits) {
    std::vector<float> out;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t mantissa = number(1, 100) <= zeros_ ? 0 : number(-(1 << bits), (1 << bits));
      out.push_back(std::ldexp(static_cast<float>(mantissa), static_cast<int>(-bits)));
    }
    return out;
  }

  ProxyRef add_layer(const std::string& name, ProxyRef parent) {
    const int64_t inputs = builder_.signal(parent).shape.size();
    const int64_t units = number(3, 20);
    const auto dense = [&](const std::string& own) {
      const ProxyRef z = builder_.add_dense(own, parent, {inputs, units}, weights(inputs * units, weight_bits_),
                                            weights(units, weight_bits_));
      return quantizer(own + "_q", z, units, true);
    };
    const ProxyRef h = dense(name);
    switch (number(0, 5)) {
      case 0:
        return h;
      case 1:
        return quantizer(name + "_tanh_q", builder_.add_activation(name + "_tanh", h, "tanh"), units, true);
      case 2:
        return quantizer(name + "_sum_q", builder_.add_add(name + "_sum", {h, dense(name + "_b")}), units, true);
      case 3: {
        ProxyRef p = builder_.add_reshape(name + "_rows", h, {units, 1});
        p = builder_.add_pooling(name + "_max", p, {.rank = 1, .size = {2}, .stride = {2}});
        return builder_.add_flatten(name + "_flat", p);
      }
      default:
        return quantizer(name + "_relu_q", builder_.add_relu(h), units, false);
    }
  }

  uint64_t seed_;
  uint64_t next_ = 0;
  int64_t weight_bits_ = 0, zeros_ = 0, bits_ = 0;
  bool saturates_ = false;
  ProxyBuilder builder_;
};

/// Writes a circuit and returns its entry.
nlohmann::json write(const hgq::rtl::Circuit& circuit, const std::string& name, hgq::rtl::HdlTarget target,
                     const std::filesystem::path& folder) {
  nlohmann::json files = nlohmann::json::array();
  for (const hgq::rtl::SourceFile& file : hgq::rtl::write_hdl(circuit, {.target = target})) {
    if (!file.path.starts_with("src/") || file.path.ends_with("_ports.v")) continue;
    const std::filesystem::path path = folder / name / file.path;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream out(path);
    out << file.text;
    HGQ_CHECK(static_cast<bool>(out), FileError, path.string(), ": cannot be written");
    files.push_back(path.string());
  }
  const hgq::rtl::Estimate estimate = hgq::rtl::estimate(circuit);
  const hgq::rtl::ResourceCounts& counts = estimate.total;
  return {{"name", name},
          {"top", circuit.name},
          {"files", files},
          {"latency", circuit.latency},
          {"counts",
           {{"adder_bits", counts.adder_bits},
            {"three_bits", counts.three_bits},
            {"mux_bits", counts.mux_bits},
            {"gate_bits", counts.gate_bits},
            {"comparison_bits", counts.comparison_bits},
            {"table_bits", counts.table_bits},
            {"register_bits", counts.register_bits}}},
          {"estimate", {{"luts", counts.luts}, {"ffs", counts.ffs}}}};
}

void run(const std::string& out, int random, const std::vector<std::string>& proxies) {
  hgq::Workers workers;
  std::vector<std::pair<std::string, hgq::rtl::Circuit>> circuits;
  std::vector<std::string> notes;
  const auto add = [&](const std::string& name, ProxyModel model) {
    circuits.emplace_back(name, hgq::rtl::lower(hgq::rtl::with_logits(std::move(model), notes).model,
                                                {.solver = {.extra_depth = 2}}, workers)
                                    .circuit);
  };
  for (const std::string& path : proxies) {
    const std::filesystem::path p(path);
    add(p.parent_path().filename().string() + "_" + p.stem().string(), hgq::load_proxy(path, hgq::ProxyKinds()));
  }
  for (int i = 0; i < random; ++i)
    add("random_" + std::to_string(i), RandomNetwork(static_cast<uint64_t>(i) + 1).make());
  nlohmann::json entries = nlohmann::json::array();
  for (size_t i = 0; i < circuits.size(); ++i) {
    const auto& [name, circuit] = circuits[i];
    const hgq::rtl::Circuit three = hgq::rtl::with_three_operands(circuit);
    entries.push_back(write(circuit, name + "_generic", hgq::rtl::HdlTarget::kGeneric, out));
    entries.push_back(write(three, name + "_xilinx", hgq::rtl::HdlTarget::kXilinx, out));
    if (i % 3 != 0) continue;
    const hgq::rtl::PipelineOptions stages{.stage_delay = 4.0, .model = hgq::rtl::DelayModel::adder_levels()};
    entries.push_back(
        write(hgq::rtl::pipelined(circuit, stages), name + "_generic_pipeline", hgq::rtl::HdlTarget::kGeneric, out));
    entries.push_back(
        write(hgq::rtl::pipelined(three, stages), name + "_xilinx_pipeline", hgq::rtl::HdlTarget::kXilinx, out));
  }
  std::ofstream file(std::filesystem::path(out) / "circuits.json");
  file << entries.dump(1) << "\n";
  HGQ_CHECK(static_cast<bool>(file), FileError, out, "/circuits.json: cannot be written");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    CLI::App app{"Writes circuits as Verilog, with what the estimate counts in them."};
    std::string out;
    int random = 0;
    std::vector<std::string> proxies;
    app.add_option("--out", out, "folder")->required();
    app.add_option("--random", random, "number of random networks");
    app.add_option("PROXY", proxies, "proxies")->check(CLI::ExistingFile);
    CLI11_PARSE(app, argc, argv);
    run(out, random, proxies);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_rtl_circuits: %s\n", e.what());
    return 2;
  }
  return 0;
}
