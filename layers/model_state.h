// All numbers of a model that a training changes, as they were at some moment.
//
//   ModelState then(model);
//   trainer.fit(train, &validation);                   // changes the model
//   const ModelState::Exchange back(then, model);      // the model is as it was then, until `back` ends
//   save_model(model, "then.h5");
#pragma once

#include <cstdint>
#include <vector>

#include "hgq/layers/model.h"

namespace hgq {

class ModelState {
 public:
  /// Copies parameters and states, which hold ranges and beta, too.
  explicit ModelState(const Model& model);
  int64_t bytes() const;
  /// Puts the numbers into the model for good, and keeps those that it had. The model must be as for Exchange.
  void exchange_with(const Model& model) { swap(model); }

  /// Puts the numbers of a state into the model while it lives, and those of the model back. The model must have the
  /// layers that the state was taken of.
  class Exchange {
   public:
    Exchange(ModelState& state, const Model& model) : state_(state), model_(model) { state_.swap(model_); }
    ~Exchange() { state_.swap(model_); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

   private:
    ModelState& state_;
    const Model& model_;
  };

 private:
  void swap(const Model& model);

  std::vector<float> values_;
};

}  // namespace hgq
