// The proxy that we make of a QKeras model beside the one that Python HGQ made; in the end both against QKeras itself.

#include "../support/temporary_folder.h"
#include "golden_model.h"
#include "hgq/core/error.h"
#include "hgq/deploy/files.h"
#include "hgq/deploy/verify.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/proxy_file.h"
#include "hgq/proxy/qkeras/convert.h"

namespace hgq::golden {

std::vector<std::string> run_qkeras(const GoldenModel& golden, const std::string& tag) {
  Differences out;
  const bool wrap = golden.about["agreement"][tag]["options"].value("aggressive", true);
  const QKerasConversion conversion = qkeras_to_proxy(read_keras_file(golden.file("qkeras.h5")), {.wrap = wrap});
  compare_proxy_files(golden, tag, proxy_to_keras(conversion.proxy), out);
  const auto predict = [&](const std::string& set) { return golden.outputs("qkeras", set); };
  compare_emulation(golden, tag, conversion.proxy, predict, out);
  // And once more as it is written and read.
  const TemporaryFolder folder;
  const std::string path = folder / "proxy.h5";
  save_proxy(conversion.proxy, path);
  compare_emulation(golden, tag, load_proxy(path), predict, out);
  return out.take();
}

}  // namespace hgq::golden
