#include "hgq/data/classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "data_files.h"
#include "hgq/data/binary_rows.h"
#include "hgq/data/csv.h"

namespace hgq {
namespace classes_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::unique_ptr<RowSource> numbers(const Shape& shape, const std::vector<float>& values) {
  return memory_rows("f:y", Tensor(shape, values));
}

std::unique_ptr<RowSource> numbers(const std::vector<float>& values) {
  return numbers(Shape{static_cast<int64_t>(values.size())}, values);
}

std::vector<float> encoded(const TargetEncoder& encoder, const RowSource& source) {
  std::vector<float> out(static_cast<size_t>(source.rows() * encoder.sample().size()), -1);
  encoder.encode(source, 0, source.rows(), out);
  return out;
}

/// Fits and encodes.
std::vector<float> encode(TargetKind kind, const Shape& output, const RowSource& source) {
  TargetEncoder encoder(kind, output, "out");
  encoder.fit(source);
  return encoded(encoder, source);
}

class Classes : public ::testing::Test {
 protected:
  std::unique_ptr<RowSource> texts(const std::string& lines) {
    const auto table = CsvTable::open(open_bytes(write_text(folder, "y.csv", lines)), {.header = false});
    return CsvTable::rows_of(table, {"0"}, true);
  }
  TemporaryFolder folder;
};

TEST_F(Classes, NumbersFromZeroAreClassNumbers) {
  TargetEncoder encoder(TargetKind::kClassNumbers, Shape{4}, "out");
  encoder.fit(*numbers({2, 0, 2, 1}));  // class 3 does not occur
  EXPECT_TRUE(encoder.classes().is_identity());
  EXPECT_EQ(encoder.classes().size(), 4);
  EXPECT_EQ(encoder.sample(), Shape{});
  EXPECT_THAT(encoded(encoder, *numbers({3, 0})), ElementsAre(3, 0));
  EXPECT_THAT(encode(TargetKind::kClassNumbers, Shape{4}, *numbers(Shape{2, 1}, {1, 0})), ElementsAre(1, 0));
}

TEST_F(Classes, NumbersFromElsewhereAreMappedInOrder) {
  TargetEncoder encoder(TargetKind::kClassNumbers, Shape{3}, "out");
  encoder.fit(*numbers({7, 1, 26, 1}));
  EXPECT_THAT(encoder.classes().names, ElementsAre("1", "7", "26"));
  EXPECT_THAT(encoder.classes().values, ElementsAre(1, 7, 26));
  EXPECT_FALSE(encoder.classes().is_identity());
  EXPECT_THAT(encoded(encoder, *numbers({26, 7})), ElementsAre(2, 1));
  EXPECT_THAT(encode(TargetKind::kClassNumbers, Shape{2}, *numbers({-1, 1})), ElementsAre(0, 1));
}

TEST_F(Classes, LabelsBeyondFloat32AndFloat64AreToldApart) {
  const auto labels = [](const std::vector<Label>& values) {
    return memory_rows("f:y", Shape{static_cast<int64_t>(values.size())}, values);
  };
  TargetEncoder ions(TargetKind::kClassNumbers, Shape{4}, "out");
  ions.fit(*labels({1000020040, 1000020030, 1000010020, 1000010030}));
  EXPECT_THAT(ions.classes().names, ElementsAre("1000010020", "1000010030", "1000020030", "1000020040"));
  EXPECT_THAT(encoded(ions, *labels({1000020040, 1000010020})), ElementsAre(3, 0));
  TargetEncoder large(TargetKind::kOneHot, Shape{3}, "out");
  large.fit(*labels({9007199254740993.0L, 9007199254740992.0L, 18446744073709551615.0L}));
  EXPECT_THAT(large.classes().names, ElementsAre("9007199254740992", "9007199254740993", "18446744073709551615"));
  EXPECT_THAT(encoded(large, *labels({9007199254740993.0L})), ElementsAre(0, 1, 0));
  EXPECT_EQ(label_of("18446744073709551615"), 18446744073709551615.0L);
  EXPECT_EQ(label_of("-9223372036854775808"), -9223372036854775808.0L);
  EXPECT_EQ(label_of("0.5"), 0.5L);
  EXPECT_EQ(label_of("gamma"), std::nullopt);
}

TEST_F(Classes, FewerLabelsThanOutputsAreMappedAsWell) {
  TargetEncoder encoder(TargetKind::kClassNumbers, Shape{4}, "out");
  encoder.fit(*numbers({1, 2, 3}));
  EXPECT_THAT(encoder.classes().names, ElementsAre("1", "2", "3"));
  EXPECT_THAT(encoded(encoder, *numbers({3, 1})), ElementsAre(2, 0));
}

TEST_F(Classes, TextsAreMappedInOrderAndTheMapServesOtherFiles) {
  TargetEncoder encoder(TargetKind::kOneHot, Shape{2}, "out");
  encoder.fit(*texts("hadron\ngamma\nhadron\n"));
  EXPECT_THAT(encoder.classes().names, ElementsAre("gamma", "hadron"));
  EXPECT_TRUE(encoder.classes().is_text());
  EXPECT_THAT(encoded(encoder, *texts("hadron\ngamma\n")), ElementsAre(0, 1, 1, 0));
  TargetEncoder other(TargetKind::kClassNumbers, Shape{2}, "out");
  other.use(encoder.classes());
  EXPECT_THAT(encoded(other, *texts("hadron\n")), ElementsAre(1));
}

TEST_F(Classes, OneHotRowsBecomeClassNumbersAndTheOtherWayRound) {
  const auto one_hot = numbers(Shape{2, 3}, {0, 0, 1, 1, 0, 0});
  EXPECT_THAT(encode(TargetKind::kClassNumbers, Shape{3}, *one_hot), ElementsAre(2, 0));
  EXPECT_THAT(encode(TargetKind::kOneHot, Shape{3}, *one_hot), ElementsAre(0, 0, 1, 1, 0, 0));
  EXPECT_THAT(encode(TargetKind::kOneHot, Shape{3}, *numbers({1, 0})), ElementsAre(0, 1, 0, 1, 0, 0));
  // Probabilities are targets of the categorical cross-entropy too.
  EXPECT_THAT(encode(TargetKind::kOneHot, Shape{2}, *numbers(Shape{1, 2}, {0.25F, 0.75F})), ElementsAre(0.25F, 0.75F));
}

TEST_F(Classes, LabelsOfSequences) {
  const auto steps = numbers(Shape{2, 3}, {0, 1, 2, 2, 1, 0});
  TargetEncoder encoder(TargetKind::kClassNumbers, Shape{3, 3}, "out");
  encoder.fit(*steps);
  EXPECT_EQ(encoder.sample(), Shape{3});
  EXPECT_THAT(encoded(encoder, *steps), ElementsAre(0, 1, 2, 2, 1, 0));
}

TEST_F(Classes, BinaryTargets) {
  EXPECT_THAT(encode(TargetKind::kBinary, Shape{1}, *numbers({0, 1, 0.5F})), ElementsAre(0, 1, 0.5F));
  EXPECT_THAT(encode(TargetKind::kBinary, Shape{1}, *numbers({1, -1, 1})), ElementsAre(1, 0, 1));
  EXPECT_THAT(encode(TargetKind::kBinary, Shape{1}, *numbers({1, 2})), ElementsAre(0, 1));
  EXPECT_THAT(encode(TargetKind::kBinary, Shape{1}, *texts("no\nyes\nno\n")), ElementsAre(0, 1, 0));
  EXPECT_THAT(encode(TargetKind::kBinary, Shape{3}, *numbers(Shape{1, 3}, {1, 0, 1})), ElementsAre(1, 0, 1));
}

TEST_F(Classes, ARegressionIsNeverMapped) {
  EXPECT_THAT(encode(TargetKind::kNumbers, Shape{1}, *numbers({1, 2, 2})), ElementsAre(1, 2, 2));
  EXPECT_THAT(encode(TargetKind::kNumbers, Shape{2}, *numbers(Shape{1, 2}, {-3, 5})), ElementsAre(-3, 5));
}

TEST_F(Classes, LabelsOutOfRangeAreNamedWithTheirRow) {
  const auto message = [](TargetKind kind, const Shape& output, const RowSource& source) {
    return message_of([&] { encode(kind, output, source); });
  };
  EXPECT_THAT(message(TargetKind::kClassNumbers, Shape{5}, *numbers({0, 1, 7, 4})),
              HasSubstr("f:y: holds the label 7 in row 2 (from 0), but output 'out' has the classes 0 to 4"));
  EXPECT_THAT(message(TargetKind::kBinary, Shape{1}, *numbers({0, 1, 2})),
              HasSubstr("holds the label 2 in row 2 (from 0), but output 'out' has the classes 0 to 1"));
  EXPECT_THAT(message(TargetKind::kClassNumbers, Shape{3}, *numbers({-1, 0, 1, 2})),
              HasSubstr("has 4 classes (-1, 0, 1, 2), but the model's output 'out' has 3"));
  EXPECT_THAT(message(TargetKind::kBinary, Shape{1}, *numbers({1, 2, 3})),
              HasSubstr("has 3 classes (1, 2, 3), but the model's output 'out' tells 2 apart"));
  EXPECT_THAT(message(TargetKind::kClassNumbers, Shape{3}, *numbers({0, 1.5F})),
              HasSubstr("holds 1.5 in row 1 (from 0), expected a class number"));
  EXPECT_THAT(message(TargetKind::kClassNumbers, Shape{2}, *texts("a\nb\nc\n")),
              HasSubstr("has 3 classes (a, b, c), but the model's output 'out' has 2"));
  EXPECT_THAT(message(TargetKind::kOneHot, Shape{2}, *numbers(Shape{2, 2}, {0, 1, 2, 0})),
              HasSubstr("holds 2 in row 1 (from 0), expected a one-hot row"));
  EXPECT_THAT(message(TargetKind::kClassNumbers, Shape{2}, *numbers(Shape{2, 2}, {0, 1, 1, 1})),
              HasSubstr("row 1 (from 0) is not one-hot"));
}

TEST_F(Classes, LabelsThatTheTrainingRowsDoNotHave) {
  TargetEncoder text(TargetKind::kClassNumbers, Shape{2}, "out");
  text.fit(*texts("gamma\nhadron\n"));
  EXPECT_THAT(message_of([&] { encoded(text, *texts("gamma\nmuon\n")); }),
              HasSubstr("holds the label 'muon' in line 2, but output 'out' has the classes gamma, hadron"));
  EXPECT_THAT(message_of([&] { encoded(text, *numbers({0})); }),
              HasSubstr("holds numbers, but output 'out' has the classes gamma, hadron"));
  TargetEncoder number(TargetKind::kClassNumbers, Shape{2}, "out");
  number.fit(*numbers({0, 1}));
  EXPECT_THAT(message_of([&] {
                encoded(number, *numbers({1, -1}));
              }),
              HasSubstr("holds the label -1 in row 1 (from 0)"));
  EXPECT_THAT(message_of([&] { encoded(number, *texts("gamma\n")); }),
              HasSubstr("holds text, but output 'out' has the classes 0, 1"));
}

TEST_F(Classes, ShapesThatDoNotFitNameBoth) {
  const auto message = [](TargetKind kind, const Shape& output, const RowSource& source) {
    return message_of([&] { encode(kind, output, source); });
  };
  EXPECT_THAT(message(TargetKind::kNumbers, Shape{1}, *numbers(Shape{1, 3}, {1, 2, 3})),
              HasSubstr("has rows of shape [3], but the model's output 'out' has the shape [1]"));
  EXPECT_THAT(message(TargetKind::kClassNumbers, Shape{5}, *numbers(Shape{1, 3}, {0, 0, 1})),
              AllOf(HasSubstr("has rows of shape [3]"),
                    HasSubstr("of 5 classes takes class numbers of shape [], or one-hot rows of shape [5]")));
  EXPECT_THAT(message(TargetKind::kNumbers, Shape{1}, *texts("a\n")),
              HasSubstr("holds text, but the loss on output 'out' takes numbers"));
  EXPECT_THAT(message(TargetKind::kClassNumbers, Shape{2}, *numbers({0, NAN})),
              HasSubstr("holds 1 NaN value, the first in row 1"));
}

}  // namespace classes_test
}  // namespace hgq
