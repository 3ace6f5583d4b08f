#include "hgq/proxy/qkeras/quantizer_spec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "hgq/config/config_scalar.h"
#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

constexpr size_t kLongestText = 4096;  // of a quantizer that is written as text

/// The arguments of a class, in the order of its constructor.
struct Signature {
  std::string_view name;
  std::vector<std::string> arguments;
};

const std::vector<Signature>& signatures() {
  static const std::vector<Signature> kAll{
      {"quantized_bits",
       {"bits", "integer", "symmetric", "keep_negative", "alpha", "use_stochastic_rounding", "scale_axis",
        "qnoise_factor", "var_name", "use_ste", "use_variables", "elements_per_scale", "min_po2_exponent",
        "max_po2_exponent", "post_training_scale"}},  // the last four: of QKeras after 0.9
      {"quantized_relu",
       {"bits", "integer", "use_sigmoid", "negative_slope", "use_stochastic_rounding", "relu_upper_bound",
        "is_quantized_clip", "qnoise_factor", "var_name", "use_ste", "use_variables"}},
      {"quantized_tanh", {"bits", "use_stochastic_rounding", "symmetric", "use_real_tanh"}},
      {"quantized_sigmoid", {"bits", "symmetric", "use_real_sigmoid", "use_stochastic_rounding"}},
      {"quantized_po2",
       {"bits", "max_value", "use_stochastic_rounding", "quadratic_approximation", "log2_rounding", "qnoise_factor",
        "var_name", "use_ste", "use_variables"}},
      {"quantized_relu_po2",
       {"bits", "max_value", "negative_slope", "use_stochastic_rounding", "quadratic_approximation", "log2_rounding",
        "qnoise_factor", "var_name", "use_ste", "use_variables"}},
      {"binary", {"use_01", "alpha", "use_stochastic_rounding"}},
      {"stochastic_binary", {"alpha", "temperature", "use_real_sigmoid"}},
      {"ternary", {"alpha", "threshold", "use_stochastic_rounding", "number_of_unrolls"}},
      {"stochastic_ternary", {"alpha", "threshold", "temperature", "use_real_sigmoid", "number_of_unrolls"}},
  };
  return kAll;
}

const Signature* find_signature(std::string_view name) {
  const auto found = std::ranges::find(signatures(), name, &Signature::name);
  return found == signatures().end() ? nullptr : &*found;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t from = text.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(kSpace) - from + 1);
}

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// Python's literals. Numbers as Python writes them: ".5", "5." and "1e-3" too.
std::optional<QKerasValue> read_literal(std::string_view text) {
  if (text == "None") return QKerasValue{};
  if (text == "True" || text == "False") return QKerasValue{text == "True"};
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"')) {
    const std::string_view inside = text.substr(1, text.size() - 2);
    if (text.back() != text.front() || inside.find(text.front()) != std::string_view::npos) return {};
    return QKerasValue{std::string(inside)};
  }
  std::string digits(text);
  const size_t sign = !digits.empty() && (digits.front() == '-' || digits.front() == '+') ? 1 : 0;
  if (digits.size() > sign && digits[sign] == '.') digits.insert(sign, "0");
  const size_t point = digits.find('.');
  if (point != std::string::npos && (point + 1 == digits.size() || digits[point + 1] == 'e'))
    digits.insert(point + 1, "0");
  const auto number = decimal_number(Node::scalar(digits));
  if (!number) return {};
  return QKerasValue{*number};
}

/// The parts between the commas that are not in quotes.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  char quote = 0;
  size_t from = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (quote != 0) {
      if (text[at] == quote) quote = 0;
    } else if (text[at] == '\'' || text[at] == '"') {
      quote = text[at];
    } else if (text[at] == ',') {
      parts.push_back(trimmed(text.substr(from, at - from)));
      from = at + 1;
    }
  }
  if (parts.empty() && trimmed(text).empty()) return parts;
  parts.push_back(trimmed(text.substr(from)));
  return parts;
}

/// Makes a quantizer, and adds an error for everything that is wrong with it.
class Reader {
 public:
  Reader(const Node& node, const std::string& where, ErrorList& errors) : node_(node), errors_(errors) {
    out_.where = where;
    out_.place = node.place();
  }

  QKerasQuantizer read() {
    if (node_.is_null()) return out_;
    if (node_.is_scalar()) {
      read_text();
    } else if (node_.is_map()) {
      read_object();
    } else {
      error("found a list, expected a quantizer: null, a text as \"quantized_bits(8, 0, alpha=1)\", or an object");
    }
    if (failed_) out_.name.clear();
    return std::move(out_);
  }

 private:
  void error(const std::string& message) {
    errors_.add(out_.place, concat(out_.where, ": ", message));
    failed_ = true;
  }

  void read_text() {
    const std::string& all = node_.text();
    out_.written = printable(all);
    if (all.size() > kLongestText) return error(concat("found a text of ", all.size(), " characters"));
    const std::string_view text = trimmed(all);
    const size_t open = text.find('(');
    const std::string_view name = trimmed(text.substr(0, open));
    const bool closed = open == std::string_view::npos || (text.back() == ')' && text.find(')') == text.size() - 1);
    if (!is_name(name) || !closed || (open != std::string_view::npos && text.find('(', open + 1) != text.npos))
      return error(
          concat("found '", printable(text), "', expected a quantizer as in \"quantized_bits(8, 0, alpha=1)\""));
    out_.name = std::string(name);
    if (open != std::string_view::npos) read_arguments(text.substr(open + 1, text.size() - open - 2));
  }

  void read_arguments(std::string_view list) {
    const Signature* const signature = find_signature(out_.name);
    if (signature == nullptr) return;
    bool named = false;
    size_t count = 0;
    for (const std::string_view part : split(list)) {
      const size_t equal = part.find('=');
      const bool has_name = equal != std::string_view::npos && is_name(trimmed(part.substr(0, equal)));
      if (!has_name && named)
        return error(concat("'", out_.written, "' has an argument without a name after one with a name"));
      named = has_name;
      const std::string_view literal = has_name ? trimmed(part.substr(equal + 1)) : part;
      const auto value = read_literal(literal);
      if (!value)
        return error(concat("'", out_.written, "' has '", printable(literal),
                            "' as an argument, expected a number, True, False, None, or a text in quotes"));
      if (!has_name && count >= signature->arguments.size())
        return error(concat("'", out_.written, "' has more than the ", signature->arguments.size(), " arguments of ",
                            out_.name));
      set(*signature, has_name ? std::string(trimmed(part.substr(0, equal))) : signature->arguments[count++], *value);
      if (failed_) return;
    }
  }

  void read_object() {
    const Node& name = node_["class_name"];
    const Node& config = node_["config"];
    if (!name.is_scalar() || !is_name(name.text().substr(name.text().rfind('>') + 1)))
      return error("found an object without a class_name, expected a quantizer");
    out_.name = name.text().substr(name.text().rfind('>') + 1);
    if (out_.name == "function" && config.is_scalar()) {  // of Keras: {class_name: function, config: relu}
      out_.name = config.text().substr(config.text().rfind('>') + 1);
      out_.written = printable(out_.name);
      return;
    }
    out_.written = out_.name;
    if (!config.is_map() && !config.is_null()) return error(concat(out_.name, " has no config"));
    const Signature* const signature = find_signature(out_.name);
    if (signature == nullptr) return;
    for (const auto& [key, value] : config.entries()) {
      const auto read = read_value(value);
      if (read) {
        set(*signature, key, *read);
      } else {
        error(concat(out_.name, ": ", key, ": found ", describe(value), ", expected a number, a boolean or a text"));
      }
    }
    out_.written = written_call(*signature, config);
  }

  /// The object as a call, without arguments that are None or False.
  static std::string written_call(const Signature& signature, const Node& config) {
    std::string list;
    for (const std::string& key : signature.arguments) {
      const Node& value = config[key];
      if (!value.is_scalar() || value.text() == "false") continue;
      const std::string quote = value.quoted() ? "'" : "";
      list += concat(list.empty() ? "" : ", ", key, "=", quote, printable(value.text()), quote);
    }
    return concat(signature.name, "(", list, ")");
  }

  static std::optional<QKerasValue> read_value(const Node& node) {
    // Constructed in place, as g++ 12 with sanitizers warns about the move of an empty variant.
    if (node.is_null()) return std::optional<QKerasValue>(std::in_place);
    if (!node.is_scalar()) return {};
    if (node.quoted()) return QKerasValue{node.text()};
    if (const auto flag = true_or_false(node)) return QKerasValue{*flag};
    if (const auto number = decimal_number(node)) return QKerasValue{*number};
    return QKerasValue{node.text()};
  }

  void set(const Signature& signature, const std::string& key, const QKerasValue& value) {
    if (std::ranges::find(signature.arguments, key) == signature.arguments.end())
      return error(concat(out_.name, " has no argument '", printable(key), "'", suggestion(key, signature.arguments)));
    if (!out_.arguments.emplace(key, value).second) return error(concat("'", out_.written, "' gives ", key, " twice"));
  }

  const Node& node_;
  ErrorList& errors_;
  QKerasQuantizer out_;
  bool failed_ = false;
};

std::string describe(const QKerasValue& value) {
  if (const auto* const flag = std::get_if<bool>(&value)) return *flag ? "True" : "False";
  if (const auto* const number = std::get_if<double>(&value)) return concat("the number ", *number);
  if (const auto* const text = std::get_if<std::string>(&value)) return concat("the text '", printable(*text), "'");
  return "None";
}

}  // namespace

std::vector<std::string> qkeras_quantizer_names() {
  std::vector<std::string> names;
  for (const Signature& signature : signatures()) names.emplace_back(signature.name);
  return names;
}

QKerasQuantizer read_qkeras_quantizer(const Node& node, const std::string& where, ErrorList& errors) {
  return Reader(node, where, errors).read();
}

const QKerasValue* QKerasArguments::find(const std::string& key) const {
  const auto found = quantizer_.arguments.find(key);
  return found == quantizer_.arguments.end() || found->second.index() == 0 ? nullptr : &found->second;
}

bool QKerasArguments::given(const std::string& key) const { return find(key) != nullptr; }

void QKerasArguments::error(const std::string& message) {
  errors_.add(quantizer_.place, concat(quantizer_.where, " ", quantizer_.written, ": ", message));
  good_ = false;
}

void QKerasArguments::wrong(const std::string& key, std::string_view expected) {
  error(concat(key, ": found ", describe(*find(key)), ", expected ", expected));
}

double QKerasArguments::number(const std::string& key, double fallback) {
  const QKerasValue* const value = find(key);
  if (value == nullptr) return fallback;
  if (const auto* const number = std::get_if<double>(value)) return *number;
  if (const auto* const flag = std::get_if<bool>(value)) return *flag ? 1 : 0;
  wrong(key, "a number");
  return fallback;
}

int64_t QKerasArguments::integer(const std::string& key, int64_t fallback, int64_t min, int64_t max) {
  const QKerasValue* const value = find(key);
  if (value == nullptr) return fallback;
  const auto* const number = std::get_if<double>(value);
  if (number != nullptr && *number == std::floor(*number) && *number >= static_cast<double>(min) &&
      *number <= static_cast<double>(max))
    return static_cast<int64_t>(*number);
  wrong(key, concat("a whole number from ", min, " to ", max));
  return fallback;
}

bool QKerasArguments::flag(const std::string& key, bool fallback) {
  const QKerasValue* const value = find(key);
  if (value == nullptr) return fallback;
  if (const auto* const flag = std::get_if<bool>(value)) return *flag;
  const auto* const number = std::get_if<double>(value);
  if (number != nullptr && (*number == 0 || *number == 1)) return *number == 1;
  wrong(key, "True or False");
  return fallback;
}

void QKerasArguments::refuse_later_scales() {
  for (const char* const key : {"elements_per_scale", "min_po2_exponent", "max_po2_exponent", "post_training_scale"}) {
    if (given(key)) error(concat(key, " is given, an argument of later versions of QKeras that is not known here"));
  }
}

const std::string* QKerasArguments::text(const std::string& key) const {
  const QKerasValue* const value = find(key);
  return value == nullptr ? nullptr : std::get_if<std::string>(value);
}

}  // namespace hgq
