#include "hgq/rtl/hdl_module.h"

namespace hgq::rtl {
namespace {

constexpr int kWord = 64;

}  // namespace

int width_of(const Bits& bits) {
  int width = 0;
  for (const Piece& piece : bits) width += piece.bits;
  return width;
}

void append(Bits& bits, const Piece& piece) {
  if (piece.bits == 0) return;
  if (piece.signal < 0 && !bits.empty() && bits.back().signal < 0 && bits.back().bits + piece.bits <= kWord) {
    Piece& last = bits.back();
    last.number |= piece.number << static_cast<unsigned>(last.bits);
    last.bits += piece.bits;
    return;
  }
  bits.push_back(piece);
}

void append(Bits& bits, const Bits& more) {
  for (const Piece& piece : more) append(bits, piece);
}

int HdlModule::add(Signal signal) {
  signals.push_back(std::move(signal));
  return static_cast<int>(signals.size()) - 1;
}

bool HdlModule::is_whole(const Piece& piece) const {
  return piece.signal >= 0 && !piece.repeated && !piece.inverted && piece.low == 0 &&
         piece.bits == signal(piece.signal).bits;
}

std::vector<HdlPort> ports_of(const HdlModule& module) {
  std::vector<HdlPort> ports;
  if (module.clocked) {
    ports.push_back({.name = "clk"});
    if (module.clock_enable) ports.push_back({.name = "ce", .comment = "registers keep their values while it is 0"});
    if (module.reset) ports.push_back({.name = "rst", .comment = "sets registers to 0 at a clock"});
  }
  for (const Signal::Role role : {Signal::Role::kInput, Signal::Role::kOutput}) {
    for (const Signal& signal : module.signals) {
      if (signal.role == role) ports.push_back({signal.name, signal.comment, &signal});
    }
  }
  return ports;
}

uint64_t entry_bits(const LookUpTable& table, size_t index) {
  const uint64_t mask = table.bits >= kWord ? ~uint64_t{0} : (uint64_t{1} << static_cast<unsigned>(table.bits)) - 1;
  return static_cast<uint64_t>(table.entries[index]) & mask;
}

}  // namespace hgq::rtl
