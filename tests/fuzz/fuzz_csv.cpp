// CSV: the first byte chooses what the config would say about the file, the rest is the file.
#include "fuzz_support.h"
#include "hgq/data/bytes.h"
#include "hgq/data/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace hgq;
  if (size < 2) return 0;
  CsvOptions options;
  constexpr std::string_view kSeparators = ",; \t|";
  const size_t choice = data[0] % 8;
  if (choice < kSeparators.size()) options.separator = kSeparators[choice];
  if ((data[0] & 8U) != 0) options.header = (data[0] & 16U) != 0;
  if ((data[0] & 32U) != 0) options.missing = CsvMissing::kDrop;
  if ((data[0] & 64U) != 0) options.comment = (data[0] & 128U) != 0 ? "%" : "";
  fuzz::attempt([&] {
    const auto table = CsvTable::open(memory_bytes("input.csv", {data + 1, data + size}), options);
    fuzz::attempt([&] { fuzz::read_all(*CsvTable::rows_of(table, {"0:"}, false)); });
    fuzz::attempt([&] { fuzz::read_all(*CsvTable::rows_of(table, {"-1"}, true)); });
    fuzz::attempt([&] { CsvTable::rows_of(table, {"no such column"}, true); });
  });
  return 0;
}
