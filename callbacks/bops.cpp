// ResetMinMax, FreeBOPs, CalibratedBOPs: the callbacks of HGQ around ranges and BOPs.
#include <algorithm>
#include <limits>

#include "hgq/callbacks/finite_loss.h"
#include "hgq/callbacks/kinds.h"
#include "hgq/core/error.h"
#include "hgq/layers/model_state.h"
#include "hgq/layers/trace.h"

namespace hgq {
namespace {

// Between epochs: not before the first, not after the last, so that what looks at the records at an epoch's end finds
// them.
class ResetMinMax final : public Callback {
 public:
  std::string_view name() const override { return "ResetMinMax"; }
  void on_epoch_begin(Training& t) override {
    if (t.epoch > 0) t.model.reset_records();
  }
};

class FreeBops final : public Callback {
 public:
  explicit FreeBops(std::string column) : column_(std::move(column)) {}
  std::string_view name() const override { return "FreeBOPs"; }
  void on_epoch_end(Training& t) override { t.logs.set(column_, t.step.bops()); }
  std::vector<std::string> adds() const override { return {column_}; }

 private:
  std::string column_;
};

class CalibratedBops final : public Callback {
 public:
  CalibratedBops(std::string data, int every, int64_t batch_size)
      : data_(std::move(data)), every_(every), batch_size_(batch_size) {}
  std::string_view name() const override { return "CalibratedBOPs"; }
  int interval() const override { return every_; }
  void on_train_begin(Training& t) override {
    HGQ_CHECK(data_ == "train" || t.validation != nullptr, ConfigError,
              "CalibratedBOPs: data: validation, but the run has no validation set");
  }
  void on_epoch_end(Training& t) override {
    if ((t.epoch + 1) % every_ != 0) return;
    const Dataset& data = data_ == "validation" ? *t.validation : t.train;
    t.logs.set("bops", exact_bops(t, data));
  }
  std::vector<std::string> adds() const override { return {"bops"}; }

 private:
  double exact_bops(Training& t, const Dataset& data) const {
    ModelState before(t.model);
    try {
      return trace_minmax(t.model, data, t.workers, {.batch_size = batch_size_}).total;
    } catch (const ConfigError& e) {
      // The next batch says of a network that has gone astray what there is to say, if it finds it as it was.
      before.exchange_with(t.model);
      HGQ_CHECK(!has_finite_loss(t), RunError, "CalibratedBOPs: epoch ", t.epoch + 1,
                ": the network cannot be traced any more: ", e.what());
      return std::numeric_limits<double>::quiet_NaN();
    }
  }

  std::string data_;
  int every_;
  int64_t batch_size_;
};

std::unique_ptr<Callback> make_reset_min_max(ConfigReader& /*c*/, const CallbackContext& /*context*/) {
  return std::make_unique<ResetMinMax>();
}

std::unique_ptr<Callback> make_free_bops(ConfigReader& /*c*/, const CallbackContext& context) {
  return std::make_unique<FreeBops>(context.free_bops_and_calibrated ? "free_bops" : "bops");
}

std::unique_ptr<Callback> make_calibrated_bops(ConfigReader& c, const CallbackContext& /*context*/) {
  const std::string data = c.choice("data", "set on which the ranges are traced", {"train", "validation"}, "train");
  const int64_t every =
      c.integer("every", "epochs from one calculation to the next", {.fallback = 1, .min = 1, .max = 1000000});
  const int64_t batch = c.integer("batch_size", "rows at a time", {.fallback = kPredictedRows, .min = 1});
  return std::make_unique<CalibratedBops>(data, static_cast<int>(every), batch);
}

}  // namespace

void register_bops(CallbackKinds& kinds) {
  kinds.callbacks.add(
      {.name = "ResetMinMax", .doc = "empties the records of ranges between epochs", .make = make_reset_min_max});
  kinds.callbacks.add(
      {.name = "FreeBOPs", .doc = "writes the BOPs of the epoch's last batch as bops", .make = make_free_bops});
  kinds.callbacks.add({.name = "CalibratedBOPs",
                       .doc = "traces ranges on a data set and writes the exact BOPs as bops",
                       .make = make_calibrated_bops});
}

}  // namespace hgq
