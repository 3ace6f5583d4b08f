// Functions of HActivation: Keras' own, and those of the program's, with values, slopes, or on the tape.
#include "hgq/autograd/activations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "hgq/core/error.h"
#include "hgq/layers/hgq_file.h"
#include "hgq/layers/predict.h"
#include "layer_contract.h"

namespace hgq {
namespace activations_test {

using hgq::testing::LayerContract;
using ::testing::HasSubstr;

const std::vector<float> kX{-90.0F, -20.0F, -6.5F, -3.0F, -2.5F, -1.25F, -0.7F, -0.1F, -1e-3F, -1e-6F,
                            0.0F,   1e-6F,  1e-3F, 0.1F,  0.7F,  1.25F,  2.5F,  3.0F,  6.5F,   20.0F};

// From Keras 2.15 on TensorFlow 2.15, by:
//
//   import numpy as np, tensorflow as tf
//   x = np.array([-90, -20, -6.5, -3, -2.5, -1.25, -0.7, -0.1, -1e-3, -1e-6,
//                 0, 1e-6, 1e-3, 0.1, 0.7, 1.25, 2.5, 3, 6.5, 20], np.float32)
//   for n in ('elu exponential gelu hard_sigmoid leaky_relu linear mish relu relu6 selu sigmoid silu softplus '
//             'softsign swish tanh softmax log_softmax').split():
//       a = x.reshape(5, 4) if 'softmax' in n else x
//       y = np.asarray(tf.keras.activations.get(n)(tf.constant(a))).ravel()
//       print('{"%s", {%s}},' % (n, ', '.join('%.9g' % v for v in y)))
const std::map<std::string, std::vector<float>> kKeras{
    {"elu",
     {-1.0F,
      -1.0F,
      -0.998496532F,
      -0.950212955F,
      -0.917914987F,
      -0.713495195F,
      -0.50341469F,
      -0.0951626301F,
      -0.000999510288F,
      -1.01327896e-06F,
      0.0F,
      9.99999997e-07F,
      0.00100000005F,
      0.100000001F,
      0.699999988F,
      1.25F,
      2.5F,
      3.0F,
      6.5F,
      20.0F}},
    {"exponential",
     {0.0F,        2.06115369e-09F, 0.00150343927F, 0.0497870706F, 0.0820849985F, 0.286504805F, 0.49658531F,
      0.90483737F, 0.99900049F,     0.999998987F,   1.0F,          1.00000095F,   1.00100052F,  1.10517097F,
      2.0137527F,  3.49034286F,     12.1824942F,    20.085537F,    665.141663F,   485165184.0F}},
    {"gelu",
     {-0.0F,
      -0.0F,
      -0.0F,
      -0.00404968858F,
      -0.0155241787F,
      -0.132062256F,
      -0.169374555F,
      -0.0460172184F,
      -0.000499601068F,
      -4.99999601e-07F,
      0.0F,
      5.00000397e-07F,
      0.000500398979F,
      0.0539827831F,
      0.530625463F,
      1.11793768F,
      2.48447585F,
      2.99595022F,
      6.5F,
      20.0F}},
    {"hard_sigmoid", {0.0F,         0.0F,         0.0F,         0.0F, 0.0F,         0.25F,        0.360000014F,
                      0.479999989F, 0.499799997F, 0.499999791F, 0.5F, 0.500000179F, 0.500199974F, 0.519999981F,
                      0.639999986F, 0.75F,        1.0F,         1.0F, 1.0F,         1.0F}},
    {"leaky_relu",
     {-18.0F,
      -4.0F,
      -1.30000007F,
      -0.600000024F,
      -0.5F,
      -0.25F,
      -0.140000001F,
      -0.0200000014F,
      -0.000200000009F,
      -2.00000002e-07F,
      0.0F,
      9.99999997e-07F,
      0.00100000005F,
      0.100000001F,
      0.699999988F,
      1.25F,
      2.5F,
      3.0F,
      6.5F,
      20.0F}},
    {"linear",
     {-90.0F,
      -20.0F,
      -6.5F,
      -3.0F,
      -2.5F,
      -1.25F,
      -0.699999988F,
      -0.100000001F,
      -0.00100000005F,
      -9.99999997e-07F,
      0.0F,
      9.99999997e-07F,
      0.00100000005F,
      0.100000001F,
      0.699999988F,
      1.25F,
      2.5F,
      3.0F,
      6.5F,
      20.0F}},
    {"mish", {-0.0F,         -4.12230747e-08F, -0.00976500753F, -0.145647451F,    -0.196816191F,
              -0.308413953F, -0.267870188F,    -0.0567885749F,  -0.000599680003F, -5.9999968e-07F,
              0.0F,          6.00000362e-07F,  0.000600319996F, 0.0631794184F,    0.561148405F,
              1.13187027F,   2.47139239F,      2.98653507F,     6.49997187F,      20.0F}},
    {"relu",
     {0.0F,           0.0F,         0.0F,         0.0F,  0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 9.99999997e-07F,
      0.00100000005F, 0.100000001F, 0.699999988F, 1.25F, 2.5F, 3.0F, 6.5F, 20.0F}},
    {"relu6",
     {0.0F,           0.0F,         0.0F,         0.0F,  0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 0.0F, 9.99999997e-07F,
      0.00100000005F, 0.100000001F, 0.699999988F, 1.25F, 2.5F, 3.0F, 6.0F, 6.0F}},
    {"selu",
     {-1.75809932F, -1.75809932F,    -1.75545609F,     -1.6705687F, -1.61378574F,    -1.25439537F,   -0.885053039F,
      -0.16730535F, -0.00175723841F, -1.78144501e-06F, 0.0F,        1.05070103e-06F, 0.00105070102F, 0.105070107F,
      0.73549068F,  1.31337631F,     2.62675261F,      3.15210295F, 6.82955647F,     21.0140209F}},
    {"sigmoid",
     {0.0F,         2.06115369e-09F, 0.00150118233F, 0.0474258773F, 0.0758581758F, 0.222700149F, 0.331812203F,
      0.475020796F, 0.499749988F,    0.499999732F,   0.5F,          0.500000238F,  0.500250041F, 0.524979174F,
      0.668187797F, 0.777299821F,    0.924141824F,   0.952574134F,  0.998498797F,  1.0F}},
    {"silu", {-0.0F,         -4.12230747e-08F, -0.00975768548F, -0.142277628F,    -0.189645439F,
              -0.278375179F, -0.232268542F,    -0.0475020818F,  -0.000499750022F, -4.99999715e-07F,
              0.0F,          5.00000226e-07F,  0.000500250084F, 0.0524979196F,    0.467731446F,
              0.971624792F,  2.31035447F,      2.85772228F,     6.490242F,        20.0F}},
    {"softplus",
     {0.0F,         2.06115369e-09F, 0.00150231016F, 0.0485873558F, 0.0788897425F, 0.251929104F, 0.403186023F,
      0.644396663F, 0.692647278F,    0.693146646F,   0.693147182F,  0.693147659F,  0.693647325F, 0.744396687F,
      1.10318601F,  1.50192904F,     2.57888985F,    3.04858732F,   6.50150251F,   20.0F}},
    {"softsign",
     {-0.98901099F,   -0.952380955F,    -0.866666675F,    -0.75F, -0.714285731F,   -0.555555582F,   -0.411764681F,
      -0.0909090936F, -0.000999000971F, -9.99999088e-07F, 0.0F,   9.99999088e-07F, 0.000999000971F, 0.0909090936F,
      0.411764681F,   0.555555582F,     0.714285731F,     0.75F,  0.866666675F,    0.952380955F}},
    {"swish", {-0.0F,         -4.12230747e-08F, -0.00975768548F, -0.142277628F,    -0.189645439F,
               -0.278375179F, -0.232268542F,    -0.0475020818F,  -0.000499750022F, -4.99999715e-07F,
               0.0F,          5.00000226e-07F,  0.000500250084F, 0.0524979196F,    0.467731446F,
               0.971624792F,  2.31035447F,      2.85772228F,     6.490242F,        20.0F}},
    {"tanh", {-1.0F,         -1.0F,           -0.99999547F,    -0.995054722F,    -0.986614287F,
              -0.848283708F, -0.604367793F,   -0.0996679887F,  -0.000999999582F, -9.99999997e-07F,
              0.0F,          9.99999997e-07F, 0.000999999582F, 0.0996679887F,    0.604367793F,
              0.848283708F,  0.986614287F,    0.995054722F,    0.99999547F,      1.0F}},
    {"softmax",
     {0.0F,         4.01858706e-08F, 0.0293122306F,  0.970687747F,    0.0463753715F,   0.161865979F, 0.280554652F,
      0.511203945F, 0.249812573F,    0.250062257F,   0.250062495F,    0.250062764F,    0.131532907F, 0.145221055F,
      0.264609993F, 0.458636075F,    2.5109955e-08F, 4.13993178e-08F, 1.37095719e-06F, 0.999998569F}},
    {"log_softmax",
     {-87.029747F,   -17.0297508F,  -3.52975035F, -0.0297504161F, -3.07098675F, -1.82098663F,    -1.27098656F,
      -0.670986652F, -1.38704443F,  -1.38604546F, -1.38604438F,   -1.38604343F, -2.02849817F,    -1.9294982F,
      -1.32949829F,  -0.779498219F, -17.5000019F, -17.0000019F,   -13.500001F,  -1.43051045e-06F}},
};

/// What a function makes of numbers; softmax and its logarithm of rows of 4.
std::vector<float> computed(const std::string& function, const std::vector<float>& x) {
  Tape tape;
  Workers workers(1);
  const bool rows = function.ends_with("softmax");
  const Var in = tape.input("x", Shape{rows ? 4 : 1});
  Var y;
  if (function == "linear") y = ops::scale(in, 1.0F);
  if (function == "relu") y = ops::relu(in);
  if (function == "softmax") y = ops::softmax(in);
  if (function == "log_softmax") y = ops::log_softmax(in);
  if (!y.valid()) y = ops::unary(in, FunctionTable().find(function));
  tape.keep(y);
  Executor executor(tape, workers, {.gradients = false});
  const auto count = static_cast<int64_t>(x.size());
  const ConstTensorView view{x.data(), rows ? Shape{count / 4, 4} : Shape{count, 1}};
  executor.forward({&view, 1});
  const auto values = executor.rows_of(y).values();
  return {values.begin(), values.end()};
}

/// Steps of float32 between two numbers.
double ulps(float a, float b) {
  const float larger = std::max({std::abs(a), std::abs(b), std::numeric_limits<float>::min()});
  return std::abs(static_cast<double>(a) - static_cast<double>(b)) /
         static_cast<double>(std::nextafter(larger, std::numeric_limits<float>::infinity()) - larger);
}

// Ours are the float32 next to the exact value. Keras adds to 1 or takes from it in float32 (elu, selu, gelu,
// log_softmax, mish), where all below 2^-24 is lost, and makes the smallest results 0: 2 steps of the value or 2^-23.
TEST(Activation, ValuesAreThoseOfKeras) {
  for (const auto& [name, want] : kKeras) {
    const std::vector<float> got = computed(name, kX);
    ASSERT_EQ(got.size(), want.size()) << name;
    for (size_t i = 0; i < got.size(); ++i) {
      if (std::abs(got[i] - want[i]) <= 0x1p-23F) continue;
      EXPECT_LE(ulps(got[i], want[i]), 2.0) << name << "(" << kX[i] << ") = " << got[i] << ", Keras: " << want[i];
    }
  }
}

TEST(Activation, ValuesAreTheNearestFloats) {
  for (const std::string& name : FunctionTable().names()) {
    const std::vector<float> got = computed(name, kX);
    const auto f = FunctionTable().find(name);
    for (size_t i = 0; i < got.size(); ++i)
      EXPECT_LE(ulps(got[i], static_cast<float>(f->value(static_cast<double>(kX[i])))), 1.0) << name << " " << kX[i];
  }
}

TEST(NumericalDerivative, IsGoodToNineDigitsForSmoothFunctions) {
  const auto near = [](double got, double want) { EXPECT_NEAR(got, want, 1e-9 * std::abs(want)); };
  for (const double x : {-30.0, -2.5, -0.125, 1e-8, 0.3, 1.0, 7.75, 100.0}) {
    near(ops::numerical_derivative([](double v) { return std::sin(v); }, x), std::cos(x));
    near(ops::numerical_derivative([](double v) { return std::exp(v); }, x), std::exp(x));
    near(ops::numerical_derivative([](double v) { return v * v * v + v; }, x), 3 * x * x + 1);
    near(ops::numerical_derivative([](double v) { return std::sin(30 * v); }, x), 30 * std::cos(30 * x));
    near(ops::numerical_derivative([](double v) { return 3 * v; }, x), 3);
    EXPECT_EQ(ops::numerical_derivative([](double) { return 5.0; }, x), 0);
  }
  near(ops::numerical_derivative([](double v) { return std::log(v); }, 1e-2), 100);
}

TEST(NumericalDerivative, TakesTheMeanOfBothSidesOfAKinkAndNoJump) {
  const auto relu = [](double v) { return std::max(v, 0.0); };
  EXPECT_EQ(ops::numerical_derivative([](double v) { return std::abs(v); }, 0), 0);
  EXPECT_DOUBLE_EQ(ops::numerical_derivative(relu, 0), 0.5);
  EXPECT_NEAR(ops::numerical_derivative(relu, 1.0 / 4096), 1, 1e-9);
  EXPECT_NEAR(ops::numerical_derivative(relu, -1.0 / 4096), 0, 1e-9);
  EXPECT_EQ(ops::numerical_derivative([](double v) { return std::floor(v); }, 3), 0);
  EXPECT_TRUE(std::isnan(ops::numerical_derivative([](double v) { return std::sqrt(v); }, -1)));
}

LayerSpec cube_by_values() {
  return HActivation({"cube", [](double x) { return x * x * x; }});
}
LayerSpec cube_with_slope() {
  return HActivation({"cube", [](double x) { return x * x * x; }, [](double x, double) { return 3 * x * x; }});
}
LayerSpec cube_by_the_tape() {
  return HActivation({"cube", [](Var x) { return ops::multiply(x, ops::square(x)); }});
}

TEST(Activation, OfTheProgramsOwnKeepsTheContract) {
  auto functions = std::make_shared<FunctionTable>();
  functions->add({"cube", [](double x) { return x * x * x; }});
  for (const LayerSpec& layer : {cube_by_values(), cube_with_slope()}) {
    EXPECT_LAYER_CONTRACT((LayerContract{.layer = layer, .inputs = {Shape{2, 3}}, .functions = functions}));
    EXPECT_LAYER_CONTRACT(
        (LayerContract{.layer = layer, .inputs = {Shape{3}}, .behind_quantizer = false, .functions = functions}));
  }
  functions->add({"cube", [](Var x) { return ops::multiply(x, ops::square(x)); }});
  EXPECT_LAYER_CONTRACT((LayerContract{.layer = cube_by_the_tape(), .inputs = {Shape{2, 3}}, .functions = functions}));
}

TEST(Activation, OfTheTapeHasValuesOfSinglePoints) {
  const ops::UnaryFunction cube = to_unary({"cube", [](Var x) { return ops::multiply(x, ops::square(x)); }});
  for (const double x : {-2.0, -0.5, 0.0, 1.5, 3.0}) EXPECT_EQ(cube.value(x), x * x * x);
  const ops::UnaryFunction same = to_unary({"same", [](Var x) { return x; }});
  EXPECT_EQ(same.value(0.75), 0.75);
}

TEST(Activation, OfTheProgramsOwnIsFoundByNameWhenAFileIsRead) {
  const std::string path = ::testing::TempDir() + "own_function.h5";
  Model model = Sequential({HQuantize(), cube_by_values().name("c")}, Shape{3});
  save_model(model, path);
  LayerDefaults defaults;
  auto functions = std::make_shared<FunctionTable>();
  functions->add({"cube", [](double x) { return x * x * x; }});
  defaults.functions = functions;
  const Model again = load_model(path, {}, defaults);
  EXPECT_EQ(again.find("c")->output_function(), "cube");
  EXPECT_THAT([&] { load_model(path); },
              ::testing::ThrowsMessage<FileError>(HasSubstr("unknown function 'cube'; known are ")));
  std::filesystem::remove(path);
}

TEST(Activation, WithoutValuesOrWithAShapeOfItsOwnIsRefused) {
  EXPECT_THROW(Sequential({HQuantize(), HActivation(ops::UnaryFunction{.name = "f"})}, Shape{3}), ConfigError);
  EXPECT_THROW(Sequential({HQuantize(), HActivation({"softmax", [](double x) { return x; }})}, Shape{3}), ConfigError);
  EXPECT_THROW(FunctionTable().add(ops::UnaryFunction{.name = "f"}), ConfigError);
  EXPECT_THROW(to_unary({"f", {}}), ConfigError);
  Model model =
      Sequential({HQuantize(), HActivation({"flat", [](Var x) { return ops::reshape(x, Shape{x.shape().size()}); }})},
                 Shape{2, 3});
  Tape tape;
  EXPECT_THAT([&] { model.record(tape, Mode::kTrain); },
              ::testing::ThrowsMessage<ShapeError>(HasSubstr("the function 'flat' makes values of shape [6]")));
}

TEST(Activation, SiluIsKerasSwish) {
  const Model model = Sequential({HQuantize(), HActivation("silu").name("s")}, Shape{3});
  EXPECT_EQ(model.find("s")->output_function(), "swish");
}

}  // namespace activations_test
}  // namespace hgq
