// A .keras file, as `import` reads it: its proxy is made, emulated on two rows, and written. Mutated are the members of
// the zip, which is then packed anew, since hardly any other change would get past its checksums; now and then the
// bytes of the zip itself.
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "fuzz_support.h"
#include "hgq/data/bytes.h"
#include "hgq/data/zip_file.h"
#include "hgq/deploy/files.h"
#include "hgq/layers/saved_keras.h"
#include "hgq/proxy/emulator.h"
#include "hgq/proxy/qkeras/convert.h"
#include "json_mutation.h"

extern "C" __attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t capacity);

namespace {

using namespace hgq;

using Members = std::map<std::string, std::string>;

std::string little_endian(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  return out;
}

/// A zip whose members are not packed.
std::string zip_of(const Members& members) {
  std::string files;
  std::string directory;
  for (const auto& [name, content] : members) {
    const uint64_t crc = crc32_z(crc32(0, nullptr, 0), reinterpret_cast<const Bytef*>(content.data()), content.size());
    const std::string common = little_endian(20, 2) + std::string(8, '\0') + little_endian(crc, 4) +
                               little_endian(content.size(), 4) + little_endian(content.size(), 4) +
                               little_endian(name.size(), 2) + little_endian(0, 2);
    directory += "PK\1\2" + little_endian(20, 2) + common + std::string(10, '\0') + little_endian(files.size(), 4);
    directory += name;
    files += "PK\3\4" + common + name + content;
  }
  const std::string end = little_endian(0, 4) + little_endian(members.size(), 2) + little_endian(members.size(), 2) +
                          little_endian(directory.size(), 4) + little_endian(files.size(), 4) + little_endian(0, 2);
  return files + directory + "PK\5\6" + end;
}

std::optional<Members> members_of(const uint8_t* data, size_t size) {
  try {
    Members members;
    const ZipFile zip(memory_bytes("input", {data, data + size}));
    for (const std::string& name : zip.names()) {
      if (zip.claimed_size(name) > (size_t{1} << 20U)) return std::nullopt;
      const std::unique_ptr<Bytes> bytes = zip.member(name);
      members[name] = bytes->front(bytes->size());
    }
    return members;
  } catch (const Error&) {
    return std::nullopt;
  }
}

void mutate_bytes(std::string& content, size_t room) {
  const size_t size = content.size();
  content.resize(size + std::min<size_t>(room, 64));
  content.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(content.data()), size, content.size()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string path = fuzz::input_file(data, size, ".keras");
  fuzz::attempt([&] {
    const KerasFile file = read_saved_keras(path);
    const QKerasConversion conversion = qkeras_to_proxy(file, {.wrap = false, .input_types = {}});
    std::vector<Shape> samples;
    const Emulator emulator(conversion.proxy);
    for (const int input : conversion.proxy.inputs()) samples.push_back(emulator.signal(input).shape);
    const std::vector<Tensor> x = fuzz::two_rows(samples);
    if (x.size() == samples.size() && !x.empty()) fuzz::attempt([&] { emulator.run(fuzz::views_of(x)); });
    save_proxy(conversion.proxy, fuzz::output_file(".h5"));
  });
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t capacity, unsigned seed) {
  std::optional<Members> members = members_of(data, size);
  if (!members || members->empty() || seed % 16 == 0) return LLVMFuzzerMutate(data, size, capacity);
  const auto chosen = std::next(members->begin(), static_cast<std::ptrdiff_t>(seed / 16 % members->size()));
  if (chosen->first.ends_with(".json")) {
    if (std::string text = fuzz::mutated_json(chosen->second, seed); !text.empty()) chosen->second = std::move(text);
  } else {
    mutate_bytes(chosen->second, capacity);
  }
  const std::string zip = zip_of(*members);
  if (zip.size() > capacity) return size;
  std::memcpy(data, zip.data(), zip.size());
  return zip.size();
}
