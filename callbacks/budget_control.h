// Chooses beta for each batch, so that what a network costs comes down to a target and stays there.
//
// What it steers: with the bits of beta * BOPs a step of the optimizer moves bit widths by about its learning rate, so
// the cost falls at a rate that saturates, however large beta is. It falls soon when beta rises, and stops falling a
// few steps after beta has become small, but it hardly comes back: that is left to the task. So the target is
// approached from above, and no faster than the cost can be stopped. x = log(cost / target), and
//
//   log(beta) = u + log(gate)
//
// - `u` moves so that x falls at a planned rate, and with -x / tau near the target: what a PI controller does to x,
//   with limits for the rate of u. Its rise slows down once beta * target is as large as the task's loss, as the BOPs
//   then dominate most gradients and bit widths move no faster; it goes on where the task still holds x up. It falls
//   slowly where beta is shut off anyway. Both are against windup.
// - `gate`, from 1 to 0 within a narrow band about the target, looks at where x will be some steps later. It takes beta
//   away at once, which no integral can.
//
// The cost is read from the BOPs of each batch, which training computes anyway. What is aimed at (exact BOPs, LUTs) is
// measured at the end of epochs, and gives the ratio by which the BOPs of batches are multiplied until the next time.
//
//   BudgetControl control({.target = 3000});
//   control.begin(batches_per_epoch, epochs);
//   model.set_beta(control.after_batch({.batch = 0, .bops = step.bops(), .task_loss = 0.3, .beta = model.beta()}));
//   control.after_epoch(exact_bops, step.bops());
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace hgq {

class BudgetControl {
 public:
  struct Options {
    double target = 1;      // of the cost
    double settle = 0.1;    // share of the training in which the target is to be reached
    double min_beta = 0;    // beta is never smaller than this
    double max_beta = 1e3;  // nor larger than this
  };
  struct Reading {
    int64_t batch = 0;  // within the epoch
    double bops = 0;    // of this batch
    double task_loss = 0;
    double beta = 0;  // of the model; read in the first batch of all
  };

  explicit BudgetControl(const Options& options) : options_(options) {}
  /// The lengths of an epoch and of the training; not part of the state.
  void begin(int64_t batches, int epochs);
  /// Beta for the next batch.
  double after_batch(const Reading& reading);
  /// `cost` is what was measured after the epoch, above 0, `bops` those of its last batch.
  void after_epoch(double cost, double bops);

  nlohmann::json state() const;
  /// `place` is for messages. Throws FileError if the state is damaged.
  void restore(const nlohmann::json& state, const std::string& place);

 private:
  void move(double x, double task_loss);

  Options options_;
  double batches_ = 1;
  double reach_ = 1;  // batches in which the target is to be reached

  // The state.
  int64_t steps_ = 0;
  double u_ = 0;                 // log(beta) where the gate is open
  double near_ = 0, far_ = 0;    // x, smoothed once and twice
  double slow_ = 0;              // x, smoothed for the rate that u follows
  double first_ = 0;             // x of the first batch
  double ratio_ = 0, trim_ = 0;  // log(cost / BOPs of a batch), and what is still missing to it in the mean
  double last_ = 0;              // log(BOPs / target) of the last batch
  double dropped_ = 0;           // by how much the first batch of the epoch was less than the one before it
  double task_loss_ = 0;         // smoothed
  double gate_ = 1;
};

}  // namespace hgq
