// ParetoFront: keeps the models that no other one beats in all metrics, and removes the files of the others.
//
//   - ParetoFront: {metrics: [val_accuracy, bops], best: [max, min]}
//
// A model beats another if it is at least as good in every metric and better in one; of equals the first stays. The
// files are FOLDER/epoch_0120.h5 ..., the list FOLDER/pareto.csv (file, epoch, metrics). They are written just before a
// checkpoint, the models before the list; a model that fell off the front before then never is. Files of models that
// fell off the front are removed once the checkpoint that no longer needs them has been written.
#pragma once

#include <string>
#include <vector>

#include "hgq/callbacks/callback.h"

namespace hgq {

class ParetoFront : public Callback {
 public:
  struct Options {
    std::vector<std::string> metrics{"val_accuracy", "bops"};
    std::vector<bool> largest{true, false};  // by metric: whether large is good
    std::string folder;                      // empty: no files, the front is kept in memory alone
    int every = 1;                           // epochs
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
