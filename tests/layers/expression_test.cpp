// Formulas in x: values, slopes, what is refused and how.
#include "hgq/autograd/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <clocale>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <numbers>

#include "hgq/core/error.h"
#include "hgq/layers/hgq_file.h"
#include "layer_contract.h"

namespace hgq {
namespace expression_test {

using hgq::testing::LayerContract;
using ::testing::HasSubstr;

double value(const std::string& text, double x) { return parse_expression(text).value(x); }
double slope(const std::string& text, double x) {
  const ops::UnaryFunction f = parse_expression(text);
  return f.derivative(x, f.value(x));
}

std::string refusal(const std::string& text) {
  try {
    parse_expression(text);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "";
}

TEST(Expression, HasTheUsualPrecedence) {
  EXPECT_EQ(value("1+2*3", 0), 7);
  EXPECT_EQ(value("1-2-3", 0), -4);
  EXPECT_EQ(value("8/2/2", 0), 2);
  EXPECT_EQ(value("2^3^2", 0), 512);
  EXPECT_EQ(value("2**3**2", 0), 512);
  EXPECT_EQ(value("-x^2", 3), -9);
  EXPECT_EQ(value("+x*-1", 3), -3);
  EXPECT_EQ(value("2^-1", 0), 0.5);
  EXPECT_EQ(value("x > 0 ? x : 0.1*x", 2), 2);
  EXPECT_EQ(value("x > 0 ? x : 0.1*x", -2), -0.2);
  EXPECT_EQ(value("x < -1 ? -1 : x > 1 ? 1 : x", 5), 1);
  EXPECT_EQ(value("x < -1 ? -1 : x > 1 ? 1 : x", -5), -1);
  EXPECT_EQ(value("(x >= 1 && x <= 2 || x == 5) + (x != 5)", 5), 1);
  EXPECT_EQ(value(" .5e1 + 1E-1 +\t5.\n", 0), 10.1);
  EXPECT_EQ(parse_expression("  x*x ").name, "x*x");
}

TEST(Expression, FunctionsAreThoseOfTheCLibrary) {
  using F = double (*)(double);
  const std::map<std::string, F> functions{
      {"sin", std::sin},   {"cos", std::cos},     {"tan", std::tan},     {"asin", std::asin}, {"acos", std::acos},
      {"atan", std::atan}, {"sinh", std::sinh},   {"cosh", std::cosh},   {"tanh", std::tanh}, {"exp", std::exp},
      {"log", std::log},   {"expm1", std::expm1}, {"log1p", std::log1p}, {"log2", std::log2}, {"log10", std::log10},
      {"sqrt", std::sqrt}, {"abs", std::fabs},    {"floor", std::floor}, {"erf", std::erf}};
  for (const auto& [name, function] : functions) EXPECT_EQ(value(name + "(x)", 0.375), function(0.375)) << name;
  EXPECT_EQ(value("sign(x)", -3), -1);
  EXPECT_EQ(value("sigmoid(x)", 0), 0.5);
  EXPECT_EQ(value("relu(x)", -2), 0);
  EXPECT_EQ(value("pow(x, 3)", 2), 8);
  EXPECT_EQ(value("min(x, 1, -4)", 2), -4);
  EXPECT_EQ(value("max(x, 1, -4)", 2), 2);
  EXPECT_EQ(value("pi", 0), std::numbers::pi);
  EXPECT_EQ(value("log(e)", 0), 1);
  EXPECT_TRUE(std::isnan(value("max(x, sqrt(x))", -1)));
}

TEST(Expression, SlopesAreExact) {
  for (const std::string text : {"x*x",
                                 "sin(3*x)",
                                 "x > 0 ? x^3 : 0.1*x",
                                 "exp(-x^2)/2",
                                 "log(x^2+1)",
                                 "tanh(x)*erf(x)",
                                 "1/(2+sin(x))",
                                 "2^x",
                                 "pow(x*x+1, x)",
                                 "x^-2",
                                 "asin(x/9)+acos(x/9)*2",
                                 "atan(x)",
                                 "tan(x/5)",
                                 "sinh(x)-cosh(2*x)",
                                 "expm1(x)",
                                 "log1p(x*x)+log2(x*x)+log10(x*x)",
                                 "sqrt(x*x+1)",
                                 "abs(x-7)",
                                 "max(x, 0.3, -x)*min(2*x, 1)",
                                 "sigmoid(2*x)",
                                 "relu(x)*x",
                                 "+x - -x",
                                 "floor(9.25)*x",
                                 "(x > 1)*x"}) {
    const ops::UnaryFunction f = parse_expression(text);
    for (const double x : {-2.625, -0.71875, 0.40625, 1.59375}) {
      const double want = ops::numerical_derivative(f.value, x);
      EXPECT_NEAR(slope(text, x), want, 1e-8 * std::max(1.0, std::abs(want))) << text << " at " << x;
      float many[40];
      float slopes[40];
      std::vector<float> at(40, static_cast<float>(x));
      f.values(at, many);
      f.slopes(at, many, slopes);
      for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(many[i], static_cast<float>(f.value(x)));
        EXPECT_EQ(slopes[i], static_cast<float>(slope(text, x)));
      }
    }
  }
}

TEST(Expression, SlopesAtKinksAreTheMeanOfBothSides) {
  EXPECT_EQ(slope("abs(x)", 0), 0);
  EXPECT_EQ(slope("max(x, 0)", 0), 0.5);
  EXPECT_EQ(slope("min(x, -x)", 0), 0);
  EXPECT_EQ(slope("relu(x)", 0), 0);
  EXPECT_EQ(slope("sign(x)", 0), 0);
  EXPECT_EQ(slope("x > 0 ? x : 0", 0), 0);
  EXPECT_EQ(slope("sqrt(0) + x", 0), 1);
  EXPECT_EQ(slope("x^0", 0), 0);
  EXPECT_EQ(slope("x^2", 0), 0);
  EXPECT_EQ(slope("sqrt(x)", 0), std::numeric_limits<double>::infinity());
}

TEST(Expression, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_EQ(refusal("2 * sni(x)"), "unknown function 'sni' at character 5, did you mean 'sin'?");
  EXPECT_THAT(refusal("cube(x)"), HasSubstr("unknown function 'cube' at character 1; there are: sin, cos"));
  EXPECT_EQ(refusal("x*y"), "unknown variable 'y' at character 3; the variable is x, constants are pi and e");
  EXPECT_THAT(refusal("X*X"), HasSubstr("did you mean 'x'?"));
  EXPECT_THAT(refusal("sin + 1"), HasSubstr("'sin' at character 1 is a function, expected 'sin(...)'"));
  EXPECT_THAT(refusal("2*x(3)"), HasSubstr("'x' at character 3 is not a function"));
  EXPECT_THAT(refusal("x = 3"), HasSubstr("'=' at character 3 would set a value"));
  EXPECT_THAT(refusal("x => 3"), HasSubstr("'=' at character 3"));
  EXPECT_EQ(refusal("x,x"), "there are 2 formulas with ',' between, expected one");
  EXPECT_THAT(refusal("\"text\""), HasSubstr("unexpected '\"' at character 1"));
  EXPECT_THAT(refusal("x + \xC3\xA9"), HasSubstr("unexpected character at character 5"));
  EXPECT_THAT(refusal("x % 2"), HasSubstr("unexpected '%' at character 3"));
  EXPECT_THAT(refusal("2x"), HasSubstr("unexpected 'x' at character 2"));
  EXPECT_THAT(refusal("x +"), HasSubstr("ends where a value is expected"));
  EXPECT_THAT(refusal("sin(x"), HasSubstr("a ')' is missing"));
  EXPECT_THAT(refusal("x)"), HasSubstr("unexpected ')' at character 2"));
  EXPECT_THAT(refusal("sin(x, 2)"), HasSubstr("too many arguments for 'sin'"));
  EXPECT_THAT(refusal("pow(x)"), HasSubstr("too few arguments for 'pow'"));
  EXPECT_THAT(refusal("max()"), HasSubstr("too few arguments for 'max'"));
  EXPECT_THAT(refusal("x ? 1"), HasSubstr("a '?' has no ':'"));
  EXPECT_THAT(refusal("x : 1"), HasSubstr("has no '?'"));
  EXPECT_THAT(refusal(" "), HasSubstr("empty"));
  for (const char* const bad :
       {"1e999", "0x10", "1.5.2", "x;1", "x & 1", "x | 1", "! x", "()",      "(x, 1)", "sin x",
        "--x",   "* x",  "x x",   "_pi", "1e",    "?",     ":",   "x ? : 1", "max(,)", "x > > 1"})
    EXPECT_NE(refusal(bad), "") << bad;
}

TEST(Expression, WhatCouldExhaustTheProgramIsRefused) {
  EXPECT_THAT(refusal("x + " + std::string(1000, '1')), HasSubstr("has 1004 characters, at most 1000"));
  const auto nested = [](size_t n) { return std::string(n, '(') + "x" + std::string(n, ')'); };
  EXPECT_EQ(value(nested(50), 2), 2);
  EXPECT_THAT(refusal(nested(51)), HasSubstr("more than 50 nested parentheses at character 51"));
  std::string powers = "x";
  for (int i = 0; i < 200; ++i) powers += "^x";
  EXPECT_THAT(refusal(powers), HasSubstr("more than 64 operations depend on each other"));
  std::string many = "max(x";
  for (int i = 0; i < 400; ++i) many += ",x";
  EXPECT_THAT(refusal(many + ")"), HasSubstr("more than 64"));
  std::string sum = "x";
  for (int i = 0; i < 400; ++i) sum += "+x";
  EXPECT_EQ(value(sum, 1), 401);
  std::string choice;
  for (int i = 0; i < 150; ++i) choice += "x?x:";
  EXPECT_NE(refusal(choice + "x"), "");
}

TEST(Expression, HasADecimalPointInAnyLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  for (const char* const locale : {"de_DE.UTF-8", "fr_FR.UTF-8"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;  // not on this machine
    EXPECT_EQ(value("0.5 + 1.25e-1", 0), 0.625) << locale;
  }
  std::setlocale(LC_ALL, before.c_str());
  EXPECT_EQ(value("0.5 + 1.25e-1", 0), 0.625);
  EXPECT_NE(refusal("0,5"), "");
}

TEST(Expression, IsToldFromAName) {
  for (const char* const formula : {"x", " x ", "x*x", "sin(x)", "-x", "2.5"})
    EXPECT_TRUE(is_expression(formula)) << formula;
  for (const char* const name : {"", " ", "tanh", "my_function", "X"}) EXPECT_FALSE(is_expression(name)) << name;
}

TEST(HActivation, KeepsTheContractForFormulas) {
  for (const char* const formula : {"x*x", "sin(3*x)", "x > 0 ? x : 0.1*x"}) {
    EXPECT_LAYER_CONTRACT((LayerContract{
        .layer = HActivation(formula), .inputs = {Shape{3}}, .behind_quantizer = false, .value = 1e-2, .cut = 1e-3}));
  }
  EXPECT_LAYER_CONTRACT(
      (LayerContract{.layer = HActivation("x*x"), .inputs = {Shape{2, 3}}, .value = 1e-2, .cut = 1e-3}));
}

TEST(HActivation, AFormulaIsKnownToNeedATableAndNotToOpenInPythonAsItIs) {
  Model model = Sequential({HQuantize(), HActivation("sin(3*x)").name("wave"), HActivation("tanh")}, Shape{3});
  EXPECT_THAT(what_python_cannot_open(model),
              ::testing::ElementsAre(HasSubstr("custom_objects={'sin(3*x)': lambda x: ...}")));
  ProxyOptions options;
  options.unary_lut_max_table_size = -1;
  EXPECT_THAT(model.what_cannot_be_exported(options),
              ::testing::ElementsAre(
                  HasSubstr("layer 'wave' (HActivation): the function 'sin(3*x)' can only be exported as a table")));
  EXPECT_THAT(model.what_cannot_be_exported(), ::testing::IsEmpty());
}

TEST(HActivation, ANameThatIsUnknownKeepsItsMessageAndGetsAHint) {
  const auto error = [](const std::string& yaml) {
    ErrorList errors;
    LayerSpec layer = HActivation("x");
    layer.set("activation", yaml);
    const std::vector<LayerSpec> layers{Input("a", Shape{3}), layer};
    Model::make(layers, {}, errors);
    return errors.empty() ? std::string() : errors.messages().front();
  };
  EXPECT_THAT(error("tahn"), HasSubstr("unknown function 'tahn', did you mean 'tanh'?"));
  EXPECT_THAT(error("tahn"), HasSubstr("formulas in x, such as x*x"));
  EXPECT_THAT(error("{class_name: function, config: 'mine>bump'}"), HasSubstr("unknown function 'bump'"));
  EXPECT_THAT(error("mine>bump"), HasSubstr("unknown function 'bump'"));
  EXPECT_THAT(error("sin(y)"),
              HasSubstr("HActivation.activation: the formula 'sin(y)': unknown variable 'y' at character 5"));
  EXPECT_EQ(error("mine>tanh"), "");
  EXPECT_EQ(error("x>0.5"), "");
}

}  // namespace expression_test
}  // namespace hgq
