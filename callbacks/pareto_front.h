// ParetoFront: keeps the models that no other model beats in all metrics, and removes the files of all others.
//
//   - ParetoFront: {metrics: [val_accuracy, bops], best: [max, min]}
//
// A model beats another if it is at least as good in every metric, and better in one; of equal models the first is
// kept. The files of the models are called FOLDER/epoch_0120.h5 and so on, and FOLDER/pareto.csv is the list (file,
// epoch, metrics). They are written just before a checkpoint, first the models, then the list. A model that has been
// beaten before that is never written. Files of beaten models are removed when a checkpoint that no longer needs them
// is on the disk.
#pragma once

#include <string>
#include <vector>

#include "hgq/callbacks/callback.h"

namespace hgq {

class ParetoFront : public Callback {
 public:
  struct Options {
    std::vector<std::string> metrics{"val_accuracy", "bops"};
    std::vector<bool> largest{true, false};  // for each metric, whether larger is better
    std::string folder;                      // empty: no files, the front is only in memory
    int every = 1;                           // number of epochs from one look to the next
  };
  struct Point {
    int epoch = 0;  // from 1
    std::vector<double> metrics;
    std::string file;
  };

  explicit ParetoFront(Options options);
  std::string_view name() const override { return "ParetoFront"; }
  int interval() const override { return options_.every; }
  std::vector<WatchedMetric> watches() const override;
  void on_train_begin(Training& t) override;
  void on_log(Training& t) override;
  void before_checkpoint(Training& t) override;
  void on_checkpoint(Training& t) override;
  nlohmann::json state() const override;
  void restore(const nlohmann::json& state) override;

  /// In the order of the epochs.
  const std::vector<Point>& front() const { return front_; }
  /// Whether `a` beats `b`.
  bool beats(const std::vector<double>& a, const std::vector<double>& b) const;

 private:
  void write_table() const;
  void remove_others() const;
  std::string path_of(const std::string& file) const;

  Options options_;
  std::vector<Point> front_;
  PendingFiles files_;
  bool table_is_old_ = false, others_are_there_ = false;
};

}  // namespace hgq
