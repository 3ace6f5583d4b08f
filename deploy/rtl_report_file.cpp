#include "hgq/deploy/rtl_report_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "hgq/core/error.h"
#include "hgq/core/printable.h"
#include "hgq/core/system_file.h"

namespace hgq {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr std::string_view kFormat = "hgq-rtl 1";
constexpr size_t kMostBytes = size_t{1} << 28U;
constexpr int64_t kMostLatency = 100'000;
constexpr int64_t kMostRows = 10'000'000;
constexpr int kMostBits = 62;
constexpr int64_t kMostExponent = 1000;
constexpr int64_t kMostElements = 10'000'000;
constexpr std::string_view kRemedy = "; undo the change, or write the folder again with 'hgq-train rtl'";

[[noreturn]] void fail(const std::string& file, const std::string& message) {
  throw FileError(concat(file, ": ", message, kRemedy));
}

/// A value of the report, and where it is: "inputs[0].features[3].bits".
class Place {
 public:
  Place(const std::string& file, const Json& value, std::string path)
      : file_(file), value_(value), path_(std::move(path)) {}

  Place at(const std::string& key) const {
    if (!value_.is_object()) wrong("a map");
    const auto found = value_.find(key);
    const std::string path = path_.empty() ? key : concat(path_, ".", key);
    if (found == value_.end()) fail(file_, concat("key '", path, "' is missing"));
    return {file_, *found, path};
  }
  std::vector<Place> items() const {
    if (!value_.is_array()) wrong("a list");
    std::vector<Place> items;
    for (size_t i = 0; i < value_.size(); ++i) items.emplace_back(file_, value_[i], concat(path_, "[", i, "]"));
    return items;
  }
  std::string text() const {
    if (!value_.is_string()) wrong("a text");
    return value_.get<std::string>();
  }
  bool boolean() const {
    if (!value_.is_boolean()) wrong("true or false");
    return value_.get<bool>();
  }
  int64_t integer(int64_t min, int64_t max) const {
    const bool fits = value_.is_number_integer() &&
                      (!value_.is_number_unsigned() ||
                       value_.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) &&
                      value_.get<int64_t>() >= min && value_.get<int64_t>() <= max;
    if (!fits) wrong(concat("an integer in [", min, ", ", max, "]"));
    return value_.get<int64_t>();
  }
  void number() const {
    if (!value_.is_number() || value_.get<double>() < 0) wrong("a number of at least 0");
  }
  bool is(const Json& value) const { return value_ == value; }
  bool has(const std::string& key) const { return value_.contains(key); }
  template <typename Enum>
  Enum word(std::optional<Enum> (*named)(std::string_view), const std::vector<std::string>& words) const {
    const std::optional<Enum> value = value_.is_string() ? named(value_.get<std::string>()) : std::nullopt;
    std::string expected;
    for (const std::string& word : words) expected += (expected.empty() ? "one of " : ", ") + word;
    if (!value) wrong(expected);
    return *value;
  }
  [[noreturn]] void wrong(const std::string& expected) const {
    constexpr size_t kMostFound = 60;
    std::string found = value_.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (found.size() > kMostFound) found = found.substr(0, kMostFound) + "...";
    fail(file_, concat(path_.empty() ? "" : concat(path_, ": "), "found ", printable(found), ", expected ", expected));
  }

 private:
  const std::string& file_;
  const Json& value_;
  std::string path_;
};

void check_counts(const Place& counts) {
  for (const char* const key : {"adders", "adder_bits", "three_operand_bits", "mux_bits", "gate_bits",
                                "comparison_bits", "table_bits", "register_bits", "estimated_luts", "estimated_ffs"})
    counts.at(key).number();
}

/// What people read: it must be there, as other programs may read it, too.
void check_what_is_told(const Place& report) {
  for (const char* const key :
       {"critical_path_ns", "seconds", "rows_with_overflow", "lut_spread", "ff_spread", "clock_period_ns"})
    report.at(key).number();
  for (const char* const key : {"name", "hgq", "part", "top_ports"}) report.at(key).text();
  report.at("effort").word(rtl_effort_named, rtl_effort_names());
  for (const char* const key : {"latency", "stage_delay_ns", "stage_levels", "solver_seconds"}) {
    const Place asked = report.at("asked").at(key);
    if (!asked.is(Json())) asked.number();
  }
  const Place depth = report.at("extra_depth");
  if (const Json free = "free"; !depth.is(free)) depth.integer(0, std::numeric_limits<int>::max());
  check_counts(report.at("total"));
  for (const char* const key : {"unused_inputs", "constant_outputs", "kernel_rows", "kernel_units"})
    report.at("trimmed").at(key).number();
  for (const Place& note : report.at("notes").items()) note.text();
  for (const Place& module : report.at("modules").items()) {
    for (const char* const key : {"layer", "module", "file"}) module.at(key).text();
  }
  for (const Place& layer : report.at("layers").items()) {
    layer.at("name").text();
    layer.at("first_level").number();
    layer.at("last_level").number();
    check_counts(layer);
    if (!layer.has("matrix")) continue;
    const Place matrix = layer.at("matrix");
    for (const Place& size : matrix.at("kernel").items()) size.number();
    for (const char* const key : {"inputs", "outputs", "positions", "adders", "adder_bits", "solver_seconds"})
      matrix.at(key).number();
  }
}

/// The features of one port. `lowest` is where the next feature begins in the vector of all ports.
rtl::Port read_port(const Place& entry, rtl::Circuit& circuit, int64_t& lowest) {
  rtl::Port port{.name = entry.at("name").text()};
  std::vector<int64_t> dims;
  int64_t elements = 1;
  for (const Place& dim : entry.at("shape").items()) {
    if (dims.size() == Shape::kMaxRank) entry.at("shape").wrong(concat("at most ", Shape::kMaxRank, " dimensions"));
    dims.push_back(dim.integer(1, kMostElements));
    elements *= dims.back();
    if (elements > kMostElements) entry.at("shape").wrong(concat("at most ", kMostElements, " elements"));
  }
  port.shape = Shape(dims);
  port.features.resize(static_cast<size_t>(elements));
  int64_t next = 0;
  for (const Place& feature : entry.at("features").items()) {
    const int64_t element = feature.at("element").integer(next, elements - 1);
    next = element + 1;
    feature.at("lowest_bit").integer(lowest, lowest);
    const auto bits = static_cast<int>(feature.at("bits").integer(1, kMostBits));
    lowest += bits;
    const bool is_signed = feature.at("signed").boolean();
    const auto fraction = static_cast<int>(feature.at("fraction").integer(-kMostExponent, kMostExponent));
    port.features[static_cast<size_t>(element)] = {static_cast<int32_t>(circuit.nodes.size()), -fraction};
    circuit.nodes.push_back(
        {.kind = rtl::NodeKind::kInput, .range = rtl::interval_of_bits(bits, is_signed), .bits = bits});
  }
  return port;
}

std::vector<std::string> read_files(const Place& list, const fs::path& folder, const std::string& source_of_top) {
  std::vector<std::string> files;
  for (const Place& entry : list.items()) {
    const std::string name = entry.text();
    const fs::path path(name);
    const bool is_inside = !name.empty() && name.find('\0') == std::string::npos && path.is_relative() &&
                           std::ranges::none_of(path, [](const fs::path& part) { return part == ".." || part == "."; });
    if (!is_inside) entry.wrong("the name of a file in the folder");
    std::error_code error;
    if (!fs::is_regular_file(folder / path, error)) entry.wrong("a file that is there");
    files.push_back(name);
  }
  if (std::ranges::find(files, source_of_top) == files.end())
    list.wrong(concat("'", source_of_top, "', the source of the top, among them"));
  return files;
}

std::string feature_place(const char* side, size_t port, const rtl::Port& of, size_t element) {
  return concat(side, "[", port, "] '", printable(of.name), "', element ", element);
}

}  // namespace

bool has_rtl_report(const std::string& folder) {
  std::error_code error;
  return fs::is_regular_file(fs::path(folder) / kRtlReport, error);
}

RtlReport read_rtl_report(const std::string& folder) {
  RtlReport report{.file = (fs::path(folder) / kRtlReport).string()};
  const std::string text = read_file(report.file, kMostBytes);
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) fail(report.file, text.empty() ? "is empty" : "is not JSON, or was cut off");
  const Place root(report.file, json, "");
  const Place format = root.at("format");
  if (const Json known = kFormat; !format.is(known))
    format.wrong(concat("'", kFormat, "', which this version of hgq reads"));
  report.language = root.at("language").word(rtl::hdl_language_named, rtl::hdl_language_names());
  report.target = root.at("target").word(rtl::hdl_target_named, rtl::hdl_target_names());
  report.softmax = root.at("softmax").word(rtl_softmax_named, rtl_softmax_names());
  check_what_is_told(root);

  rtl::HdlDesign& design = report.design;
  design.top = root.at("top").text();
  const bool is_name = !design.top.empty() && std::ranges::all_of(design.top, [](char c) {
    return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z') || ('0' <= c && c <= '9') || c == '_';
  });
  if (!is_name) root.at("top").wrong("the name of a module: letters, digits and _");
  design.clocked = root.at("clock").boolean();
  design.clock_enable = root.at("clock_enable").boolean();
  design.reset = root.at("reset").boolean();
  design.latency = static_cast<int>(root.at("latency").integer(0, kMostLatency));
  report.rows = root.at("rows").integer(1, kMostRows);
  report.ports.name = root.at("name").text();
  report.ports.layers = {"ports"};
  for (const Place& entry : root.at("inputs").items()) {
    report.ports.inputs.push_back(read_port(entry, report.ports, design.input_bits));
    report.quantizers.push_back(entry.at("quantizer").text());
    entry.at("rounding").word(rounding_named, rounding_names());
    entry.at("overflow").word(overflow_named, overflow_names());
  }
  for (const Place& entry : root.at("outputs").items())
    report.ports.outputs.push_back(read_port(entry, report.ports, design.output_bits));
  if (design.output_bits == 0) root.at("outputs").wrong("a feature with bits");
  report.files = read_files(root.at("files"), folder, rtl::source_path(design.top, report.language));
  return report;
}

void check_rtl_ports(const RtlReport& report, const RtlReference& reference,
                     const std::vector<rtl::InputQuantizer>& quantizers) {
  const ProxyModel& proxy = reference.proxy;
  const auto expect = [&](bool right, const std::string& place, const auto& found, const auto& expected) {
    if (!right) fail(report.file, concat(place, ": found ", found, ", expected ", expected, " as in proxy.h5"));
  };
  const std::vector<rtl::Port>& inputs = report.ports.inputs;
  expect(inputs.size() == quantizers.size(), "inputs", concat(inputs.size(), " ports"), quantizers.size());
  for (size_t p = 0; p < inputs.size(); ++p) {
    const rtl::InputQuantizer& quantizer = quantizers[p];
    const std::string place = concat("inputs[", p, "]");
    expect(inputs[p].name == quantizer.port, concat(place, ".name"), printable(inputs[p].name), quantizer.port);
    expect(report.quantizers[p] == quantizer.layer, concat(place, ".quantizer"), printable(report.quantizers[p]),
           quantizer.layer);
    expect(inputs[p].shape == quantizer.shape, concat(place, ".shape"), inputs[p].shape, quantizer.shape);
    for (size_t e = 0; e < inputs[p].features.size(); ++e) {
      const rtl::Feature& feature = inputs[p].features[e];
      if (feature.node < 0) continue;
      const rtl::Node& node = report.ports.node(feature.node);
      const Kbi& type = quantizer.operation.types[e];
      const std::string at = feature_place("inputs", p, inputs[p], e);
      expect(quantizer.needed[e], at, concat(node.bits, " bits"), "none");
      expect(node.bits == type.b, concat(at, ", bits"), node.bits, type.b);
      expect(node.is_signed() == (type.k != 0), concat(at, ", signed"), node.is_signed(), type.k != 0);
      expect(-feature.exponent == type.fraction(), concat(at, ", fraction"), -feature.exponent, type.fraction());
    }
  }
  const std::vector<rtl::Port>& outputs = report.ports.outputs;
  const std::vector<ProxyPlan> plans = plan_layers(proxy);
  expect(outputs.size() == proxy.outputs().size(), "outputs", concat(outputs.size(), " ports"), proxy.outputs().size());
  for (size_t p = 0; p < outputs.size(); ++p) {
    const int layer = proxy.outputs()[p];
    Shape shape = plans[static_cast<size_t>(layer)].out.shape;
    if (p < reference.argmax.size() && reference.argmax[p]) shape.set(-1, 1);
    const std::string place = concat("outputs[", p, "]");
    expect(outputs[p].name == proxy.layer(layer).name(), concat(place, ".name"), printable(outputs[p].name),
           proxy.layer(layer).name());
    expect(outputs[p].shape == shape, concat(place, ".shape"), outputs[p].shape, shape);
  }
}

}  // namespace hgq
