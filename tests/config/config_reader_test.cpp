#include "hgq/config/config_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace hgq {
namespace config_reader_test {

using ::testing::ElementsAre;

/// Reads the map in `yaml` with `read` and gives back what was wrong.
template <typename Read>
std::vector<std::string> errors_of(const std::string& yaml, Read read) {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "a.yaml", errors);
  ConfigReader reader(node, "HDense", errors);
  read(reader);
  reader.finish();
  return errors.messages();
}

std::vector<std::string> integer_errors(const std::string& value, const IntegerRule& rule = {.fallback = 7}) {
  return errors_of("units: " + value, [&](ConfigReader& c) { EXPECT_EQ(c.integer("units", "", rule), rule.fallback); });
}
std::vector<std::string> number_errors(const std::string& value, const NumberRule& rule = {.fallback = 0.5}) {
  return errors_of("beta: " + value, [&](ConfigReader& c) { EXPECT_EQ(c.number("beta", "", rule), rule.fallback); });
}

TEST(ConfigReader, ReadsEveryType) {
  ErrorList errors;
  const Node node = Node::from_yaml(
      "i: -3\nn: 1.0e-6\nb: false\nt: abc\nq: '5'\nc: relu\nis: [1, 2]\none: 4\nns: [1, 2.5]\nts: [a, b]\nmap: {x: "
      "1}\n",
      "a.yaml", errors);
  ConfigReader c(node, "test", errors);
  EXPECT_EQ(c.integer("i", ""), -3);
  EXPECT_EQ(c.number("n", ""), 1.0e-6);
  EXPECT_EQ(c.number("i", ""), -3.0);
  EXPECT_FALSE(c.boolean("b", "", true));
  EXPECT_EQ(c.text("t", "", std::nullopt), "abc");
  EXPECT_EQ(c.text("q", "", "x"), "5");
  EXPECT_EQ(c.choice("c", "", {"linear", "relu"}, "linear"), "relu");
  EXPECT_THAT(c.integers("is", "", {}, {}, 2), ElementsAre(1, 2));
  EXPECT_THAT(c.integers("one", "", {}), ElementsAre(4));
  EXPECT_THAT(c.numbers("ns", "", {}), ElementsAre(1.0, 2.5));
  EXPECT_THAT(c.texts("ts", "", {}), ElementsAre("a", "b"));
  EXPECT_THAT(c.texts("t", "", {}), ElementsAre("abc"));
  EXPECT_EQ(c.optional_number("n", ""), 1.0e-6);
  EXPECT_EQ(c.optional_integer("absent", ""), std::nullopt);
  ASSERT_NE(c.node("map", ""), nullptr);
  EXPECT_EQ(c.node("absent", ""), nullptr);
  EXPECT_TRUE(c.has("map"));
  EXPECT_FALSE(c.has("absent"));
  c.finish();
  EXPECT_THAT(errors.messages(), ElementsAre());
}

TEST(ConfigReader, GivesFallbacksForAbsentKeysAndForNull) {
  for (const std::string yaml : {"", "i: null\nn: ~\nb: null\nt: null\nc: null\nis: null\nnode: null"}) {
    EXPECT_THAT(errors_of(yaml,
                          [](ConfigReader& c) {
                            EXPECT_EQ(c.integer("i", "", {.fallback = 3}), 3);
                            EXPECT_EQ(c.number("n", "", {.fallback = 0.5}), 0.5);
                            EXPECT_TRUE(c.boolean("b", "", true));
                            EXPECT_EQ(c.text("t", "", "x"), "x");
                            EXPECT_EQ(c.choice("c", "", {"linear", "relu"}, "relu"), "relu");
                            EXPECT_THAT(c.integers("is", "", {1}), ElementsAre(1));
                            EXPECT_EQ(c.node("node", ""), nullptr);
                          }),
                ElementsAre());
  }
}

// The types count: model files have them, and 1 is another text than 1.0.
TEST(ConfigReader, KeepsWhatIsReadAsJson) {
  ErrorList errors;
  const Node node =
      Node::from_yaml("i: 3\nn: 2\nis: 4\nns: [1, 2.5]\nb: true\nc: relu\nmap: {x: 1}\nk: 5", "a.yaml", errors);
  ConfigReader c(node, "test", errors);
  const std::shared_ptr<const nlohmann::json> resolved = c.resolved();
  EXPECT_EQ(resolved->dump(), "{}");
  c.integer("i", "");
  c.number("n", "");
  c.integers("is", "", {});
  c.numbers("ns", "", {});
  c.texts("ts", "", {"a"});
  c.boolean("b", "", false);
  c.choice("c", "", {"linear", "relu"}, "linear");
  c.text("t", "", "x");
  c.optional_integer("oi", "");
  c.optional_number("on", "");
  c.node("map", "");
  c.known("k");
  c.known("fixed", nullptr);
  EXPECT_EQ(resolved->dump(), R"({"b":true,"c":"relu","fixed":null,"i":3,"is":[4],"n":2.0,"ns":[1.0,2.5],"oi":null,)"
                              R"("on":null,"t":"x","ts":["a"]})");
  c.resolve("map", 7);
  c.resolve("i", false);
  EXPECT_EQ((*resolved)["map"], 7);
  EXPECT_EQ((*resolved)["i"], false);
  c.finish();
  EXPECT_THAT(errors.messages(), ElementsAre());
  c.expect_written(nlohmann::json{{"b", true}});
  EXPECT_EQ(errors.size(), resolved->size() - 1);
}

TEST(ConfigReader, NumbersAreDecimalOnly) {
  EXPECT_THAT(
      integer_errors("0x10"),
      ElementsAre("a.yaml:1:8: HDense.units: found the text '0x10', expected an integer (numbers are decimal)"));
  EXPECT_THAT(
      integer_errors("1_000"),
      ElementsAre("a.yaml:1:8: HDense.units: found the text '1_000', expected an integer (write numbers without '_')"));
  EXPECT_THAT(
      integer_errors("010"),
      ElementsAre(
          "a.yaml:1:8: HDense.units: found the text '010', expected an integer (write numbers without leading zeros)"));
  EXPECT_THAT(
      integer_errors("'5'"),
      ElementsAre("a.yaml:1:8: HDense.units: found the text '5', expected an integer (write numbers without quotes)"));
  EXPECT_THAT(integer_errors("1e3"),
              ElementsAre("a.yaml:1:8: HDense.units: found the number 1e3, expected an integer (write 1000)"));
  EXPECT_THAT(integer_errors("64.0"),
              ElementsAre("a.yaml:1:8: HDense.units: found the number 64.0, expected an integer (write 64)"));
  EXPECT_THAT(integer_errors("6.5"),
              ElementsAre("a.yaml:1:8: HDense.units: found the number 6.5, expected an integer (not a whole number)"));
  EXPECT_THAT(
      integer_errors("99999999999999999999"),
      ElementsAre("a.yaml:1:8: HDense.units: found the number 99999999999999999999, expected an integer (too large)"));
  EXPECT_THAT(integer_errors("true"), ElementsAre("a.yaml:1:8: HDense.units: found true, expected an integer"));
  EXPECT_THAT(integer_errors("[1]"), ElementsAre("a.yaml:1:8: HDense.units: found a list, expected an integer"));
  EXPECT_THAT(
      number_errors(".inf"),
      ElementsAre("a.yaml:1:7: HDense.beta: found the text '.inf', expected a number (numbers must be finite)"));
  EXPECT_THAT(
      number_errors("-.Inf"),
      ElementsAre("a.yaml:1:7: HDense.beta: found the text '-.Inf', expected a number (numbers must be finite)"));
  EXPECT_THAT(number_errors("nan"),
              ElementsAre("a.yaml:1:7: HDense.beta: found the text 'nan', expected a number (numbers must be finite)"));
  EXPECT_THAT(
      number_errors("1e999"),
      ElementsAre(
          "a.yaml:1:7: HDense.beta: found the text '1e999', expected a number (too large or too small for a double)"));
  EXPECT_THAT(
      number_errors("1,5"),
      ElementsAre("a.yaml:1:7: HDense.beta: found the text '1,5', expected a number (the decimal point is '.')"));
  EXPECT_THAT(number_errors("1e"), ElementsAre("a.yaml:1:7: HDense.beta: found the text '1e', expected a number"));
  EXPECT_THAT(number_errors("abc"), ElementsAre("a.yaml:1:7: HDense.beta: found the text 'abc', expected a number"));
}

TEST(DecimalNumber, TakesTheUsualSpellings) {
  const auto number = [](const char* text) { return decimal_number(Node::scalar(text)); };
  EXPECT_EQ(number("0"), 0.0);
  EXPECT_EQ(number("-0.5"), -0.5);
  EXPECT_EQ(number("+2"), 2.0);
  EXPECT_EQ(number(".5"), 0.5);
  EXPECT_EQ(number("5."), 5.0);
  EXPECT_EQ(number("1.0E+2"), 100.0);
  EXPECT_EQ(number("1e-06"), 1e-6);
  for (const char* text : {"", "-", ".", "+-1", "1 2", "1e+", "00", "-01", "1.2.3", "0b1", "infinity", "1f", " 1"}) {
    EXPECT_EQ(number(text), std::nullopt) << text;
  }
  EXPECT_EQ(decimal_integer(Node::scalar("+9223372036854775807")), INT64_MAX);
  EXPECT_EQ(decimal_integer(Node::scalar("9223372036854775808")), std::nullopt);
  EXPECT_EQ(true_or_false(Node::scalar("True")), std::nullopt);
  EXPECT_EQ(text_of(Node::scalar("yes")), "yes");
  EXPECT_EQ(text_of(Node::scalar("5")), std::nullopt);
  EXPECT_EQ(text_of(Node::string("5")), "5");
}

TEST(ConfigReader, ChecksRanges) {
  EXPECT_THAT(integer_errors("0", {.fallback = 7, .min = 1}),
              ElementsAre("a.yaml:1:8: HDense.units: found the number 0, expected an integer of at least 1"));
  EXPECT_THAT(integer_errors("9", {.fallback = 7, .min = 1, .max = 8}),
              ElementsAre("a.yaml:1:8: HDense.units: found the number 9, expected an integer in [1, 8]"));
  EXPECT_THAT(number_errors("1.5", {.fallback = 0.5, .min = 0, .max = 1, .below_max = true}),
              ElementsAre("a.yaml:1:7: HDense.beta: found the number 1.5, expected a number in [0, 1)"));
  EXPECT_THAT(number_errors("1", {.fallback = 0.5, .min = 0, .max = 1, .below_max = true}),
              ElementsAre("a.yaml:1:7: HDense.beta: found the number 1, expected a number in [0, 1)"));
  EXPECT_THAT(number_errors("0", {.fallback = 0.5, .min = 0, .above_min = true}),
              ElementsAre("a.yaml:1:7: HDense.beta: found the number 0, expected a number above 0"));
  EXPECT_THAT(number_errors("3", {.fallback = 0.5, .max = 2}),
              ElementsAre("a.yaml:1:7: HDense.beta: found the number 3, expected a number of at most 2"));
}

TEST(ConfigReader, BooleansAreTrueAndFalseOnly) {
  const auto errors = [](const std::string& value) {
    return errors_of("use_bias: " + value, [](ConfigReader& c) { EXPECT_TRUE(c.boolean("use_bias", "", true)); });
  };
  EXPECT_THAT(
      errors("no"),
      ElementsAre(
          "a.yaml:1:11: HDense.use_bias: found the text 'no', expected true or false (write false, without quotes)"));
  EXPECT_THAT(
      errors("True"),
      ElementsAre(
          "a.yaml:1:11: HDense.use_bias: found the text 'True', expected true or false (write true, without quotes)"));
  EXPECT_THAT(
      errors("1"),
      ElementsAre(
          "a.yaml:1:11: HDense.use_bias: found the number 1, expected true or false (write true, without quotes)"));
  EXPECT_THAT(errors("maybe"),
              ElementsAre("a.yaml:1:11: HDense.use_bias: found the text 'maybe', expected true or false"));
}

TEST(ConfigReader, TextIsNoNumber) {
  const auto errors = [](const std::string& value) {
    return errors_of("name: " + value, [](ConfigReader& c) { EXPECT_EQ(c.text("name", "", "x"), "x"); });
  };
  EXPECT_THAT(errors("5"),
              ElementsAre("a.yaml:1:7: HDense.name: found the number 5, expected text (if it is meant: \"5\")"));
  EXPECT_THAT(errors("true"),
              ElementsAre("a.yaml:1:7: HDense.name: found true, expected text (if it is meant: \"true\")"));
  EXPECT_THAT(errors("{a: 1}"), ElementsAre("a.yaml:1:7: HDense.name: found a map, expected text"));
  EXPECT_THAT(errors(""), ElementsAre("a.yaml:1:1: HDense.name: found nothing, expected text"));
}

TEST(ConfigReader, NamesTheNearestChoiceAndKey) {
  EXPECT_THAT(
      errors_of("activation: rleu\nunts: 5\n",
                [](ConfigReader& c) {
                  EXPECT_EQ(c.choice("activation", "", {"linear", "relu"}, "linear"), "linear");
                  c.integer("units", "number of outputs", {.required = true});
                  c.boolean("use_bias", "", true);
                }),
      ElementsAre(
          "a.yaml:1:1: HDense: missing key 'units' (number of outputs)",
          "a.yaml:1:13: HDense.activation: found the text 'rleu', expected one of linear, relu, did you mean 'relu'?",
          "a.yaml:2:1: unknown key 'unts' in HDense, did you mean 'units'? There are: activation, units, use_bias"));
  EXPECT_THAT(errors_of("zzz: 1",
                        [](ConfigReader& c) {
                          c.known("units");
                          c.known("beta");
                        }),
              ElementsAre("a.yaml:1:1: unknown key 'zzz' in HDense; there are: beta, units"));
}

TEST(ConfigReader, WantsAMap) {
  const auto read = [](ConfigReader& c) { EXPECT_EQ(c.integer("units", "", {.required = true, .fallback = 2}), 2); };
  EXPECT_THAT(errors_of("5", read), ElementsAre("a.yaml:1:1: HDense: found the number 5, expected a map (key: value)"));
  EXPECT_THAT(errors_of("[a]", read), ElementsAre("a.yaml:1:1: HDense: found a list, expected a map (key: value)"));
}

TEST(ConfigReader, MissingKeysAreNamedAtTheKeyOfTheMap) {
  ErrorList errors;
  const Node node = Node::from_yaml("layers:\n  - HDense:\n      beta: 0\n", "a.yaml", errors);
  ConfigReader c(node["layers"].items()[0]["HDense"], "HDense", errors);
  c.integer("units", "number of outputs", {.required = true});
  EXPECT_THAT(errors.messages(), ElementsAre("a.yaml:2:5: HDense: missing key 'units' (number of outputs)"));
}

TEST(ConfigReader, ChecksListsItemByItem) {
  EXPECT_THAT(errors_of("shape: [1, x, 3]",
                        [](ConfigReader& c) { EXPECT_THAT(c.integers("shape", "", {9}, {.min = 1}), ElementsAre(9)); }),
              ElementsAre("a.yaml:1:12: HDense.shape: found the text 'x', expected an integer of at least 1"));
  EXPECT_THAT(errors_of("bw_clip: [1, 2, 3]",
                        [](ConfigReader& c) {
                          EXPECT_THAT(c.integers("bw_clip", "", {0, 1}, {}, 2), ElementsAre(0, 1));
                        }),
              ElementsAre("a.yaml:1:10: HDense.bw_clip: found 3 values, expected 2"));
  EXPECT_THAT(
      errors_of("names: [a, [b]]", [](ConfigReader& c) { EXPECT_THAT(c.texts("names", "", {}), ElementsAre()); }),
      ElementsAre("a.yaml:1:12: HDense.names: found a list, expected text"));
}

TEST(ConfigReader, CollectsDocs) {
  ErrorList errors;
  std::vector<KeyDoc> docs;
  const Node nothing;
  ConfigReader c(nothing, "HDense", errors, &docs);
  c.integer("units", "number of outputs", {.min = 1});
  c.choice("activation", "behind the quantizer", {"linear", "relu"}, "linear");
  ASSERT_EQ(docs.size(), 2U);
  EXPECT_EQ(docs[0].section, "HDense");
  EXPECT_EQ(docs[0].type, "an integer of at least 1");
  EXPECT_EQ(docs[1].key, "activation");
  EXPECT_EQ(docs[1].type, "one of linear, relu");
  EXPECT_EQ(docs[1].fallback, "linear");
  EXPECT_EQ(docs[1].doc, "behind the quantizer");
}

TEST(NearestName, FindsMisspellingsOnly) {
  const std::vector<std::string> names = {
      "units", "learning_rate", "HDense", "HDenseBatchNorm", "sparse_categorical_crossentropy", "l1"};
  EXPECT_EQ(nearest_name("unts", names), "units");
  EXPECT_EQ(nearest_name("learnign_rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("LearningRate", names), "learning_rate");
  EXPECT_EQ(nearest_name("learning-rate", names), "learning_rate");
  EXPECT_EQ(nearest_name("hdense", names), "HDense");
  EXPECT_EQ(nearest_name("HDens", names), "HDense");
  EXPECT_EQ(nearest_name("HDenseBN", names), "HDense");
  EXPECT_EQ(nearest_name("sparse", names), "sparse_categorical_crossentropy");
  EXPECT_EQ(nearest_name("L1", names), "l1");
  EXPECT_EQ(nearest_name("sparse_crossentropy", names), "sparse_categorical_crossentropy");
  EXPECT_EQ(nearest_name("crossentropy_sparse", names), "");
  EXPECT_EQ(nearest_name("xy", names), "");
  EXPECT_EQ(nearest_name("momentum", names), "");
  EXPECT_EQ(nearest_name(std::string(100000, 'u'), names), "");
  EXPECT_EQ(nearest_name("", names), "");
  EXPECT_EQ(did_you_mean("unts", names), ", did you mean 'units'?");
  EXPECT_EQ(did_you_mean("unts", names, "; "), "; did you mean 'units'?");
  EXPECT_EQ(did_you_mean("momentum", names), "");
}

TEST(ReadNamed, TakesNamesMapsAndKerasObjects) {
  ErrorList errors;
  const Node node = Node::from_yaml(
      "a: Adam\nb: {Adam: {learning_rate: 1}}\nc: {MonoL1: 1.0e-6}\nd: {class_name: L1, config: {l1: 2}}\n", "a.yaml",
      errors);
  const NamedNode a = read_named(node["a"], "an optimizer", errors);
  EXPECT_EQ(a.name, "Adam");
  EXPECT_TRUE(a.arguments.is_null());
  EXPECT_EQ(a.arguments.key_place(), "a.yaml:1:4");
  const NamedNode b = read_named(node["b"], "an optimizer", errors);
  EXPECT_EQ(b.name, "Adam");
  EXPECT_EQ(b.arguments["learning_rate"].text(), "1");
  EXPECT_EQ(b.arguments.key_place(), "a.yaml:2:5");
  EXPECT_EQ(read_named(node["c"], "a regularizer", errors).arguments.text(), "1.0e-6");
  const NamedNode d = read_named(node["d"], "a regularizer", errors);
  EXPECT_EQ(d.name, "L1");
  EXPECT_EQ(d.arguments["l1"].text(), "2");
  EXPECT_THAT(errors.messages(), ElementsAre());
}

TEST(ReadNamed, RefusesTheRest) {
  const auto errors = [](const std::string& yaml) {
    ErrorList list;
    EXPECT_EQ(read_named(Node::from_yaml(yaml, "a.yaml", list), "a layer", list).name, "");
    return list.messages();
  };
  EXPECT_THAT(errors("5"), ElementsAre("a.yaml:1:1: found the number 5, expected a layer as NAME or {NAME: {...}}"));
  EXPECT_THAT(errors("[x]"), ElementsAre("a.yaml:1:1: found a list, expected a layer as NAME or {NAME: {...}}"));
  EXPECT_THAT(errors("{}"), ElementsAre("a.yaml:1:1: found a map, expected a layer as NAME or {NAME: {...}}"));
  EXPECT_THAT(errors("HDense:\nunits: 5"),
              ElementsAre("a.yaml:2:1: 'units' stands beside 'HDense', expected a layer as NAME or {NAME: {...}}; "
                          "arguments are indented deeper than the name"));
}

}  // namespace config_reader_test
}  // namespace hgq
