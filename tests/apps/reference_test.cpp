// docs/config.md tells the truth: for every key of everything that a config can name, the default that the page shows,
// written out, gives the same as leaving the key out; and what it calls required is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "hgq/apps/run_config.h"
#include "hgq/apps/setup.h"
#include "hgq/callbacks/kinds.h"
#include "hgq/core/error.h"
#include "hgq/deploy/registry.h"
#include "hgq/layers/kinds.h"
#include "hgq/layers/object_docs.h"
#include "hgq/layers/quantizer_config.h"
#include "hgq/optim/optimizer_config.h"
#include "hgq/optim/schedule_config.h"

namespace hgq {
namespace reference_test {

Node yaml(const std::string& text) {
  ErrorList errors;
  Node node = Node::from_yaml(text, "doc.yaml", errors);
  EXPECT_THAT(errors.messages(), ::testing::IsEmpty()) << text;
  return node;
}

/// Values for keys that must be there.
Node value_of(const std::string& key) {
  static const std::map<std::string, std::string> kValues = {
      {"units", "3"},      {"filters", "3"},       {"kernel_size", "2"},     {"activation", "tanh"},
      {"bits", "4"},       {"keep_negative", "1"}, {"int_bits", "2"},        {"target_shape", "[4]"},
      {"dims", "[1]"},     {"rate", "0.5"},        {"from", "1.0e-6"},       {"to", "1.0e-4"},
      {"values", "[0.1]"}, {"decay_rate", "0.5"},  {"decay_steps", "100"},   {"first_decay_steps", "100"},
      {"layer", "a"},      {"layers", "[]"},       {"learning_rate", "0.1"}, {"condition", "bops < 1"}};
  const auto found = kValues.find(key);
  return yaml(found == kValues.end() ? "0.1" : found->second);
}

/// Whether a text is a value, rather than the place that the default comes from.
bool is_value(const KeyDoc& key) {
  return !key.fallback.empty() && key.fallback != "required" && !key.fallback.starts_with("model.") &&
         !key.fallback.starts_with("train.") && key.fallback != "pool_size";
}

Node required_of(const std::vector<KeyDoc>& keys) {
  Node node = Node::map({});
  for (const KeyDoc& key : keys) {
    if (key.fallback == "required") node.set(key.key, value_of(key.key));
  }
  return node;
}

/// Compares what `make` makes (a value with ==, and its errors) with and without each default written out. `make` gets
/// the arguments as a node.
template <typename Make>
void expect_defaults(const std::string& name, const std::vector<KeyDoc>& keys, const Make& make) {
  const Node required = required_of(keys);
  ErrorList errors;
  const auto plain = make(required, errors);
  EXPECT_THAT(errors.messages(), ::testing::IsEmpty()) << name;
  for (const KeyDoc& key : keys) {
    const std::string what = name + "." + key.key + ", default " + key.fallback;
    EXPECT_NE(key.type, "see below") << what;
    ErrorList own;
    if (key.fallback == "required") {
      Node without = required;
      without.erase(key.key);
      make(without, own);
      EXPECT_FALSE(own.empty()) << what;
    } else if (is_value(key)) {
      Node with = required;
      with.set(key.key, key.fallback == "none" ? Node::scalar("null") : yaml(key.fallback));
      const auto same = make(with, own);
      EXPECT_THAT(own.messages(), ::testing::IsEmpty()) << what;
      EXPECT_TRUE(same == plain) << what;
    }
  }
}

std::vector<KeyDoc> first_of_each(const std::vector<KeyDoc>& docs, const std::string& section) {
  std::vector<KeyDoc> keys;
  for (const KeyDoc& doc : docs) {
    const auto same = [&](const KeyDoc& other) { return other.key == doc.key; };
    if (doc.section == section && std::ranges::none_of(keys, same)) keys.push_back(doc);
  }
  return keys;
}

TEST(Reference, DefaultsOfQuantizersAreThoseThatAreUsed) {
  for (const bool kernel : {true, false}) {
    const QuantizerConfig base = kernel ? get_default_kq_conf() : get_default_paq_conf();
    ErrorList errors;
    std::vector<KeyDoc> docs;
    QuantizerConfig::from_node(Node::map({}), base, "q", errors, &docs);
    // Over a base that is unlike the defaults: each default written out must bring its value back.
    QuantizerConfig other = base;
    other.regularizer = Regularizer::L2(0.5);
    other.init_bw = 7;
    other.rnd_strategy = QuantizerConfig::Rounding::kNoise;
    other.skip_dims = {SkipDims::Kind::kExceptLast};
    other.bw_clip = std::pair{-1.0, 1.0};
    other.exact_q_value = !base.exact_q_value;
    other.trainable = !base.trainable;
    other.minmax_record = !base.minmax_record;
    Node all = Node::map({});
    for (const KeyDoc& key : first_of_each(docs, "q")) all.set(key.key, yaml(key.fallback));
    EXPECT_EQ(all.entries().size(), 8U);
    EXPECT_TRUE(QuantizerConfig::from_node(all, other, "q", errors) == base) << all.to_yaml();
    EXPECT_THAT(errors.messages(), ::testing::IsEmpty());
  }
  EXPECT_EQ(config_text(get_default_kq_conf().regularizer), "{L1: 1e-06}");
  EXPECT_EQ(config_text(get_default_paq_conf().regularizer), "{L1: 1e-06}");
}

/// Builds a layer on the first samples that fit it.
bool build(Layer& layer) {
  for (const Shape& sample : {Shape{4}, Shape{8, 3}, Shape{8, 8, 3}}) {
    for (const size_t inputs : {1, 2}) {
      try {
        layer.build(std::vector<Shape>(inputs, sample), {});
        return true;
      } catch (const ShapeError&) {
      }
    }
  }
  return false;
}

TEST(Reference, DefaultsOfLayersAreThoseThatAreUsed) {
  LayerDefaults defaults;
  for (const Kind<LayerFactory>& kind : built_in_registry().layers.all()) {
    const std::string& name = kind.name;
    std::vector<KeyDoc> docs;
    ErrorList ignored;
    make_layer(name, {Node::map({}), defaults, ignored, &docs});
    expect_defaults(name, first_of_each(docs, name), [&](const Node& arguments, ErrorList& errors) {
      const std::unique_ptr<Layer> layer = make_layer(name, {arguments, defaults, errors, nullptr});
      if (layer == nullptr || !errors.empty()) return nlohmann::json();
      EXPECT_TRUE(build(*layer)) << name;
      return layer->config();
    });
  }
}

TEST(Reference, DefaultsOfInitializersRegularizersAndConstraintsAreThoseThatAreUsed) {
  const auto check = [](const std::vector<ObjectDoc>& objects, const auto& from_node) {
    EXPECT_GE(objects.size(), 5U);
    for (const ObjectDoc& object : objects) {
      if (object.name == "ElementMask") continue;  // has no defaults: a mask or a band
      expect_defaults(object.name, object.keys, [&](const Node& arguments, ErrorList& errors) {
        return from_node(Node::map({{object.name, arguments}}), errors);
      });
      for (const std::string& alias : object.aliases) {
        ErrorList errors;
        from_node(Node::scalar(alias), errors);
        EXPECT_THAT(errors.messages(), ::testing::IsEmpty());
      }
    }
  };
  check(initializer_docs(), Initializer::from_node);
  check(regularizer_docs(), Regularizer::from_node);
  check(constraint_docs(), ConstraintConfig::from_node);
}

TEST(Reference, DefaultsOfOptimizersAreThoseThatAreUsed) {
  for (const Kind<MakeOptimizer>& kind : built_in_registry().optimizers.all()) {
    const std::string& name = kind.name;
    std::vector<KeyDoc> docs;
    ErrorList ignored;
    make_optimizer(Node::map({{name, Node::map({})}}), {}, ignored, &docs);
    // Equal optimizers make equal steps.
    expect_defaults(name, first_of_each(docs, name), [&](const Node& arguments, ErrorList& errors) {
      const std::unique_ptr<Optimizer> optimizer = make_optimizer(Node::map({{name, arguments}}), {}, errors);
      if (optimizer == nullptr) return std::vector<float>();
      Parameter p("p", Shape{4});
      std::ranges::copy(std::vector<float>{1, -2, 0.5F, 3e-4F}, p.value.data());
      const std::vector<Parameter*> all{&p};
      for (int step = 1; step <= 5; ++step) {
        for (int64_t i = 0; i < 4; ++i)
          p.grad.data()[i] = 0.3F / static_cast<float>(step) - 0.2F * static_cast<float>(i);
        optimizer->update(all);
      }
      return std::vector<float>(p.value.values().begin(), p.value.values().end());
    });
  }
}

TEST(Reference, DefaultsOfSchedulesAreThoseThatAreUsed) {
  const ScheduleContext context{.steps_per_epoch = 10, .total_steps = 300};
  for (const Kind<MakeSchedule>& kind : built_in_registry().schedules.all()) {
    const std::string& name = kind.name;
    if (name == "PiecewiseConstantDecay") continue;  // its boundaries have two forms, one of which must be there
    std::vector<KeyDoc> docs;
    ErrorList ignored;
    make_schedule(Node::map({{name, Node::map({})}}), context, ignored, &docs);
    expect_defaults(name, first_of_each(docs, name), [&](const Node& arguments, ErrorList& errors) {
      std::vector<float> rates;
      const auto schedule = make_schedule(Node::map({{name, arguments}}), context, errors);
      for (int64_t step = 0; schedule && step < 300; step += 7) rates.push_back((*schedule)(step));
      return rates;
    });
  }
}

TEST(Reference, DefaultsOfCallbacksAreTaken) {
  for (const Kind<MakeCallback>& kind : built_in_registry().callbacks.all()) {
    const std::string& name = kind.name;
    const CallbackContext context{.epochs = 10, .folder = ""};
    std::vector<KeyDoc> docs;
    ErrorList ignored;
    make_callback(Node::map({{name, Node::map({})}}), context, built_in_registry(), ignored, &docs);
    expect_defaults(name, first_of_each(docs, name), [&](const Node& arguments, ErrorList& errors) {
      const std::unique_ptr<Callback> callback =
          make_callback(Node::map({{name, arguments}}), context, built_in_registry(), errors);
      return callback == nullptr ? nlohmann::json() : callback->state();
    });
  }
}

TEST(Reference, DefaultsOfLossesAreThoseThatAreUsed) {
  const Registry& registry = built_in_registry();
  for (const Kind<MakeLoss>& kind : registry.losses.all()) {
    std::vector<KeyDoc> docs;
    ErrorList ignored;
    make_loss(Node::scalar(kind.name), registry.losses, ignored, &docs);
    expect_defaults(kind.name, docs, [&](const Node& arguments, ErrorList& errors) {
      const LossPtr loss = make_loss(Node::map({{kind.name, arguments}}), registry.losses, errors);
      return loss == nullptr ? nlohmann::json() : nlohmann::json{loss->name(), loss->arguments()};
    });
  }
  for (const Kind<MakeMetric>& kind : registry.metrics.all()) EXPECT_FALSE(kind.doc.empty()) << kind.name;
}

TEST(Reference, DefaultsOfSectionsAreThoseThatAreUsed) {
  const auto config = [] {
    return yaml(
        "data: {file: d.h5}\n"
        "model: {weights: {file: w.h5}, layers: [HQuantize, HDense: {units: 1}]}\n"
        "train: {loss: mse, phases: [{epochs: 1, beta: {from: 1, to: 2}}], distillation: {teacher: t.h5}, epochs: 1}\n"
        "export: {trace: {}, rtl: {}}\n");
  };
  const auto resolved = [](const Node& tree, ErrorList& errors) {
    return run_config_from(tree, "", config_hooks(built_in_registry()), errors).resolved.to_yaml();
  };
  ErrorList errors;
  const std::string plain = resolved(config(), errors);
  ASSERT_THAT(errors.messages(), ::testing::IsEmpty());
  int compared = 0;
  for (const KeyDoc& key : run_config_docs()) {
    EXPECT_NE(key.type, "see below") << key.key;
    const bool told = is_value(key) && key.fallback.find(' ') == std::string::npos;  // a value, not a sentence
    if (!told || key.section.starts_with("data")) continue;
    Node tree = config();
    Node* section = &tree;
    std::istringstream path(key.section);
    for (std::string name; std::getline(path, name, '.');) {
      section = section->find(name);
      if (section->is_list()) section = &section->items().front();
    }
    section->set(key.key, key.fallback == "none" ? Node::scalar("null") : yaml(key.fallback));
    EXPECT_EQ(resolved(tree, errors), plain) << key.section << "." << key.key;
    EXPECT_THAT(errors.messages(), ::testing::IsEmpty());
    ++compared;
  }
  EXPECT_GE(compared, 12);
}

}  // namespace reference_test
}  // namespace hgq
