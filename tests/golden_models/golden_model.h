// A folder of golden models: a network that Python HGQ trained, its data, and what the package made of it.
//
//   hgq.h5        the model                          case.json    BOPs, options of the proxies, counts of rows
//   proxy_*.h5    proxies that the package made      data.h5      inputs, predictions, ranges
//   qkeras.h5     instead of hgq.h5: a model of QKeras, which has proxies only
//
// Each model gives one case for its predictions, one for each trace (`trace`, `trace_cover1.1`), and one for each
// proxy. A case returns a line for every difference, none where all is equal; everything is compared with ==.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "hgq/data/h5.h"
#include "hgq/data/keras_file.h"
#include "hgq/deploy/convert.h"
#include "hgq/layers/model.h"
#include "hgq/proxy/model.h"

namespace hgq::golden {

struct GoldenModel {
  std::string name, folder;
  nlohmann::json about;  // case.json
  h5::File data;

  static GoldenModel open(const std::string& folder, const std::string& name);
  std::string file(const std::string& leaf) const { return folder + "/" + leaf; }
  /// The inputs of a set ("calib", "test", "overflow"), in the order of the model.
  std::vector<Tensor> inputs(const std::string& set) const;
  /// One of the groups of outputs ("hgq", "proxy_wrap"), in the order of the model's outputs.
  std::vector<Tensor> outputs(const std::string& group, const std::string& set) const;
  bool is_qkeras() const;
  /// hgq.h5.
  Model load() const;
};

std::vector<ConstTensorView> views_of(const std::vector<Tensor>& tensors);

/// Collects differences, the first of each kind in full.
class Differences {
 public:
  void check(bool equal, const std::string& line) {
    if (!equal) lines_.push_back(line);
  }
  /// Every value by ==; names the first that differs and says how many do.
  void compare(const std::string& what, ConstTensorView ours, ConstTensorView golden);
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

/// HGQ's predictions, and the outputs of every layer for two rows.
std::vector<std::string> run_predictions(const GoldenModel& golden);
/// `group`: "trace" or "trace_cover1.1".
std::vector<std::string> run_trace(const GoldenModel& golden, const std::string& group);
/// `tag`: "proxy_wrap" ...
std::vector<std::string> run_proxy(const GoldenModel& golden, const std::string& tag);
/// The same for a model of QKeras.
std::vector<std::string> run_qkeras(const GoldenModel& golden, const std::string& tag);

/// Layers, configs, widths and weights of our proxy beside the package's.
void compare_proxy_files(const GoldenModel& golden, const std::string& tag, const KerasFile& ours, Differences& out);
/// Values and overflows of our proxy beside the package's, and how many rows differ from the model, whose predictions
/// `predict` gives for a set.
void compare_emulation(const GoldenModel& golden, const std::string& tag, const ProxyModel& proxy,
                       const std::function<std::vector<Tensor>(const std::string&)>& predict, Differences& out);

/// How the package made a proxy.
ProxyOptions proxy_options(const GoldenModel& golden, const std::string& tag);
/// The trace group that belongs to a proxy, and its cover factor.
std::string trace_of_proxy(const GoldenModel& golden, const std::string& tag);
void trace(const GoldenModel& golden, Model& model, const std::string& group);

}  // namespace hgq::golden
