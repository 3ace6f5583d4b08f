// Which of several models is built: the front, the best within bounds, and the file in which a run keeps them.
#include "hgq/deploy/choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/core/rng.h"
#include "hgq/deploy/candidate_file.h"

namespace hgq {
namespace choice_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Candidate made(const std::string& file, double accuracy, double luts, double bops = 100) {
  Candidate candidate;
  candidate.run = "runs/a";
  candidate.file = file;
  candidate.validation.set("accuracy", accuracy);
  candidate.test.set("accuracy", accuracy - 0.01);
  candidate.exact_bops = bops;
  candidate.circuit.emplace();
  candidate.circuit->luts = luts;
  candidate.circuit->clocks = 3;
  candidate.circuit->ffs = 10;
  candidate.circuit->latency_ns = 15;
  return candidate;
}

TEST(Choice, IsTheBestWithinTheBounds) {
  const std::vector<Candidate> all{made("a", 0.8, 500), made("b", 0.9, 3001), made("c", 0.85, 3000),
                                   made("d", 0.7, 10)};
  const auto chosen = [&](std::vector<Bound> bounds) {
    return choose(all, {.best = "val_accuracy", .bounds = bounds});
  };
  EXPECT_EQ(chosen({}).index, 1U);
  const Choice small = chosen({Bound::from("luts=3000", false)});
  EXPECT_EQ(small.index, 2U);
  EXPECT_EQ(small.within, 3U);
  EXPECT_EQ(chosen({Bound::from("luts=3000", false), Bound::from("luts=499", false)}).index, 3U);
  EXPECT_EQ(chosen({Bound::from("luts=3001", true)}).index, 1U);
  EXPECT_EQ(choose(all, {.best = "luts", .bounds = {}}).index, 3U);
  EXPECT_EQ(choose(all, {.best = "max:luts", .bounds = {}}).index, 1U);
}

TEST(Choice, OfEqualModelsIsTheSmallestThenTheFirst) {
  const std::vector<Candidate> all{made("a", 0.8, 500), made("b", 0.8, 400, 90), made("c", 0.8, 400, 80),
                                   made("d", 0.8, 400, 80)};
  EXPECT_EQ(choose(all, {}).index, 2U);
}

TEST(Choice, NeverTakesWhatCannotBeBuiltOrIsNotKnown) {
  std::vector<Candidate> all{made("a", 0.99, 5), made("b", 0.98, 5), made("c", 0.97, 5), made("d", 0.8, 50)};
  all[0].refused = "no counterpart";
  all[1].wrong = "12 rows differ";
  all[2].validation.set("accuracy", std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(choose(all, {}).index, 3U);
  EXPECT_THAT(front_of(all, {Aim::from("val_accuracy"), Aim::from("luts")}), ElementsAre(3U));
  all[3].circuit.reset();
  EXPECT_THROW(choose(all, {.best = "val_accuracy", .bounds = {Bound::from("luts=100", false)}}), ConfigError);
  EXPECT_EQ(choose(all, {}).index, 3U);
}

TEST(Choice, SaysWhatIsWrong) {
  const std::vector<Candidate> all{made("a", 0.8, 500), made("b", 0.9, 3001)};
  const auto message = [&](const std::string& best, const std::string& bound) {
    return [&all, best, bound] { choose(all, {.best = best, .bounds = {Bound::from(bound, false)}}); };
  };
  EXPECT_THAT(message("test_accuracy", "luts=1"),
              ThrowsMessage<ConfigError>(AllOf(HasSubstr("test rows"), HasSubstr("val_accuracy"))));
  EXPECT_THAT(message("val_accuracy", "test_accuracy=1"), ThrowsMessage<ConfigError>(HasSubstr("test rows")));
  EXPECT_THAT(message("val_acuracy", "luts=1"), ThrowsMessage<ConfigError>(HasSubstr("did you mean 'val_accuracy'")));
  EXPECT_THAT(message("val_accuracy", "bops=1"), ThrowsMessage<ConfigError>(HasSubstr("exact_bops")));
  EXPECT_THAT(message("val_accuracy", "luts=300"),
              ThrowsMessage<ConfigError>(HasSubstr("luts <= 300 (the nearest is 500: runs/a/a)")));
  std::vector<Candidate> verified = all;
  verified[0].rows = verified[1].rows = 10;
  EXPECT_THROW(choose(verified, {.best = "overflow_share", .bounds = {}}), ConfigError);  // of the test rows
  for (Candidate& candidate : verified) candidate.test.clear();
  EXPECT_EQ(choose(verified, {.best = "overflow_share", .bounds = {}}).index, 0U);
  EXPECT_THROW(choose({}, {}), ConfigError);
  for (const char* const text : {"luts", "luts=", "=3", "luts=3x", "luts=nan", "luts=inf", ""})
    EXPECT_THROW(Bound::from(text, false), ConfigError) << text;
  EXPECT_THROW(Aim::from("most:luts"), ConfigError);
}

TEST(Front, IsWhatNoOtherModelBeats) {
  const std::vector<Aim> aims{Aim::from("val_accuracy"), Aim::from("luts"), Aim::from("exact_bops")};
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::vector<Candidate> all;
    const auto draw = [&](uint64_t c, uint64_t d) { return static_cast<double>(random_bits(seed, 1, c, d) % 5); };
    for (uint64_t c = 0; c < 30; ++c) all.push_back(made("m", draw(c, 0), draw(c, 1), draw(c, 2)));
    const auto numbers = [&](size_t c) {
      return std::array{-*all[c].value("val_accuracy"), *all[c].value("luts"), *all[c].value("exact_bops")};
    };
    std::vector<size_t> expected;
    for (size_t c = 0; c < all.size(); ++c) {
      bool beaten = false;
      for (size_t o = 0; o < all.size(); ++o) {
        const auto a = numbers(o);
        const auto b = numbers(c);
        const bool no_worse = a[0] <= b[0] && a[1] <= b[1] && a[2] <= b[2];
        beaten = beaten || (no_worse && (a != b || o < c));
      }
      if (!beaten) expected.push_back(c);
    }
    std::vector<size_t> front = front_of(all, aims);
    EXPECT_TRUE(std::ranges::is_sorted(front, {}, [&](size_t c) { return numbers(c); }));
    std::ranges::sort(front);
    EXPECT_EQ(front, expected) << seed;
  }
}

TEST(Front, DirectionsFollowTheNames) {
  for (const char* const name :
       {"val_accuracy", "val_auc", "val_out_precision", "val_recall", "val_f1_score", "val_top_k_categorical_accuracy"})
    EXPECT_TRUE(Aim::from(name).largest) << name;
  for (const char* const name : {"val_loss", "luts", "latency_ns", "exact_bops", "val_mae"})
    EXPECT_FALSE(Aim::from(name).largest) << name;
  EXPECT_TRUE(Aim::from("max:val_r2").largest);
  EXPECT_EQ(Aim::from("max:val_r2").name, "val_r2");
}

TEST(CandidateFile, GivesBackWhatWasWritten) {
  Candidate candidate = made("pareto/epoch_0003.h5", 0.1 + 0.2, 1e-3);
  candidate.epoch = 3;
  candidate.validation.set("loss", std::numeric_limits<double>::infinity());
  candidate.train.set("mae", -0.0);
  candidate.rows = 100;
  candidate.rows_with_overflow = 7;
  candidate.no_circuit = "too, \"wide\"\nhere";
  const nlohmann::json json = nlohmann::json::parse(to_json(candidate).dump());
  const Candidate again = candidate_from(json, "test");
  EXPECT_EQ(again.values(), candidate.values());
  EXPECT_EQ(again.no_circuit, candidate.no_circuit);
  EXPECT_EQ(to_json(again), to_json(candidate));
  candidate.circuit.reset();
  candidate.exact_bops.reset();
  EXPECT_EQ(candidate_from(to_json(candidate), "test").values(), candidate.values());
  nlohmann::json damaged = to_json(candidate);
  damaged["rows"] = -1;
  EXPECT_THROW(candidate_from(damaged, "test"), FileError);
  damaged.erase("rows");
  EXPECT_THROW(candidate_from(damaged, "test"), FileError);
}

TEST(CandidateFile, TheTableHasEveryNumberThatAnyModelHas) {
  std::vector<Candidate> all{made("a", 0.5, 7), made("b", 0.25, 9)};
  all[1].circuit.reset();
  all[1].no_circuit = "a, \"b\"";
  const std::string csv = candidates_csv(all, {0});
  EXPECT_EQ(csv,
            "run,file,epoch,on_front,usable,val_accuracy,test_accuracy,exact_bops,luts,adders,path_ns,ffs,clocks,"
            "latency_ns,message\n"
            "runs/a,a,0,1,1,0.5,0.49,100,7,0,0,10,3,15,\n"
            "runs/a,b,0,0,1,0.25,0.24,100,,,,,,,\"no circuit: a, \"\"b\"\"\"\n");
}

}  // namespace choice_test
}  // namespace hgq
