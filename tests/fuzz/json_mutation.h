// Mutations of a JSON text that keep it JSON: values become others, entries go, come twice, change places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hgq::fuzz {

/// A text with some mutations, the same for the same `seed`; empty where `text` is not JSON.
std::string mutated_json(std::string_view text, uint64_t seed);

/// For LLVMFuzzerCustomMutator: writes into `data`, of `capacity` bytes; the new size. Where the text is not JSON or no
/// longer fits, it stays as it is.
size_t mutate_json(uint8_t* data, size_t size, size_t capacity, unsigned seed);

}  // namespace hgq::fuzz
