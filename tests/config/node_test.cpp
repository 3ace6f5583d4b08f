#include "hgq/config/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"

namespace hgq {
namespace node_test {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::StartsWith;

Node parse(const std::string& yaml) {
  ErrorList errors;
  Node node = Node::from_yaml(yaml, "a.yaml", errors);
  EXPECT_THAT(errors.messages(), ElementsAre()) << yaml;
  return node;
}

std::vector<std::string> errors_of(const std::string& yaml) {
  ErrorList errors;
  Node::from_yaml(yaml, "a.yaml", errors);
  return errors.messages();
}

/// The only error of a text.
std::string error_of(const std::string& yaml) {
  const auto messages = errors_of(yaml);
  EXPECT_EQ(messages.size(), 1U) << yaml << "\n" << ::testing::PrintToString(messages);
  return messages.empty() ? "" : messages.front();
}

TEST(ErrorList, IsInTheOrderOfTheFileThenOfTheSets) {
  ErrorList errors;
  errors.add("--set #2", "late");
  errors.add("", "no place");
  errors.add("a.yaml:10:1", "tenth");
  errors.add("a.yaml:9:5", "ninth");
  errors.add("--set #1", "early");
  errors.add("a.yaml:9:12", "ninth, to the right");
  errors.add("a.yaml:9:5", "ninth");  // said before
  errors.add("a.yaml:9:5", "ninth, again");
  EXPECT_THAT(errors.messages(),
              ElementsAre("a.yaml:9:5: ninth", "a.yaml:9:5: ninth, again", "a.yaml:9:12: ninth, to the right",
                          "a.yaml:10:1: tenth", "--set #1: early", "--set #2: late", "no place"));
  try {
    errors.throw_if_any();
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_THAT(e.what(), StartsWith("a.yaml:9:5: ninth\na.yaml:9:5: ninth, again\n"));
  }
  EXPECT_NO_THROW(ErrorList().throw_if_any());
}

TEST(Node, KnowsThePlacesOfKeysAndValues) {
  const Node n = parse("seed: 42\ntrain:\n  epochs:   10\n  metrics: [accuracy, 'auc']\nlist:\n  - a\n  - {b: 1}\n");
  EXPECT_EQ(n["seed"].place(), "a.yaml:1:7");
  EXPECT_EQ(n["seed"].key_place(), "a.yaml:1:1");
  EXPECT_EQ(n["train"].place(), "a.yaml:3:3");
  EXPECT_EQ(n["train"].key_place(), "a.yaml:2:1");
  EXPECT_EQ(n["train"]["epochs"].place(), "a.yaml:3:13");
  EXPECT_EQ(n["train"]["metrics"].items()[1].place(), "a.yaml:4:23");
  EXPECT_TRUE(n["train"]["metrics"].items()[1].quoted());
  EXPECT_FALSE(n["train"]["metrics"].items()[0].quoted());
  EXPECT_EQ(n["list"].items()[1]["b"].place(), "a.yaml:7:9");
  EXPECT_TRUE(n["nothing"]["here"].is_null());
}

TEST(Node, CountsColumnsInCharacters) {
  EXPECT_EQ(parse("\xC3\xA9\xC3\xA9: {b: 1}")["\xC3\xA9\xC3\xA9"]["b"].place(), "a.yaml:1:9");
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "a: 1")["a"]
                .place(),
            "a.yaml:1:4");  // behind a byte order mark
  EXPECT_EQ(parse("a: 1\r\nb: 2\r\n")["b"].place(), "a.yaml:2:4");
}

TEST(Node, TellsNothingFromNull) {
  const Node n = parse("a:\nb: null\nc: ~\nd: 'null'\ne: ''\nf: [1, ]\ng:\n  -\n  - x\n");
  EXPECT_TRUE(n["a"].is_null());
  EXPECT_EQ(n["a"].text(), "");
  EXPECT_EQ(n["a"].place(), "a.yaml:1:1");
  EXPECT_EQ(n["b"].text(), "null");
  EXPECT_EQ(n["b"].place(), "a.yaml:2:4");
  EXPECT_EQ(n["c"].text(), "null");
  EXPECT_TRUE(n["d"].is_scalar());
  EXPECT_TRUE(n["e"].is_scalar());
  EXPECT_EQ(n["f"].items().size(), 1U);
  EXPECT_TRUE(n["g"].items()[0].is_null());
  EXPECT_EQ(n["g"].items()[0].text(), "");
}

TEST(Node, KeepsTheTextOfScalars) {
  const Node n = parse("a: 1e5\nb: 010\nc: yes\nd: 1.0e-6\ne: |\n  two\n  lines\n");
  EXPECT_EQ(n["a"].text(), "1e5");
  EXPECT_EQ(n["b"].text(), "010");
  EXPECT_EQ(n["c"].text(), "yes");
  EXPECT_EQ(n["d"].text(), "1.0e-6");
  EXPECT_EQ(n["e"].text(), "two\nlines\n");
  EXPECT_TRUE(n["e"].quoted());
}

TEST(Node, EmptyTextIsNull) {
  EXPECT_TRUE(parse("").is_null());
  EXPECT_TRUE(parse("# only a comment\n").is_null());
  EXPECT_TRUE(parse("---\n...\n").is_null());
}

TEST(StrictYaml, RefusesDuplicateKeys) {
  EXPECT_EQ(error_of("a: 1\nb: 2\na: 3\n"), "a.yaml:3:1: duplicate key 'a', first at a.yaml:1:1");
  EXPECT_EQ(error_of("m: {b: 1, \"b\": 2}"), "a.yaml:1:11: duplicate key 'b', first at a.yaml:1:5");
  EXPECT_THAT(errors_of("a: 1\na: 2\na: 3\n"), ElementsAre("a.yaml:2:1: duplicate key 'a', first at a.yaml:1:1",
                                                           "a.yaml:3:1: duplicate key 'a', first at a.yaml:1:1"));
}

TEST(StrictYaml, RefusesWhatOnlyYamlExpertsKnow) {
  EXPECT_EQ(error_of("b:\n  <<: {a: 1}\n"),
            "a.yaml:2:3: the merge key '<<', which is not supported: write the keys out");
  EXPECT_THAT(errors_of("a: &x 1\nb: *x\n"),
              ElementsAre("a.yaml:1:4: an anchor (&name), which is not supported: write the value out where it is used",
                          "a.yaml:2:4: an alias (*name), which is not supported: write the value out"));
  EXPECT_THAT(errors_of("a: &x [*x]\n"),
              ElementsAre(StartsWith("a.yaml:1:4: an anchor"), StartsWith("a.yaml:1:8: an alias")));
  EXPECT_EQ(error_of("b: *nowhere\n"), "a.yaml:1:4: an alias (*name), which is not supported: write the value out");
  EXPECT_EQ(error_of("a: !!int 3\n"),
            "a.yaml:1:4: a tag (tag:yaml.org,2002:int), which is not supported: leave it out");
  EXPECT_EQ(error_of("a: !python/object {x: 1}\n"),
            "a.yaml:1:4: a tag (!python/object), which is not supported: leave it out");
  EXPECT_EQ(error_of("a: 1\n---\nb: 2\n"), "a.yaml:2:1: a second YAML document begins here, expected one");
  EXPECT_EQ(error_of("- a\nb: 1\n"), "a.yaml:2:1: text after the end of the configuration");
  EXPECT_EQ(error_of("[1, 2]: 3\n"), "a.yaml:1:1: a key must be text, found a list");
  EXPECT_EQ(error_of("null: 3\n"), "a.yaml:1:1: a key must be text, found null");
}

TEST(StrictYaml, RefusesTabsAsIndentation) {
  EXPECT_EQ(error_of("a:\n\tb: 1\n"), "a.yaml:2:1: a tab in the indentation, expected spaces");
  EXPECT_EQ(error_of("a:\n  b: 1\n  \tc: 1\n"), "a.yaml:3:3: a tab in the indentation, expected spaces");
  EXPECT_EQ(parse("a:\n  b: 1\t# behind the value\n\t\n\t# a comment\n")["a"]["b"].text(), "1");
}

TEST(StrictYaml, ExplainsSyntaxErrors) {
  EXPECT_EQ(error_of("a: \"foo\nb: 2\n"), "a.yaml:1:4: this quote is never closed");
  EXPECT_EQ(error_of("a: it's # don't\nb: [1, 'x]\n"), "a.yaml:2:8: this quote is never closed");
  EXPECT_EQ(error_of("a: {b: 1\nc: 2\n"), "a.yaml:1:4: this '{' is not closed, expected ',' or '}' before line 2");
  EXPECT_EQ(error_of("a: [1, 2"), "a.yaml:1:4: this '[' is not closed, expected ',' or ']'");
  EXPECT_EQ(error_of("a: b]\nc: ]\n"),
            "a.yaml:2:4: this closing bracket closes nothing; is another one missing before it?");
  EXPECT_THAT(
      error_of("a:\n  b: 1\n c: 2\n"),
      StartsWith("a.yaml:3:2: expected 'key: value' or the end of the map that began at line 1; is the indentation"));
  EXPECT_THAT(error_of("a: b: c\n"), StartsWith("a.yaml:1:5: a ':' that cannot be here"));
  EXPECT_THAT(error_of("a: @x\n"), StartsWith("a.yaml:1:4: this character cannot begin a value"));
  EXPECT_THAT(error_of("a: \"\\x\"\n"), StartsWith("a.yaml:1:5: an escape that YAML does not know"));
}

TEST(StrictYaml, RefusesWhatIsNoText) {
  EXPECT_EQ(error_of(std::string("a: \0", 4)), "a.yaml:1:4: control character 0x00, expected a text file");
  EXPECT_EQ(error_of("a: 1\nb: \x04\nc: 2"), "a.yaml:2:4: control character 0x04, expected a text file");
  EXPECT_EQ(error_of("a: \xFF"), "a.yaml:1:4: byte 0xFF is not UTF-8, expected a text file in UTF-8");
  EXPECT_EQ(error_of("a: \xC0\xAF"), "a.yaml:1:4: byte 0xC0 is not UTF-8, expected a text file in UTF-8");
  EXPECT_EQ(error_of("a: \xED\xA0\x80"), "a.yaml:1:4: byte 0xED is not UTF-8, expected a text file in UTF-8");
  EXPECT_EQ(error_of("a: \xE2\x82"), "a.yaml:1:4: byte 0xE2 is not UTF-8, expected a text file in UTF-8");
  EXPECT_EQ(error_of("\x89HDF\r\n\x1A\n"), "a.yaml: this is an HDF5 file, expected a configuration in YAML");
  EXPECT_EQ(error_of(std::string("\xFF\xFE"
                                 "a\0",
                                 4)),
            "a.yaml: this is text in UTF-16, expected UTF-8: save it in that encoding");
}

TEST(StrictYaml, RefusesDeepNestingAndHugeTexts) {
  const auto nested = [](int depth) {
    const auto n = static_cast<std::size_t>(depth);
    return std::string(n, '[') + std::string(n, ']');
  };
  EXPECT_TRUE(parse(nested(Node::kMaxDepth)).is_list());
  EXPECT_EQ(error_of(nested(Node::kMaxDepth + 1)), "a.yaml:1:65: lists and maps nested deeper than 64 levels");
  EXPECT_THAT(error_of(std::string(100000, '[')), EndsWith(": lists and maps nested deeper than 64 levels"));
  std::string maps;
  for (int i = 0; i < 10000; ++i) maps += "{a: ";
  EXPECT_THAT(error_of(maps), EndsWith(": lists and maps nested deeper than 64 levels"));
  std::string dashes;
  for (int i = 0; i < 10000; ++i) dashes += "- ";
  EXPECT_EQ(error_of(dashes), "a.yaml:1:129: lists and maps nested deeper than 64 levels");
  EXPECT_EQ(error_of(std::string(Node::kMaxBytes + 1, ' ')),
            "a.yaml: is larger than 1 MiB, too large for a configuration");
}

TEST(YamlFile, SaysWhyItCannotBeRead) {
  const TemporaryFolder folder;
  const auto error_at = [](const std::string& path) {
    ErrorList errors;
    Node::from_yaml_file(path, errors);
    return errors.empty() ? "" : errors.messages().front();
  };
  EXPECT_EQ(error_at(folder.path()), folder.path() + ": is a folder, expected a file");
  EXPECT_EQ(error_at(folder / "none.yaml"), (folder / "none.yaml") + ": cannot be opened: No such file or directory");
  const std::string path = write_text(folder, "bad.yaml", "a: 1\na: 2\n");
  EXPECT_EQ(error_at(path), path + ":2:1: duplicate key 'a', first at " + path + ":1:1");
}

TEST(Node, WritesYamlThatReadsBackTheSame) {
  for (const std::string yaml :
       {"a: 1", "a: {b: [1, 2, {c: d}], e: ~}\nf: 'it''s'\n", "- x\n- - y\n  - z\n- k: v\n",
        "a: \"\\ttab, \\n line: #\"", "a: '5'\nb: 'true'\nc: ''\nd: 'null'\ne: null\nf: {}\ng: []\n",
        "'<<': 1\n'null': 2\n'5': 3\n'': 4\n",
        "a: a, b\nb: x]\nc: a b   c\nd: -x\ne: ':x'\nf: '#x'\ng: 'x #y'\nh: '- x'\n", "\xC3\xA9: \"\xE2\x82\xAC\"\n",
        "a: |\n  text\n    more\n\n", "plain\n", "42\n"}) {
    const Node first = parse(yaml);
    const Node second = parse(first.to_yaml());
    EXPECT_TRUE(same_value(first, second)) << yaml << "\nbecame\n" << first.to_yaml();
    EXPECT_EQ(first.to_yaml(), second.to_yaml());
  }
}

TEST(Node, WritesShortMapsOnALineAndLongOnesOnMany) {
  const std::string yaml =
      "model:\n"
      "  kernel_quantizer: {init_bw: 2, regularizer: {MonoL1: 1.0e-6}}\n"
      "  layers:\n"
      "    - HQuantize: {name: inp_q, beta: 0}\n"
      "    - HDenseBatchNorm: {units: 64, activation: relu, kernel_initializer: glorot_uniform, bias_initializer: "
      "zeros}\n";
  const std::string written = parse(yaml).to_yaml();
  EXPECT_THAT(written, ::testing::HasSubstr("  kernel_quantizer: {init_bw: 2, regularizer: {MonoL1: 1.0e-6}}\n"));
  EXPECT_THAT(written, ::testing::HasSubstr("    - HQuantize: {name: inp_q, beta: 0}\n"));
  EXPECT_THAT(written, ::testing::HasSubstr("units: 64\n"));
}

TEST(Node, ComparesByMeaning) {
  EXPECT_TRUE(same_value(parse("{a: 1e-3, b: x}"), parse("{b: 'x', a: 0.001}")));
  EXPECT_TRUE(same_value(parse("[+1, ~]"), parse("[1, null]")));
  EXPECT_FALSE(same_value(parse("a: 1"), parse("a: '1'")));
  EXPECT_FALSE(same_value(parse("a: true"), parse("a: 'true'")));
  EXPECT_FALSE(same_value(parse("a: 1"), parse("a: 1\nb: 2")));
  EXPECT_FALSE(same_value(parse("[1, 2]"), parse("[2, 1]")));
  EXPECT_FALSE(same_value(parse("[1, 2]"), parse("[1]")));
}

TEST(Node, GoesToJsonAndBack) {
  const Node n = parse("a: 1\nb: 2.5\nc: true\nd: '3'\ne: null\nf: [x, {y: -1.0e-3}]\n");
  const nlohmann::json json = n.to_json();
  EXPECT_EQ(json,
            nlohmann::json::parse(R"({"a": 1, "b": 2.5, "c": true, "d": "3", "e": null, "f": ["x", {"y": -0.001}]})"));
  const Node back = Node::from_json(json, "m.h5");
  EXPECT_TRUE(same_value(n, back));
  EXPECT_EQ(back["f"].items()[1]["y"].place(), "m.h5:/f/1/y");
  EXPECT_EQ(back.place(), "m.h5");
  nlohmann::json deep = 1;
  for (int i = 0; i < 100; ++i) deep = nlohmann::json::array({deep});
  EXPECT_THROW(Node::from_json(deep, "m.h5"), FileError);
}

TEST(Node, IsMadeByHand) {
  Node n;
  n.set("rate", Node::number(0.1));
  n.set("epochs", Node::integer(3));
  n.set("name", Node::string("5"));
  n.set("epochs", Node::integer(4));
  n.set("gone", Node::boolean(true));
  n.erase("gone");
  n.set_places("--set #1");
  EXPECT_EQ(n.to_yaml(), "rate: 0.1\nepochs: 4\nname: \"5\"\n");
  EXPECT_EQ(n["name"].place(), "--set #1");
  Node list = Node::list({});
  EXPECT_THROW(list.set("a", Node()), ConfigError);
}

TEST(Describe, NamesWhatStandsThere) {
  EXPECT_EQ(describe(parse("5")), "the number 5");
  EXPECT_EQ(describe(parse("'5'")), "the text '5'");
  EXPECT_EQ(describe(parse("true")), "true");
  EXPECT_EQ(describe(parse("yes")), "the text 'yes'");
  EXPECT_EQ(describe(parse("~")), "null");
  EXPECT_EQ(describe(Node()), "nothing");
  EXPECT_EQ(describe(parse("[1]")), "a list");
  EXPECT_EQ(describe(parse("{}")), "a map");
  EXPECT_EQ(describe(Node::string(std::string(100, 'x'))), "the text '" + std::string(60, 'x') + "...'");
  EXPECT_EQ(printable("a\nb"), "a?b");
}

}  // namespace node_test
}  // namespace hgq
