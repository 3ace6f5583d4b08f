#include "hgq/optim/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/core/ordered_sum.h"
#include "hgq/optim/kinds.h"
#include "hgq/optim/optimizer_config.h"
#include "hgq/optim/optimizers.h"
#include "hgq/tests/support/allocation_counter.h"

namespace hgq {
namespace optimizer_test {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

using Values = std::vector<std::vector<float>>;

/// Parameters with the pointers that an optimizer takes.
struct Parameters {
  explicit Parameters(const Values& values) {
    for (size_t i = 0; i < values.size(); ++i) {
      owned.push_back(std::make_unique<Parameter>(concat("p", i), Shape{std::ssize(values[i])}));
      std::ranges::copy(values[i], owned.back()->value.data());
      pointers.push_back(owned.back().get());
    }
  }
  void set_gradients(const Values& gradients) {
    for (size_t i = 0; i < gradients.size(); ++i) std::ranges::copy(gradients[i], owned[i]->grad.data());
  }
  std::vector<float> value(size_t i) const {
    return {owned[i]->value.values().begin(), owned[i]->value.values().end()};
  }

  std::vector<std::unique_ptr<Parameter>> owned;
  std::vector<Parameter*> pointers;
};

std::vector<NamedTensor> copy_slots(Optimizer& optimizer) {
  std::vector<NamedTensor> result;
  for (const NamedSlot& slot : optimizer.slots())
    result.push_back({slot.name, Tensor(Shape{std::ssize(slot.values)}, slot.values)});
  return result;
}

// From Keras 2.15, SGD(0.1, momentum=0.9, weight_decay=0.1, clipvalue=0.2).
TEST(Optimizer, ClippingDecayAndMomentumTogetherAreKeras) {
  SGD sgd({.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.1, .clipvalue = 0.2});
  Parameters p(Values{{1.0F, -2.0F, 0.5F}});
  p.set_gradients(Values{{0.1F, -0.5F, 0.3F}});
  sgd.update(p.pointers);
  p.set_gradients(Values{{-0.4F, 0.1F, 0.0F}});
  sgd.update(p.pointers);
  EXPECT_THAT(p.value(0), ElementsAre(FloatNear(0.9811999797821045F, 1e-7F), FloatNear(-1.9323999881744385F, 2e-7F),
                                      FloatNear(0.4522499740123749F, 1e-7F)));
}

TEST(Optimizer, GradientsAreLeftAsTheyAre) {
  SGD sgd({.clipnorm = 0.1});
  Parameters p(Values{{1, 2}});
  p.set_gradients(Values{{3, 4}});
  sgd.update(p.pointers);
  EXPECT_THAT(p.owned[0]->grad.values(), ElementsAre(3.0F, 4.0F));
}

TEST(Optimizer, NormsWithinTheLimitChangeNothing) {
  for (const bool global : {false, true}) {
    SGD clipped({.learning_rate = 1.0, .clipnorm = global ? 0.0 : 5.0, .global_clipnorm = global ? 5.0 : 0.0});
    Parameters p(Values{{0, 0}});
    p.set_gradients(Values{{3, 4}});  // of norm 5 exactly
    clipped.update(p.pointers);
    EXPECT_THAT(p.value(0), ElementsAre(-3.0F, -4.0F)) << global;
  }
}

TEST(Optimizer, NanAndInfinityAreNotClippedAway) {
  for (const float bad : {kNan, kInfinity}) {
    for (const SGDOptions& options : {SGDOptions{.clipnorm = 1.0}, SGDOptions{.global_clipnorm = 1.0}}) {
      SGD sgd(options);
      Parameters p(Values{{1, 1}});
      p.set_gradients(Values{{bad, 1}});
      sgd.update(p.pointers);
      EXPECT_TRUE(std::isnan(p.value(0)[0])) << bad;
    }
  }
  SGD sgd({.clipvalue = 1.0});
  Parameters p(Values{{1, 1}});
  p.set_gradients(Values{{kNan, kInfinity}});
  sgd.update(p.pointers);
  EXPECT_TRUE(std::isnan(p.value(0)[0]));
  EXPECT_EQ(p.value(0)[1], 0.99F);
}

TEST(Optimizer, ParametersThatAreNotTrainableStay) {
  Adam adam({.learning_rate = 0.1, .weight_decay = 0.1, .global_clipnorm = 1.0});
  Parameters p(Values{{1, 2}, {3}});
  p.owned[0]->trainable = false;
  p.owned[0]->constraint = [](TensorView w) { w.data[0] = 99; };
  p.set_gradients(Values{{kNan, 1}, {0.5F}});
  adam.update(p.pointers);
  EXPECT_THAT(p.value(0), ElementsAre(1.0F, 2.0F));
  EXPECT_LT(p.value(1)[0], 3.0F);
}

TEST(Optimizer, ConstraintActsAfterTheUpdate) {
  SGD sgd({.learning_rate = 1.0});
  Parameters p(Values{{1, 1}});
  p.owned[0]->constraint = [](TensorView w) {
    for (float& v : w.values()) v = std::max(v, 0.0F);
  };
  p.set_gradients(Values{{0.5F, 3.0F}});
  sgd.update(p.pointers);
  EXPECT_THAT(p.value(0), ElementsAre(0.5F, 0.0F));
}

TEST(Optimizer, EachElementIsTreatedAlikeWhereverItStands) {
  // Sizes around the width of vector registers: the last elements run through other instructions than the first.
  for (const int64_t size : {1, 7, 15, 16, 17, 31, 33, 511, 512, 513}) {
    Adam adam;
    Parameters p(Values{std::vector<float>(static_cast<size_t>(size), 0.75F)});
    p.set_gradients(Values{std::vector<float>(static_cast<size_t>(size), 0.3F)});
    for (int step = 0; step < 3; ++step) adam.update(p.pointers);
    for (const float v : p.value(0)) ASSERT_EQ(v, p.value(0)[0]) << size;
  }
}

TEST(Optimizer, EmptyParametersAreFine) {
  Adam adam({.clipnorm = 1.0});
  Parameters p(Values{{}, {1.0F}});
  p.set_gradients(Values{{}, {1.0F}});
  adam.update(p.pointers);
  EXPECT_EQ(adam.slots().size(), 4U);
  EXPECT_LT(p.value(1)[0], 1.0F);
}

TEST(Optimizer, MomentaNeverBecomeSubnormal) {
  Adam adam;
  Parameters p(Values{std::vector<float>(20, 1.0F)});
  p.set_gradients(Values{std::vector<float>(20, 1e-3F)});
  adam.update(p.pointers);
  p.set_gradients(Values{std::vector<float>(20, 0.0F)});
  for (int step = 0; step < 1500; ++step) adam.update(p.pointers);
  for (const NamedSlot& slot : adam.slots()) {
    for (const float v : slot.values) ASSERT_NE(std::fpclassify(v), FP_SUBNORMAL) << slot.name;
  }
  volatile float tiny = 1e-38F;  // outside an update subnormal numbers are numbers again
  EXPECT_EQ(std::fpclassify(tiny * 0.5F), FP_SUBNORMAL);
}

TEST(Optimizer, WarmStepAllocatesNothing) {
  if (!testing::kCountsAllocations) GTEST_SKIP() << "a sanitizer counts its own";
  const Schedule rate =
      Schedule(CosineDecayRestarts{.initial_learning_rate = 0.1, .first_decay_steps = 5}).with_warmup(3);
  Adam adam({.learning_rate = rate, .amsgrad = true, .weight_decay = 0.1, .clipnorm = 1.0});
  Nadam nadam({.global_clipnorm = 1.0});
  RMSprop rmsprop({.momentum = 0.5, .centered = true});
  for (Optimizer* optimizer : std::initializer_list<Optimizer*>{&adam, &nadam, &rmsprop}) {
    Parameters p(Values{std::vector<float>(100, 1.0F), {2.0F}});
    const testing::AllocationCounter cold;
    optimizer->update(p.pointers);
    EXPECT_GT(cold.count(), 0) << "the slots were not counted";
    const testing::AllocationCounter warm;
    for (int step = 0; step < 10; ++step) optimizer->update(p.pointers);
    EXPECT_EQ(warm.count(), 0) << optimizer->name();
  }
}

TEST(Optimizer, LearningRateIsThatOfTheLastStep) {
  SGD sgd({.learning_rate = ExponentialDecay{.initial_learning_rate = 1, .decay_steps = 1, .decay_rate = 0.5}});
  Parameters p(Values{{0}});
  p.set_gradients(Values{{1}});
  EXPECT_EQ(sgd.learning_rate(), 1.0F);
  for (const float rate : {1.0F, 0.5F, 0.25F}) {
    const float before = p.value(0)[0];
    sgd.update(p.pointers);
    EXPECT_EQ(before - p.value(0)[0], rate);
    EXPECT_EQ(sgd.learning_rate(), rate);
  }
  EXPECT_EQ(sgd.iterations(), 3);
}

TEST(Optimizer, LearningRateCanBeSetUnlessAScheduleIsInUse) {
  SGD sgd({.learning_rate = 1.0});
  Parameters p(Values{{0}});
  p.set_gradients(Values{{1}});
  sgd.set_learning_rate(0.25F);
  sgd.update(p.pointers);
  EXPECT_EQ(p.value(0)[0], -0.25F);
  EXPECT_EQ(sgd.learning_rate(), 0.25F);
  EXPECT_THROW(sgd.set_learning_rate(-1), ConfigError);
  EXPECT_THROW(sgd.set_learning_rate(kNan), ConfigError);

  SGD scheduled({.learning_rate = CosineDecay{.initial_learning_rate = 1, .decay_steps = 5}});
  EXPECT_TRUE(scheduled.has_schedule());
  EXPECT_THROW(scheduled.set_learning_rate(0.1F), ConfigError);
}

template <typename Make>
void expect_same_bits_when_restored(Make make) {
  const Values start{{1, -2, 3, 0.5F, -0.25F}, {0.125F}};
  const auto gradients = [](int step) {
    const float a = std::sin(static_cast<float>(step));
    return Values{{a, -a, 0.5F, a * a, 0}, {1 - a}};
  };
  const auto whole = make();
  const auto first = make();
  const auto second = make();
  Parameters p(start);
  Parameters q(start);
  for (int step = 0; step < 20; ++step) {
    p.set_gradients(gradients(step));
    q.set_gradients(gradients(step));
    whole->update(p.pointers);
    if (step < 9) {
      first->update(q.pointers);
      continue;
    }
    if (step == 9) {
      second->build(q.pointers);
      second->restore(first->state(), copy_slots(*first));
    }
    second->update(q.pointers);
  }
  for (size_t i = 0; i < start.size(); ++i) EXPECT_EQ(p.value(i), q.value(i)) << whole->name();
  EXPECT_EQ(whole->state(), second->state()) << whole->name();
}

TEST(Optimizer, RestoredItGoesOnWithTheSameBits) {
  const Schedule rate = CosineDecay{.initial_learning_rate = 0.1, .decay_steps = 30};
  expect_same_bits_when_restored(
      [] { return std::make_unique<Adam>(AdamOptions{.learning_rate = 0.1, .amsgrad = true}); });
  expect_same_bits_when_restored([&] { return std::make_unique<AdamW>(AdamWOptions{.learning_rate = rate}); });
  expect_same_bits_when_restored(
      [&] { return std::make_unique<Nadam>(NadamOptions{.learning_rate = rate, .clipnorm = 0.5}); });
  expect_same_bits_when_restored([&] { return std::make_unique<Adamax>(AdamaxOptions{.learning_rate = rate}); });
  expect_same_bits_when_restored(
      [&] { return std::make_unique<SGD>(SGDOptions{.learning_rate = rate, .momentum = 0.9, .nesterov = true}); });
  expect_same_bits_when_restored([&] {
    return std::make_unique<RMSprop>(RMSpropOptions{.learning_rate = rate, .momentum = 0.5, .centered = true});
  });
  expect_same_bits_when_restored([&] { return std::make_unique<Adagrad>(AdagradOptions{.learning_rate = rate}); });
}

TEST(Optimizer, SlotsHaveKerasNames) {
  Adam adam({.amsgrad = true});
  EXPECT_TRUE(adam.slots().empty());
  Parameter kernel("dense/kernel", Shape{2, 3});
  adam.build(std::vector<Parameter*>{&kernel});
  std::vector<std::string> names;
  for (const NamedSlot& slot : adam.slots()) {
    names.push_back(slot.name);
    EXPECT_EQ(slot.values.size(), 6U);
  }
  EXPECT_THAT(names, ElementsAre("m/dense/kernel", "v/dense/kernel", "vhat/dense/kernel"));
}

TEST(Optimizer, RestoreRefusesWhatDoesNotFit) {
  Adam adam;
  Parameters p(Values{{1, 2}});
  adam.build(p.pointers);
  const auto message = [&](const std::vector<NamedTensor>& saved) -> std::string {
    try {
      adam.restore({.iterations = 5, .learning_rate = 0.1F}, saved);
    } catch (const FileError& error) {
      return error.what();
    }
    return "";
  };
  std::vector<NamedTensor> saved = copy_slots(adam);
  saved[1].name = "w/p0";
  EXPECT_THAT(message(saved), HasSubstr("no saved slot 'v/p0'"));
  saved[1] = {"v/p0", Tensor(Shape{3})};
  EXPECT_THAT(message(saved), HasSubstr("saved slot 'v/p0' has 3 values, expected 2"));
  saved.pop_back();
  EXPECT_THAT(message(saved), HasSubstr("1 slots saved, expected 2"));
  EXPECT_EQ(adam.iterations(), 0);
  EXPECT_EQ(adam.learning_rate(), 0.001F);
}

TEST(Optimizer, BelongsToOneSetOfParameters) {
  Adam adam;
  Parameters p(Values{{1}, {2}});
  Parameters q(Values{{1}});
  adam.update(p.pointers);
  EXPECT_THROW(adam.update(q.pointers), ShapeError);
}

TEST(Optimizer, WrongOptionsAreRefused) {
  EXPECT_THROW(Adam({.learning_rate = -0.1}), ConfigError);
  EXPECT_THROW(Adam({.beta_1 = 1.0}), ConfigError);
  EXPECT_THROW(Adam({.clipnorm = 1.0, .clipvalue = 1.0}), ConfigError);
  EXPECT_THROW(SGD({.momentum = 1.5}), ConfigError);
  EXPECT_THROW(SGD({.weight_decay = -1}), ConfigError);
  EXPECT_THROW(RMSprop({.rho = -0.5}), ConfigError);
}

std::unique_ptr<Optimizer> read(const std::string& yaml, std::string& message) {
  ErrorList errors;
  const Node node = Node::from_yaml(yaml, "test.yaml", errors);
  auto optimizer = make_optimizer(node, {.steps_per_epoch = 10}, errors);
  message.clear();
  for (const std::string& m : errors.messages()) message += m + "\n";
  return optimizer;
}

TEST(OptimizerConfig, NamesAreKerasInEitherSpelling) {
  std::string message;
  for (const Kind<MakeOptimizer>& kind : built_in_training_kinds().optimizers.all()) {
    const std::string& name = kind.name;
    std::string lower = name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const std::string& spelling : {name, lower, concat("{", name, ": {learning_rate: 0.125}}")}) {
      const auto optimizer = read(spelling, message);
      ASSERT_NE(optimizer, nullptr) << spelling << ": " << message;
      EXPECT_EQ(optimizer->name(), name);
    }
    EXPECT_EQ(read(concat("{", name, ": {learning_rate: 0.125}}"), message)->learning_rate(), 0.125F);
    EXPECT_EQ(read(name, message)->learning_rate(), name == "SGD" ? 0.01F : 0.001F);
  }
}

TEST(OptimizerConfig, LearningRateMayBeASchedule) {
  std::string message;
  const auto optimizer =
      read("Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 0.5, decay_epochs: 2}}}", message);
  ASSERT_NE(optimizer, nullptr) << message;
  EXPECT_TRUE(optimizer->has_schedule());
  EXPECT_EQ(optimizer->learning_rate(), 0.5F);
}

TEST(OptimizerConfig, ErrorsSayWhereAndWhat) {
  std::string message;
  EXPECT_EQ(read("Adm", message), nullptr);
  EXPECT_THAT(message, HasSubstr("test.yaml:1:1: unknown optimizer 'Adm', did you mean 'Adam'?"));
  EXPECT_EQ(read("Adam: {learning_rte: 0.1}", message), nullptr);
  EXPECT_THAT(message, HasSubstr("did you mean 'learning_rate'?"));
  EXPECT_EQ(read("Adam: {learning_rate: fast}", message), nullptr);
  EXPECT_THAT(message, HasSubstr("unknown learning rate schedule 'fast'"));
  EXPECT_EQ(read("Adam: {learning_rate: -1}", message), nullptr);
  EXPECT_THAT(message, HasSubstr("test.yaml:1:23: learning_rate: found the number -1"));
  EXPECT_EQ(read("Adam: {beta_1: 1, amsgrad: yes}", message), nullptr);
  EXPECT_THAT(message, HasSubstr("Adam.beta_1"));
  EXPECT_THAT(message, HasSubstr("Adam.amsgrad"));
  EXPECT_EQ(read("Adam: {clipnorm: 1, clipvalue: 1}", message), nullptr);
  EXPECT_THAT(message, HasSubstr("Adam.clipvalue: is the second way of clipping"));
  EXPECT_EQ(read("Adam: {clipnorm: 0}", message), nullptr);
  EXPECT_THAT(message, HasSubstr("expected a number above 0"));
  EXPECT_EQ(read("Adam: 0.1", message), nullptr);
  EXPECT_THAT(message, HasSubstr("expected a map"));
  EXPECT_EQ(read("Adam: {nesterov: true}", message), nullptr);
  EXPECT_THAT(message, HasSubstr("unknown key 'nesterov'"));
  EXPECT_EQ(read("~", message), nullptr);
  EXPECT_THAT(message, HasSubstr("expected an optimizer"));
}

TEST(OptimizerConfig, EveryKeyIsDocumented) {
  ErrorList errors;
  std::vector<KeyDoc> docs;
  for (const Kind<MakeOptimizer>& kind : built_in_training_kinds().optimizers.all()) {
    const std::string& name = kind.name;
    const size_t before = docs.size();
    make_optimizer(Node::string(name), {}, errors, &docs);
    EXPECT_GT(docs.size(), before + 5) << name;
  }
  EXPECT_TRUE(errors.empty());
  for (const KeyDoc& doc : docs) EXPECT_FALSE(doc.doc.empty()) << doc.section << "." << doc.key;
}

TEST(OrderedSum, AddsEveryTermOnce) {
  for (const int64_t count : {0, 1, 15, 16, 17, 100, 1000}) {
    EXPECT_EQ(ordered_sum(count, [](int64_t i) { return static_cast<double>(i); }),
              static_cast<double>(count * (count - 1) / 2))
        << count;
  }
}

}  // namespace optimizer_test
}  // namespace hgq
