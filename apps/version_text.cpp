// The versions of libraries without a macro or function of their own are given by apps/CMakeLists.txt
// (HGQ_..._VERSION).
#include "hgq/apps/version_text.h"

#include <CLI/Version.hpp>
#include <nlohmann/json.hpp>

#include "hgq/core/dnnl.h"
#include "hgq/core/error.h"
#include "hgq/core/version.h"

namespace hgq {
namespace {

std::string compiler() {
#if defined(__clang__)
  return concat("clang ", __clang_major__, ".", __clang_minor__, ".", __clang_patchlevel__);
#elif defined(__GNUC__)
  return concat("GCC ", __GNUC__, ".", __GNUC_MINOR__, ".", __GNUC_PATCHLEVEL__);
#else
  return "unknown compiler";
#endif
}

/// The processor for which this file, and so all of our own code, was compiled.
std::string instruction_set() {
#if defined(__AVX512F__)
  return "x86-64 with AVX-512";
#elif defined(__AVX2__)
  return "x86-64 with AVX2";
#elif defined(__AVX__)
  return "x86-64 with AVX";
#elif defined(__x86_64__)
  return "x86-64";
#elif defined(__aarch64__)
  return "AArch64";
#else
  return "the compiler's default";
#endif
}

}  // namespace

std::string version_text() {
  const std::string json =
      concat(NLOHMANN_JSON_VERSION_MAJOR, ".", NLOHMANN_JSON_VERSION_MINOR, ".", NLOHMANN_JSON_VERSION_PATCH);
  return concat("hgq ", kVersion, "\nlibraries: ", matmul_library(), ", HDF5 ", HGQ_HDF5_VERSION, ", zlib ",
                HGQ_ZLIB_VERSION, ", yaml-cpp ", HGQ_YAML_CPP_VERSION, ", fmt ", HGQ_FMT_VERSION, ", CLI11 ",
                CLI11_VERSION, ", nlohmann-json ", json, ", muparser ", HGQ_MUPARSER_VERSION, "\nbuilt by ", compiler(),
                " for ", instruction_set(), ", ", HGQ_BUILD_TYPE);
}

}  // namespace hgq
