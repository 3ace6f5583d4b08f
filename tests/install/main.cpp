// Another project that uses an installed hgq: a product of two matrices, on a team of threads, and a
// layer whose function is a formula (a library that only hgq itself knows).
#include <cstdio>
#include <vector>

#include "hgq/core/dnnl.h"
#include "hgq/core/parallel.h"
#include "hgq/core/tensor.h"
#include "hgq/layers/model.h"

int main() {
  hgq::Tensor x(hgq::Shape{3, 4});
  hgq::Tensor kernel(hgq::Shape{4, 5});
  hgq::Tensor z(hgq::Shape{3, 5});
  x.fill(2.0F);
  kernel.fill(0.5F);
  const hgq::Matmul matmul({.m = 1, .k = 4, .n = 5});
  hgq::Workers workers(2);
  workers.run(3, [&](int64_t row, int) { matmul.run(x.data() + row * 4, kernel.data(), z.data() + row * 5); });
  for (const float value : z.values()) {
    if (value != 4.0F) return 1;
  }
  const hgq::Model model = hgq::Sequential({hgq::HQuantize(), hgq::HActivation("x*x").name("f")}, hgq::Shape{4});
  if (model.find("f")->output_function() != "x*x") return 1;
  std::printf("%s by %s\n", to_string(z.shape()).c_str(), hgq::matmul_library().c_str());
  return 0;
}
