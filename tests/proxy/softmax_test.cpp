// Softmax from tables. The numbers are those of hls4ml 1.3.0's C simulation (tools/to_hls4ml.py) on rows of the model
// softmax_out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"
#include "hgq/deploy/files.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/softmax_tables.h"
#include "proxy_test_support.h"

namespace hgq {
namespace softmax_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> row_of(const std::vector<float>& y, size_t row) {
  return {y.begin() + static_cast<int64_t>(3 * row), y.begin() + static_cast<int64_t>(3 * row + 3)};
}

TEST(SoftmaxTables, GiveTheBitsOfHls4ml) {
  ProxyModel model = load_proxy(golden_model("softmax_out/proxy_wrap.h5"));
  const Tensor x = h5::File::open(golden_model("softmax_out/data.h5")).read_floats("x/test");
  const std::vector<float> as_keras = outputs_of(model, x);
  model.set_softmax_table(1024);
  const std::vector<float> coarse = outputs_of(model, x);
  EXPECT_THAT(row_of(coarse, 6), ElementsAre(1, 0.0625F, 0));
  EXPECT_THAT(row_of(coarse, 14), ElementsAre(0, 0.796875F, 0.296875F));
  EXPECT_THAT(row_of(coarse, 19), ElementsAre(0.0625F, 1, 0));
  EXPECT_THAT(row_of(coarse, 21), ElementsAre(1, 0.15625F, 0.0625F));
  model.set_softmax_table(4096);
  const std::vector<float> fine = outputs_of(model, x);
  EXPECT_THAT(row_of(fine, 6), ElementsAre(0.9375F, 0.046875F, 0));
  EXPECT_THAT(row_of(fine, 14), ElementsAre(0, 0.765625F, 0.28125F));
  EXPECT_THAT(row_of(fine, 19), ElementsAre(0.0625F, 0.9375F, 0));
  EXPECT_THAT(row_of(fine, 21), ElementsAre(0.84375F, 0.125F, 0.046875F));
  model.set_softmax_table(0);
  EXPECT_EQ(outputs_of(model, x), as_keras);
  for (size_t i = 0; i < fine.size(); ++i) EXPECT_NEAR(fine[i], as_keras[i], 0.0625) << i;
}

TEST(SoftmaxTables, NumbersOfEntriesThatCanNotBeAreRefused) {
  ProxyModel model = load_proxy(golden_model("softmax_out/proxy_wrap.h5"));
  for (const int64_t entries : {1, 1000, 1 << 19}) {
    model.set_softmax_table(entries);
    EXPECT_THAT(message_of<ShapeError>([&] { Emulator{model}; }),
                HasSubstr("expected a power of two from 2 to 262144"));
  }
}

}  // namespace softmax_test
}  // namespace hgq
