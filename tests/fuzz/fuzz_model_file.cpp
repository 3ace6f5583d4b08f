// A file of ours, whole and with a right checksum, whose contents are mutated (keras_json.h): the group `hgq` holds
// what `hgq` lists, texts as attributes, arrays as datasets. Opened by the commands, behind the guard.
#include <nlohmann/json.hpp>

#include "fuzz_support.h"
#include "hgq/apps/commands.h"
#include "hgq/data/h5.h"
#include "json_mutation.h"
#include "keras_json.h"

namespace {

using Json = nlohmann::json;

/// Objects are groups, numbers and texts attributes, [{...}] too, as JSON; {"shape", "values"} are datasets.
void write_group(hgq::h5::Group& group, const Json& json, int depth) {
  for (const auto& [key, value] : json.items()) {
    if (key.empty() || key.find('/') != std::string::npos || key == "." || key.find('\0') != std::string::npos)
      continue;
    if (value.is_number_integer()) {
      group.set_attribute(key, value.get<int64_t>());
    } else if (value.is_number()) {
      group.set_attribute(key, value.get<double>());
    } else if (value.is_object() && value.contains("values")) {
      Json weight = value;
      weight["name"] = key;
      const Json document{{"model_config", Json::object()},
                          {"layers", {{{"layer", "hgq"}, {"weights", Json::array({weight})}}}}};
      const hgq::KerasFile file = hgq::fuzz::keras_file_of(document);
      const hgq::KerasWeight& one = file.layers[0].weights[0];
      if (one.is_int8()) {
        group.write_int8(key, one.int8s(), one.shape);
      } else {
        group.write_floats(key, {one.floats().data(), one.shape});
      }
    } else if (value.is_object() && value.contains("json")) {
      group.set_attribute(key, value["json"].dump(-1, ' ', false, Json::error_handler_t::replace));
    } else if (value.is_object() && depth < 3) {
      hgq::h5::Group child = group.create_group(key);
      write_group(child, value, depth + 1);
    } else if (value.is_array()) {
      std::vector<std::string> texts;
      for (const Json& text : value) texts.push_back(text.is_string() ? text.get<std::string>() : text.dump());
      group.set_attribute(key, texts);
    }
  }
}

void use(const std::string& path, const std::string& data) {
  using namespace hgq;
  fuzz::attempt([&] { run_summary({.model = path, .threads = 1, .json = true}, built_in_registry()); });
  EvalCommand eval;
  eval.model = path;
  eval.data = data;
  eval.threads = 1;
  fuzz::attempt([&] { run_eval(eval, built_in_registry()); });
  PredictCommand predict;
  predict.model = path;
  predict.data = data;
  predict.threads = 1;
  predict.out = fuzz::output_file(".h5");
  fuzz::attempt([&] { run_predict(predict, built_in_registry()); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  fuzz::attempt([&] {
    const Json document = fuzz::parse({reinterpret_cast<const char*>(data), size});
    const KerasFile file = fuzz::keras_file_of(document);
    const Json hgq = document.value("hgq", Json::object());
    const std::string path = fuzz::output_file("_model.h5");
    write_keras_file(file, path, [&](h5::Group& group) { write_group(group, hgq, 0); });
    const std::string rows = "0.5,1,-2,3,1\n1,-1,0.25,0,0\n";
    use(path, fuzz::input_file(reinterpret_cast<const uint8_t*>(rows.data()), rows.size(), ".csv"));
  });
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t capacity, unsigned seed) {
  return hgq::fuzz::mutate_json(data, size, capacity, seed);
}
