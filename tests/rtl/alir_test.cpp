// alkaid's interpreter computes what the emulator computes, from our circuits in its format. Runs where
// HGQ_ALKAID_PYTHON names a Python that has alkaid (PyPI).
#include "alir.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "../support/temporary_folder.h"
#include "hdl_tools.h"
#include "hgq/data/h5.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/rtl/interpreter.h"
#include "hgq/rtl/lowering.h"
#include "sample_circuits.h"

namespace hgq::rtl {
namespace alir_test {

using Rows = std::vector<std::vector<int64_t>>;

/// The values of the features that have a wire, row by row.
Rows rows_of(const std::vector<Port>& ports, const std::vector<PortValues>& values, int64_t rows) {
  Rows out(static_cast<size_t>(rows));
  for (size_t row = 0; row < out.size(); ++row) {
    for (size_t p = 0; p < ports.size(); ++p) {
      const std::vector<Feature>& features = ports[p].features;
      for (size_t f = 0; f < features.size(); ++f) {
        if (features[f].node >= 0) out[row].push_back(values[p][row * features.size() + f]);
      }
    }
  }
  return out;
}

/// What the emulator gives, in units of the features.
std::vector<PortValues> whole_numbers(const Circuit& circuit, const Emulation& emulation) {
  std::vector<PortValues> out;
  for (size_t p = 0; p < circuit.outputs.size(); ++p) {
    const std::vector<Feature>& features = circuit.outputs[p].features;
    PortValues& values = out.emplace_back();
    for (const float v : emulation.outputs[p].values()) {
      const Feature& feature = features[values.size() % features.size()];
      values.push_back(static_cast<int64_t>(std::ldexp(static_cast<double>(v), -feature.exponent)));
    }
  }
  return out;
}

class Alir : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const python = std::getenv("HGQ_ALKAID_PYTHON");
    if (python == nullptr) GTEST_SKIP() << "HGQ_ALKAID_PYTHON names no Python with alkaid";
    python_ = python;
  }
  void add(const std::string& name, const Circuit& circuit, const std::vector<PortValues>& inputs,
           const std::vector<PortValues>& outputs, int64_t rows) {
    std::ofstream(folder_.path() + "/" + name + ".json") << to_alir(circuit);
    const nlohmann::json data{{"inputs", rows_of(circuit.inputs, inputs, rows)},
                              {"outputs", rows_of(circuit.outputs, outputs, rows)}};
    std::ofstream(folder_.path() + "/" + name + ".rows") << data.dump();
    ++circuits_;
  }
  void expect_equal() const {
    const std::string script = std::string(HGQ_SOURCE_DIR) + "/tests/rtl/alkaid_check.py";
    const Finished finished = run_in(folder_.path(), python_ + " " + script + " .");
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
    EXPECT_NE(finished.output.find(concat("\n", circuits_, " circuits")), std::string::npos) << finished.output;
  }

 private:
  TemporaryFolder folder_;
  std::string python_;
  int circuits_ = 0;
};

TEST_F(Alir, EveryKindOfNodeOnAllValues) {
  const Circuit circuit = trimmed(block_circuit(8, 1));
  int64_t rows = 0;
  const PortValues inputs = block_inputs(circuit, rows);
  add("blocks", circuit, {inputs}, Interpreter(circuit).run(std::vector<PortValues>{inputs}, rows), rows);
  expect_equal();
}

TEST_F(Alir, GoldenProxies) {
  const std::string folder = std::string(HGQ_SOURCE_DIR) + "/tests/golden/models/";
  Workers workers(2);
  for (const std::string model : {"mixer", "unary_fn", "jsc_bn", "sigmoid_out", "mlp_relu"}) {
    for (const std::string overflow : {"wrap", "sat"}) {
      const ProxyModel proxy = load_proxy(folder + model + "/proxy_" + overflow + ".h5", ProxyKinds());
      const Lowered lowered = lower(proxy, {}, workers);
      const h5::File data = h5::File::open(folder + model + "/data.h5");
      for (const std::string set : {"test", "overflow"}) {
        const Tensor x = data.read_floats("x/" + set);
        const std::vector<ConstTensorView> inputs{x.view()};
        const Emulation expected = Emulator(proxy).run(inputs);
        add(model + "_" + overflow + "_" + set, lowered.circuit, lowered.input_values(inputs),
            whole_numbers(lowered.circuit, expected), expected.rows());
      }
    }
  }
  expect_equal();
}

}  // namespace alir_test
}  // namespace hgq::rtl
