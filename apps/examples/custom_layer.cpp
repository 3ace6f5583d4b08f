// A layer and a loss of one's own, written as recorded operations: no backward pass by hand.
//
// y = (x w)^2 + b, fitted to a parabola with a loss that is the mean of the fourth power of the error.
#include <cstdio>

#include "hgq/hgq.h"

int main() {
  using namespace hgq;
  Parameter w("w", Shape{1, 1});
  Parameter b("b", Shape{1});
  w.value.fill(0.5F);
  Tape tape;
  const Var x = tape.input("x", Shape{1});
  const Var target = tape.input("target", Shape{1});
  const Var y = ops::add(ops::square(ops::matmul(x, tape.parameter(w))), tape.parameter(b));     // the layer
  tape.add_loss(ops::mean(ops::square(ops::square(ops::subtract(y, target)))), "fourth power");  // the loss

  Workers workers;
  Executor executor(tape, workers, {});
  Adam adam({.learning_rate = 1e-2});
  std::vector<Parameter*> parameters{&w, &b};
  Tensor xs(Shape{256, 1});
  Tensor ys(Shape{256, 1});
  for (int i = 0; i < 256; ++i) {
    xs.data()[i] = static_cast<float>(i) / 128.0F - 1.0F;
    ys.data()[i] = 2.25F * xs.data()[i] * xs.data()[i] - 0.5F;
  }
  const ConstTensorView inputs[2] = {xs.view(), ys.view()};
  for (uint64_t step = 0; step < 3000; ++step) {
    executor.forward(inputs, step);
    executor.backward();
    adam.update(parameters);
  }
  std::printf("loss %.2e  w %.3f (1.5)  b %.3f (-0.5)\n", static_cast<double>(executor.loss()),
              static_cast<double>(w.value.data()[0]), static_cast<double>(b.value.data()[0]));
  return executor.loss() < 1e-4F ? 0 : 1;
}
