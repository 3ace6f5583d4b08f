// Models in all forms in which Keras saves them: files/keras_2.*, keras_3.* (files/make_saved_keras.py), and what is
// made of them here.
#include "hgq/layers/saved_keras.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"
#include "hgq/data/bytes.h"
#include "hgq/data/zip_file.h"
#include "hgq/deploy/files.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/qkeras/convert.h"
#include "proxy_test_support.h"

namespace hgq {
namespace saved_keras_test {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string file(const std::string& name) { return std::string(HGQ_SOURCE_DIR) + "/tests/layers/files/" + name; }

/// What a proxy of the model predicts is what Keras does; the outputs are those of a map, by its sorted keys.
void expect_predictions_of_keras(const KerasFile& model, const std::string& data) {
  const QKerasConversion conversion =
      qkeras_to_proxy(model, {.wrap = false, .input_types = read_input_types({"ap_fixed<12,6>"})});
  const h5::File expected = h5::File::open(file(data));
  const Tensor x = expected.read_floats("x");
  const Emulator emulator(conversion.proxy);
  const std::vector<ConstTensorView> inputs{x.view()};
  const std::vector<Tensor> outputs = emulator.run(inputs).outputs;
  ASSERT_EQ(outputs.size(), 2);
  for (const size_t o : {size_t{0}, size_t{1}}) {
    const Tensor y = expected.read_floats(o == 0 ? "first" : "second");
    const auto values = outputs[o].values();
    EXPECT_THAT((std::vector<float>{values.begin(), values.end()}),
                ::testing::Pointwise(::testing::FloatNear(1e-5F), y.values()))
        << o;
  }
}

/// Writes a member of a zip into a file of its own.
std::string unpack(const std::string& zip_path, const std::string& member, const std::string& path) {
  const ZipFile zip(open_bytes(zip_path));
  const std::unique_ptr<Bytes> bytes = zip.member(member);
  std::ofstream(path, std::ios::binary) << bytes->front(bytes->size());
  return path;
}

std::string message(const std::string& path, const std::string& weights = "") {
  return message_of<FileError>([&] { read_saved_keras(path, weights); });
}

TEST(SavedKeras, TheZipOfKeras2) {
  const KerasFile model = read_saved_keras(file("keras_2.keras"));
  EXPECT_TRUE(is_qkeras(model));
  expect_predictions_of_keras(model, "keras_2_data.h5");
}

TEST(SavedKeras, TheZipOfKeras3) {
  const KerasFile model = read_saved_keras(file("keras_3.keras"));
  EXPECT_TRUE(is_plain_keras(model));
  expect_predictions_of_keras(model, "keras_3_data.h5");
}

TEST(SavedKeras, JsonWithWeightsOfBothLayouts) {
  const TemporaryFolder folder;
  for (const std::string version : {"keras_2", "keras_3"}) {
    const std::string json = unpack(file(version + ".keras"), "config.json", folder / "m.json");
    const std::string weights = unpack(file(version + ".keras"), "model.weights.h5", folder / "w.h5");
    expect_predictions_of_keras(read_saved_keras(json, weights), version + "_data.h5");
  }
  const std::string json = unpack(file("keras_2.keras"), "config.json", folder / "m.json");
  expect_predictions_of_keras(read_saved_keras(json, file("keras_2_legacy.h5")), "keras_2_data.h5");
}

TEST(SavedKeras, WeightsOfAnotherModelAreRefused) {
  const TemporaryFolder folder;
  const std::string json = unpack(file("keras_2.keras"), "config.json", folder / "m.json");
  const std::string weights = unpack(file("keras_3.keras"), "model.weights.h5", folder / "w.h5");
  const KerasFile model = read_saved_keras(json, weights);
  EXPECT_THAT(message_of<ConfigError>([&] { qkeras_to_proxy(model); }),
              HasSubstr("layer 'first' (QConv2D) has no kernel"));
}

TEST(SavedKeras, WhatIsNoModelIsRefusedWithWhatToDo) {
  const TemporaryFolder folder;
  const std::string json = unpack(file("keras_2.keras"), "config.json", folder / "m.json");
  EXPECT_THAT(message(json), HasSubstr("give them by --weights"));
  EXPECT_THAT(message(file("keras_2.keras"), json), HasSubstr("--weights is for a model as JSON"));
  std::filesystem::create_directory(folder / "saved");
  EXPECT_THAT(message(folder / "saved"), HasSubstr("is a folder, expected an HDF5 file"));
  std::ofstream(folder / "saved/saved_model.pb") << "x";
  EXPECT_THAT(message(folder / "saved"), AllOf(HasSubstr("is a SavedModel"), HasSubstr("model.save('NAME.h5')")));
  std::ofstream(folder / "text.h5") << "text";
  EXPECT_THAT(message(folder / "text.h5"), HasSubstr("is a text file, expected a model"));
  std::ofstream(folder / "broken.json") << "{\"class_name\": ";
  EXPECT_THAT(message(folder / "broken.json", json), HasSubstr("is not JSON"));
}

TEST(SavedKeras, OtherReadersSayWhatAZipIs) {
  EXPECT_THAT(message_of<FileError>([] { read_keras_file(file("keras_3.keras")); }),
              AllOf(HasSubstr("is a .keras file"), HasSubstr("model.save('NAME.h5')")));
}

TEST(SavedKeras, WhoExpectsAModelSaysWhatAFileIsAndWhoReadsIt) {
  const TemporaryFolder folder;
  const auto says = [&](const std::string& name, std::string_view content, const std::string& what,
                        const std::string& todo) {
    std::ofstream(folder / name, std::ios::binary) << content;
    const auto expected = AllOf(HasSubstr(what), HasSubstr(todo));
    EXPECT_THAT(message_of<FileError>([&] { load_model(folder / name); }), expected) << name;
    EXPECT_THAT(message_of<FileError>([&] { load_proxy(folder / name); }), expected) << name;
  };
  says("a.npy", "\x93NUMPY", "an array of NumPy", "--data");
  says("a.csv", "a,b,c\n1,2,3\n", "a table of data", "--data");
  says("a.csv.gz", "\x1f\x8b\x08", "packed by gzip", "--data");
  says("a.idx", std::string_view("\0\0\x08\x01", 4), "an IDX file", "--data");
  says("a.yaml", "data: {}\n", "a file of YAML", "trains it");
  says("a.json", "{}", "a file of JSON", "--weights");
  says("a.txt", "words", "a text file", "expected a model");
  says("a.zip", std::string_view("PK\3\4", 4), "a zip archive", "expected a model");
  std::filesystem::create_directory(folder / "run");
  std::ofstream(folder / "run/model.h5") << "x";
  EXPECT_THAT(message(folder / "run"), HasSubstr("did you mean '" + (folder / "run/model.h5")));
}

TEST(SavedKeras, APlainModelOfKerasIsForImport) {
  const TemporaryFolder folder;
  const nlohmann::json layer{{"class_name", "Dense"}, {"config", {{"name", "d"}, {"units", 2}}}};
  const nlohmann::json model{{"class_name", "Sequential"},
                             {"config", {{"name", "s"}, {"layers", nlohmann::json::array({layer})}}}};
  write_keras_file({"", Node::from_json(model, "model"), {{"d", {}}}}, folder / "plain.h5");
  EXPECT_THAT(message_of<FileError>([&] { load_model(folder / "plain.h5"); }),
              AllOf(HasSubstr("is a model of Keras without layers of HGQ"), HasSubstr("hgq-train import ")));
  EXPECT_THAT(message_of<FileError>([&] { load_proxy(folder / "plain.h5"); }),
              AllOf(HasSubstr("is not a proxy"), HasSubstr("hgq-train import ")));
}

TEST(SavedKeras, AModelOfUnknownLayersIsNoModelOfKeras) {
  const TemporaryFolder folder;
  nlohmann::json layers = nlohmann::json::array();
  for (const char* const kind : {"InputLayer", "Lambda", "My>Attention", "Lambda"})
    layers.push_back({{"class_name", kind}, {"config", {{"name", concat("l", layers.size())}}}});
  const nlohmann::json model{{"class_name", "Sequential"}, {"config", {{"name", "s"}, {"layers", layers}}}};
  write_keras_file({"", Node::from_json(model, "model"), {}}, folder / "unknown.h5");
  const auto says = HasSubstr("is a model without any layer that is known here (Lambda, Attention)");
  EXPECT_THAT(message_of<FileError>([&] { load_model(folder / "unknown.h5"); }), says);
  EXPECT_THAT(message_of<FileError>([&] { load_proxy(folder / "unknown.h5"); }), says);
}

TEST(SavedKeras, DamagedZipsAreRefused) {
  const TemporaryFolder folder;
  std::ifstream in(file("keras_2.keras"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  for (const size_t left : {size_t{10}, whole.size() / 2, whole.size() - 5}) {
    std::ofstream(folder / "cut.keras", std::ios::binary) << whole.substr(0, left);
    EXPECT_THAT(message(folder / "cut.keras"), AllOf(HasSubstr("cut.keras"), HasSubstr("model.save('NAME.h5')")))
        << left;
  }
}

}  // namespace saved_keras_test
}  // namespace hgq
