// The folder of an RTL project (rtl/to_rtl.h), written whole or not at all.
//
//   const RtlOptions options{.latency = 4};
//   write_rtl_folder("rtl", to_rtl(load_proxy("proxy.h5"), options, workers), options, "proxy.h5", false);
//
// Beside the files of rtl/hdl.h, the folder holds report.json, and proxy.h5, the proxy that it was made of.
// deploy/rtl_simulation.h simulates it.
#pragma once

#include <atomic>
#include <string>

#include "hgq/rtl/to_rtl.h"

namespace hgq {

/// Writes the files of the project, the report, and a copy of the proxy's file. Throws ConfigError if there is
/// something with this name already, unless `force` is set and it is an empty folder, or an RTL folder without files of
/// others, which is then replaced. Throws FileError, or RunError if the disk fails, or Interrupted if `stop` becomes
/// true; what was there before is then still there.
void write_rtl_folder(const std::string& folder, const RtlProject& project, const RtlOptions& options,
                      const std::string& proxy_file, bool force, const std::atomic<bool>* stop = nullptr);

/// Throws as write_rtl_folder() does if it would refuse to write there: to be called before long work.
void check_rtl_folder(const std::string& folder, bool force);

}  // namespace hgq
