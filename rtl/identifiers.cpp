#include "hgq/rtl/identifiers.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "hgq/core/error.h"

namespace hgq::rtl {
namespace {

// Of SystemVerilog 2017, which has those of Verilog, since simulators read *.v as SystemVerilog, too.
constexpr std::string_view kVerilogWords =
    "accept_on alias always always_comb always_ff always_latch and assert assign assume automatic before begin bind "
    "bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle checker class clocking cmos config "
    "const constraint context continue cover covergroup coverpoint cross deassign default defparam design disable "
    "dist do edge else end endcase endchecker endclass endclocking endconfig endfunction endgenerate endgroup "
    "endinterface endmodule endpackage endprimitive endprogram endproperty endsequence endspecify endtable endtask "
    "enum event eventually expect export extends extern final first_match for force foreach forever fork forkjoin "
    "function generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins implements implies import "
    "incdir include initial inout input inside instance int integer interconnect interface intersect join join_any "
    "join_none large let liblist library local localparam logic longint macromodule matches medium modport module nand "
    "negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter "
    "pmos posedge primitive priority program property protected pull0 pull1 pulldown pullup pulsestyle_ondetect "
    "pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime ref reg reject_on release repeat "
    "restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with "
    "scalared "
    "sequence shortint shortreal showcancelled signed small soft solve specify specparam static string strong strong0 "
    "strong1 struct super supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time "
    "timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union unique unique0 "
    "unsigned until until_with untyped use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while "
    "wildcard wire with within wor xnor xor";

// Of VHDL-2008, and names that a design would hide if it used them.
constexpr std::string_view kVhdlWords =
    "abs access after alias all and architecture array assert assume assume_guarantee attribute begin block body "
    "buffer bus case component configuration constant context cover default disconnect downto else elsif end entity "
    "exit fairness file for force function generate generic group guarded if impure in inertial inout is label library "
    "linkage literal loop map mod nand new next nor not null of on open or others out package parameter port postponed "
    "procedure process property protected pure range record register reject release rem report restrict "
    "restrict_guarantee return rol ror select sequence severity shared signal sla sll sra srl strong subtype then to "
    "transport type unaffected units until use variable vmode vprop vunit wait when while with xnor xor "
    "bit boolean false ieee integer natural numeric_std positive rising_edge rtl std std_logic std_logic_1164 "
    "std_logic_vector string time to_integer true unisim work carry8 lut6_2 vcomponents";

std::string lower_case(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

bool is_reserved(const std::string& lower) {
  static const std::unordered_set<std::string> kWords = [] {
    std::unordered_set<std::string> all;
    for (const std::string_view list : {kVerilogWords, kVhdlWords}) {
      std::istringstream in{std::string(list)};
      for (std::string word; in >> word;) all.insert(word);
    }
    return all;
  }();
  return kWords.contains(lower);
}

bool is_letter(char c) { return ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z'); }
bool is_digit(char c) { return '0' <= c && c <= '9'; }

}  // namespace

std::string identifier_of(std::string_view name, size_t most) {
  std::string out;
  for (const char c : name) {
    if (out.size() >= most) break;
    if (is_letter(c) || is_digit(c)) {
      if (out.empty() && !is_letter(c)) out = "n";
      out += c;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out.empty() ? "n" : out;
}

std::string NamePool::take(std::string_view name) {
  const std::string wanted = identifier_of(name);
  std::string given = wanted;
  for (int64_t number = 2; is_reserved(lower_case(given)) || taken_.contains(lower_case(given)); ++number)
    given = concat(wanted, "_", number);
  taken_.insert(lower_case(given));
  return given;
}

}  // namespace hgq::rtl
