// HDF5 as data: the bytes are the file, opened as a user's is, behind the guard (data/h5_probe.h).
#include "fuzz_support.h"
#include "hgq/data/loaders.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  const std::string path = fuzz::input_file(data, size, ".h5");
  fuzz::attempt([&] {
    const std::unique_ptr<DataFile> file = DataFile::open(path, {});
    if (file->kind() != FileKind::kHdf5) return;
    for (const char* name : {"x", "y", "group/x", "table[a]", "labels", "no such name"})
      fuzz::attempt([&] { fuzz::read_all(*file->rows({name}, true)); });
  });
  return 0;
}
