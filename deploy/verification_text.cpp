// What a verification found, as JSON and as lines for people.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "hgq/core/printable.h"
#include "hgq/deploy/verification.h"

namespace hgq {
namespace {

std::string describe(const OverflowAdvice& advice) {
  std::string text =
      fmt::format("layer {}: values from {:.6g} to {:.6g} came, where {:.6g} to {:.6g} was traced; ",
                  printable(advice.layer), advice.low, advice.high, advice.traced_low, advice.traced_high);
  if (advice.more_bits > 0)
    text += fmt::format("{} more integer bit{}", advice.more_bits, advice.more_bits > 1 ? "s" : "");
  if (advice.needs_sign) text += advice.more_bits > 0 ? " and a sign" : "a sign";
  text += fmt::format(" in {} would hold them", printable(advice.quantizer));
  return text +
         (advice.cover_factor > 1 ? fmt::format(", as would a cover factor of {:.6g}", advice.cover_factor) : "");
}

std::string describe(const WithoutBitsAdvice& advice) {
  return fmt::format(
      "layer {}: {} element{} no bits, as only 0 was traced there; values up to {:.6g} came, and the proxy "
      "has 0",
      advice.layer, advice.elements, advice.elements == 1 ? " has" : "s have", advice.most);
}

/// The factor that holds all values; 0 where there is none, or nothing overflows.
double cover_factor(const RangeAdvice& advice) {
  double factor = 0;
  for (const OverflowAdvice& a : advice.overflows) {
    if (a.cover_factor == 0) return 0;
    factor = std::max(factor, a.cover_factor);
  }
  return factor;
}

std::string what_to_do(const Verification& verification, double traced_with) {
  const RangeAdvice& advice = verification.advice;
  std::string text = "to do: trace on data that hold such values (hgq-train trace, then export)";
  if (const double factor = cover_factor(advice); factor > 1) {
    text += traced_with > 0
                ? fmt::format(", or with export.trace.cover_factor: {:.6g} (trace --cover-factor {:.6g})",
                              std::ceil(factor * traced_with * 100) / 100, std::ceil(factor * traced_with * 100) / 100)
                : fmt::format(", or with --cover-factor {:.6g} (times that of the last trace)", factor);
  }
  if (!advice.overflows.empty() && verification.wraps)
    text += "; export with overflow sat cuts at the ends of the ranges instead of wrapping";
  return text + "\n";
}

/// "3 rows differ BECAUSE", "1 row differs BECAUSE", where there are some.
void add_count(std::vector<std::string>& parts, int64_t rows, std::string_view because) {
  if (rows > 0) parts.push_back(fmt::format("{} differ{}{}", rows, rows == 1 ? "s" : "", because));
}

std::string summary(const Verification& verification) {
  const VerifyReport& report = verification.report;
  const int64_t with_overflow = report.rows_differ - report.rows_differ_without_overflow;
  std::vector<std::string> parts;
  if (report.rows_differ == 0) {
    parts.emplace_back("all equal in every bit");
  } else if (report.rows_differ < report.rows) {
    parts.push_back(fmt::format("{} equal in every bit", report.rows - report.rows_differ));
  }
  add_count(parts, with_overflow, ", as values overflow their ranges");
  add_count(parts, verification.rows_differ_without_bits, ", as elements without bits have values");
  add_count(parts, verification.rows_unexplained(),
            verification.rows_unexplained() == 1 ? " though all of its values lie within their ranges"
                                                 : " though all of their values lie within their ranges");
  if (report.rows_with_overflow > with_overflow)
    parts.push_back(fmt::format("values of {} {}row{} overflow without an effect",
                                report.rows_with_overflow - with_overflow, with_overflow > 0 ? "more " : "",
                                report.rows_with_overflow - with_overflow == 1 ? "" : "s"));
  return fmt::format("{} row{}: {}\n", report.rows, report.rows == 1 ? "" : "s", fmt::join(parts, "; "));
}

}  // namespace

nlohmann::json to_json(const Verification& verification) {
  const VerifyReport& report = verification.report;
  nlohmann::json overflows = nlohmann::json::object();
  for (const OverflowCount& c : report.overflows) overflows[c.layer] = c.values;
  nlohmann::json differences = nlohmann::json::array();
  for (const Parting& p : verification.partings) {
    differences.push_back({{"row", p.row},
                           {"layer", p.layer},
                           {"proxy_layer", p.proxy_layer},
                           {"element", p.element},
                           {"model", p.model},
                           {"proxy", p.proxy},
                           {"reason", p.reason}});
  }
  nlohmann::json advice = nlohmann::json::array();
  for (const OverflowAdvice& a : verification.advice.overflows) {
    advice.push_back({{"layer", a.layer},
                      {"quantizer", a.quantizer},
                      {"low", a.low},
                      {"high", a.high},
                      {"traced_low", a.traced_low},
                      {"traced_high", a.traced_high},
                      {"more_bits", a.more_bits},
                      {"needs_sign", a.needs_sign},
                      {"cover_factor", a.cover_factor},
                      {"text", describe(a)}});
  }
  nlohmann::json without_bits = nlohmann::json::array();
  for (const WithoutBitsAdvice& a : verification.advice.without_bits) {
    without_bits.push_back({{"layer", a.layer},
                            {"quantizer", a.quantizer},
                            {"elements", a.elements},
                            {"most", a.most},
                            {"text", describe(a)}});
  }
  return {{"rows", report.rows},
          {"rows_differ", report.rows_differ},
          {"rows_differ_without_overflow", verification.rows_unexplained()},
          {"rows_differ_without_bits", verification.rows_differ_without_bits},
          {"rows_with_overflow", report.rows_with_overflow},
          {"overflows", overflows},
          {"differences", differences},
          {"advice", advice},
          {"without_bits", without_bits},
          {"cover_factor", cover_factor(verification.advice)}};
}

std::string describe(const Verification& verification, double traced_with) {
  const VerifyReport& report = verification.report;
  std::string text = summary(verification);
  for (const OverflowCount& c : report.overflows) {
    if (c.values > 0)
      text +=
          fmt::format("  {}: {} value{}\n", printable(c.layer), c.values, c.values == 1 ? " overflows" : "s overflow");
  }
  if (!verification.partings.empty()) text += "where the first rows that differ part:\n";
  for (const Parting& p : verification.partings) {
    text += p.layer.empty() ? fmt::format("  row {}: ", p.row)
                            : fmt::format("  row {}, layer {}, element {}: model {}, proxy {}: ", p.row, p.layer,
                                          p.element, p.model, p.proxy);
    text += p.reason + "\n";
  }
  if (verification.wrong) return text;  // other ranges would not help
  for (const OverflowAdvice& a : verification.advice.overflows) text += "  " + describe(a) + "\n";
  for (const WithoutBitsAdvice& a : verification.advice.without_bits) text += "  " + describe(a) + "\n";
  const bool needs_ranges = !verification.advice.overflows.empty() || !verification.advice.without_bits.empty();
  return needs_ranges ? text + what_to_do(verification, traced_with) : text;
}

std::string what_is_wrong(const Verification& verification) {
  if (!verification.wrong) return "";
  const Parting& wrong = *verification.wrong;
  const VerifyReport& report = verification.report;
  const std::string place = wrong.layer.empty()
                                ? ""
                                : fmt::format(", layer '{}', element {}: model {}, proxy {}", printable(wrong.layer),
                                              wrong.element, wrong.model, wrong.proxy);
  return fmt::format(
      "the proxy does not compute what the model computes: {} of {} rows differ{}, {} of them without overflow; "
      "expected the "
      "same bits. Row {}{}: {}",
      report.rows_differ, report.rows, report.rows_differ == 1 ? "s" : "", verification.rows_unexplained(), wrong.row,
      place, wrong.reason);
}

}  // namespace hgq
