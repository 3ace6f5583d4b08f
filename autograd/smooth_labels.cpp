#include "hgq/autograd/smooth_labels.h"

#include <memory>
#include <vector>

#include "hgq/autograd/op.h"
#include "hgq/core/error.h"

namespace hgq::ops {
namespace {

class SmoothLabels final : public OpWith<SmoothLabels> {
 public:
  SmoothLabels(int64_t classes, bool sparse, float smoothing)
      : classes_(classes), sparse_(sparse), smoothing_(smoothing) {}
  std::string_view name() const override { return "smooth_labels"; }
  std::vector<ValueSpec> infer(std::span<const ValueSpec> in) override {
    HGQ_CHECK(in[0].domain == Domain::kRow, ShapeError, name(), ": targets need a batch dim");
    size_ = in[0].shape.size();
    if (!sparse_) return {in[0]};
    std::vector<int64_t> dims(in[0].shape.dims().begin(), in[0].shape.dims().end());
    dims.push_back(classes_);
    return {{Shape(dims), Domain::kRow}};
  }
  bool differentiable(int /*input*/) const override { return false; }
  bool recomputable() const override { return true; }
  void forward(const OpContext& c) const override { run(c.in[0], c.out[0], c.rows); }
  void backward(const OpContext& /*c*/) const override {}
  template <typename T>
  void plain(const PlainContext<T>& c) const {
    run(c.in[0], c.out[0], c.rows);
  }

 private:
  template <typename T>
  void run(const T* in, T* out, int64_t rows) const {
    const T kept = T{1} - static_cast<T>(smoothing_);
    const T added = static_cast<T>(smoothing_) / static_cast<T>(classes_);
    for (int64_t i = 0; i < rows * size_; ++i) {
      if (!sparse_) {
        out[i] = in[i] * kept + added;
        continue;
      }
      for (int64_t c = 0; c < classes_; ++c) out[i * classes_ + c] = added + (in[i] == static_cast<T>(c) ? kept : T{0});
    }
  }

  int64_t classes_;
  bool sparse_;
  float smoothing_;
  int64_t size_ = 0;
};

}  // namespace

Var smooth_labels(Var target, int64_t classes, bool sparse, float smoothing) {
  return target.tape->record_one(std::make_unique<SmoothLabels>(classes, sparse, smoothing), {target});
}

}  // namespace hgq::ops
