// NPY, NPZ, IDX, packed by gzip or not, as the loaders tell them apart.
#include "fuzz_support.h"
#include "hgq/data/bytes.h"
#include "hgq/data/idx.h"
#include "hgq/data/npy.h"
#include "hgq/data/unpacked.h"
#include "hgq/data/zip_file.h"

namespace {

void read_members(const std::shared_ptr<const hgq::Bytes>& bytes) {
  const hgq::ZipFile zip(bytes);
  size_t count = 0;
  for (const std::string& name : zip.names()) {
    if (++count > 20) return;
    hgq::fuzz::attempt([&] { hgq::fuzz::read_all(*hgq::open_npy(zip.member(name))); });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  fuzz::attempt([&] {
    std::shared_ptr<const Bytes> bytes = memory_bytes("input", {data, data + size});
    if (is_gzip(*bytes)) bytes = unpacked({.bytes = bytes, .form = PackedStream::Form::kGzip}, int64_t{64} << 20U);
    if (ZipFile::looks_like_zip(*bytes)) return read_members(bytes);
    fuzz::attempt([&] { fuzz::read_all(*open_npy(bytes)); });
    fuzz::read_all(*open_idx(bytes));
  });
  return 0;
}
