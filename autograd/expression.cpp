#include "hgq/autograd/expression.h"

#include <muParser.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numbers>
#include <vector>

#include "hgq/autograd/expression_program.h"
#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"

namespace hgq {
namespace {

using Code = ExpressionProgram::Code;

constexpr size_t kMostCharacters = 1000;
constexpr int kMostNested = 50;

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string at(size_t position) { return concat(" at character ", position + 1); }

/// The end of the number that begins here, its exponent included.
size_t end_of_number(std::string_view text, size_t i) {
  while (i < text.size() && (is_digit(text[i]) || text[i] == '.')) ++i;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    size_t digits = i + 1;
    if (digits < text.size() && (text[digits] == '+' || text[digits] == '-')) ++digits;
    if (digits < text.size() && is_digit(text[digits])) {
      for (i = digits; i < text.size() && is_digit(text[i]);) ++i;
    }
  }
  return i;
}

/// `any`: receives the names of variables; nullptr: x is the only one.
void check_name(std::string_view name, size_t position, bool called, std::vector<std::string>* any) {
  std::vector<std::string> functions;
  for (const ExpressionFunction& f : expression_functions()) functions.emplace_back(f.name);
  const bool function = std::ranges::find(functions, name) != functions.end();
  const bool variable = any != nullptr ? !function : name == "x";
  const bool value = name == "pi" || name == "e" || (variable && (any == nullptr || !called));
  HGQ_CHECK(!function || called, ConfigError, "'", name, "'", at(position), " is a function, expected '", name,
            "(...)'");
  HGQ_CHECK(!value || !called, ConfigError, "'", name, "'", at(position), " is not a function; write a product with *");
  if (any != nullptr && value && name != "pi" && name != "e" && std::ranges::find(*any, name) == any->end())
    any->emplace_back(name);
  if (function || value) return;
  if (called) throw ConfigError(concat("unknown function '", name, "'", at(position), suggestion(name, functions)));
  const std::vector<std::string> values{"x", "pi", "e"};
  const std::string hint = did_you_mean(name, values);
  throw ConfigError(concat("unknown variable '", name, "'", at(position),
                           hint.empty() ? "; the variable is x, constants are pi and e" : hint));
}

/// Rejects what muParser would accept wrongly, what it would report badly, and what could exhaust the stack or the
/// memory.
void check_text(std::string_view text, std::vector<std::string>* any = nullptr) {
  HGQ_CHECK(!text.empty(), ConfigError, "the formula is empty");
  HGQ_CHECK(text.size() <= kMostCharacters, ConfigError, "the formula has ", text.size(), " characters, at most ",
            kMostCharacters, " are read");
  int nested = 0;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (is_digit(c) || c == '.') {
      i = end_of_number(text, i);
      continue;
    }
    if (is_letter(c)) {
      const size_t begin = i;
      while (i < text.size() && (is_letter(text[i]) || is_digit(text[i]))) ++i;
      size_t next = i;
      while (next < text.size() && is_space(text[next])) ++next;
      check_name(text.substr(begin, i - begin), begin, next < text.size() && text[next] == '(', any);
      continue;
    }
    const bool known = is_space(c) || std::string_view("+-*/^(),<>=!&|?:").find(c) != std::string_view::npos;
    HGQ_CHECK(known, ConfigError, "unexpected ",
              std::isprint(static_cast<unsigned char>(c)) != 0 ? concat("'", c, "'") : "character", at(i));
    if (c == '(') ++nested;
    if (c == ')') --nested;
    HGQ_CHECK(nested <= kMostNested, ConfigError, "more than ", kMostNested, " nested parentheses", at(i));
    const bool compares =
        c == '=' && ((i > 0 && std::string_view("<>!=").find(text[i - 1]) != std::string_view::npos) ||
                     (i + 1 < text.size() && text[i + 1] == '='));
    HGQ_CHECK(c != '=' || compares, ConfigError, "'='", at(i), " would set a value; to compare, write ==");
    ++i;
  }
}

std::string message_of(const mu::ParserError& e) {
  const size_t position = static_cast<size_t>(std::max(e.GetPos(), 0));
  switch (e.GetCode()) {
    case mu::ecUNEXPECTED_OPERATOR:
    case mu::ecUNEXPECTED_PARENS:
    case mu::ecUNEXPECTED_VAR:
    case mu::ecUNEXPECTED_VAL:
    case mu::ecUNEXPECTED_FUN:
    case mu::ecUNASSIGNABLE_TOKEN:
      return concat("unexpected '", trimmed(e.GetToken()), "'", at(position));
    case mu::ecUNEXPECTED_ARG_SEP:
    case mu::ecUNEXPECTED_ARG:
      return concat("unexpected ','", at(position));
    case mu::ecUNEXPECTED_EOF:
      return "the formula ends where a value is expected";
    case mu::ecMISSING_PARENS:
      return "a ')' is missing at the end";
    case mu::ecTOO_MANY_PARAMS:
      return concat("too many arguments for '", e.GetToken(), "' before character ", position + 1);
    case mu::ecTOO_FEW_PARAMS:
      return concat("too few arguments for '", e.GetToken(), "' before character ", position + 1);
    case mu::ecMISSING_ELSE_CLAUSE:
      return "a '?' has no ':'";
    case mu::ecMISPLACED_COLON:
      return concat("a ':' before character ", position + 1, " has no '?'");
    default:
      return e.GetMsg();
  }
}

// A function for muParser, which only has to parse: its byte code identifies functions by the pointer that is given
// with them.
double parsed_as_one(void* /*function*/, double x) { return x; }
double parsed_as_two(void* /*function*/, double x, double /*y*/) { return x; }
double parsed_as_many(void* /*function*/, const double* x, int /*count*/) { return x[0]; }
double negated(double x) { return -x; }
double unchanged(double x) { return x; }

void define_functions(mu::Parser& parser) {
  parser.ClearFun();
  parser.ClearConst();
  parser.ClearInfixOprt();
  parser.DefineInfixOprt("-", negated);
  parser.DefineInfixOprt("+", unchanged);
  parser.DefineConst("pi", std::numbers::pi);
  parser.DefineConst("e", std::numbers::e);
  for (const ExpressionFunction& f : expression_functions()) {
    void* const data = const_cast<ExpressionFunction*>(&f);
    const std::string name(f.name);
    if (f.arguments == 1) {
      parser.DefineFunUserData(name, parsed_as_one, data);
    } else if (f.arguments == 2) {
      parser.DefineFunUserData(name, parsed_as_two, data);
    } else {
      parser.DefineFunUserData(name, parsed_as_many, data);
    }
  }
}

Code code_of(mu::ECmdCode command) {
  switch (command) {
    case mu::cmLE:
      return Code::kLessOrEqual;
    case mu::cmGE:
      return Code::kGreaterOrEqual;
    case mu::cmNEQ:
      return Code::kNotEqual;
    case mu::cmEQ:
      return Code::kEqual;
    case mu::cmLT:
      return Code::kLess;
    case mu::cmGT:
      return Code::kGreater;
    case mu::cmADD:
      return Code::kAdd;
    case mu::cmSUB:
      return Code::kSubtract;
    case mu::cmMUL:
      return Code::kMultiply;
    case mu::cmDIV:
      return Code::kDivide;
    case mu::cmPOW:
      return Code::kPower;
    case mu::cmLAND:
      return Code::kAnd;
    case mu::cmLOR:
      return Code::kOr;
    case mu::cmENDIF:
      return Code::kSelect;
    default:
      throw ConfigError("the formula has a part that cannot be read");
  }
}

/// `variables` are where muParser believes the values of the variables to be.
ExpressionProgram translate(const mu::ParserByteCode& code, const std::vector<double>& variables) {
  ExpressionProgram program;
  for (const mu::SToken* token = code.GetBase(); token->Cmd != mu::cmEND; ++token) {
    ExpressionProgram::Instruction instruction;
    if (token->Cmd == mu::cmIF || token->Cmd == mu::cmELSE) continue;  // both sides are computed, then one is chosen
    const bool sign = token->Cmd == mu::cmFUNC && token->Fun.cb._pUserData == nullptr;
    if (sign && token->Fun.cb._pRawFun == reinterpret_cast<mu::erased_fun_type>(unchanged)) continue;
    if (token->Cmd == mu::cmVAR) {
      instruction.code = Code::kX;
      instruction.variable = static_cast<int>(token->Val.ptr - variables.data());
    } else if (token->Cmd == mu::cmVAL) {
      instruction.number = token->Val.data2;
    } else if (sign) {
      instruction.code = Code::kNegate;
    } else if (token->Cmd == mu::cmFUNC) {
      instruction.code = Code::kCall;
      instruction.function = static_cast<const ExpressionFunction*>(token->Fun.cb._pUserData);
      instruction.arguments = std::abs(token->Fun.argc);
    } else {
      instruction.code = code_of(token->Cmd);
    }
    HGQ_CHECK(program.add(instruction), ConfigError, "more than ", ExpressionProgram::kMostValues,
              " operations depend on each other; use fewer parentheses, or fewer consecutive ^ and ?");
  }
  return program;
}

ExpressionProgram parse(const std::string& text, const std::vector<std::string>& names) {
  try {
    mu::Parser parser;
    define_functions(parser);
    // muParser's optimizer is off, so that its byte code contains only the forms that are translated here.
    parser.EnableOptimizer(false);
    std::vector<double> values(names.size());
    for (size_t i = 0; i < names.size(); ++i) parser.DefineVar(names[i], &values[i]);
    parser.SetExpr(text);
    parser.Eval();
    HGQ_CHECK(parser.GetNumResults() == 1, ConfigError, "there are ", parser.GetNumResults(),
              " formulas with ',' between, expected one");
    return translate(parser.GetByteCode(), values);
  } catch (const mu::ParserError& e) {
    throw ConfigError(message_of(e));
  }
}

/// muParser has ^ alone for powers.
std::string with_carets(std::string text) {
  for (size_t i = text.find("**"); i != std::string::npos; i = text.find("**", i)) text.replace(i, 2, "^ ");
  return text;
}

}  // namespace

bool is_expression(std::string_view text) {
  text = trimmed(text);
  return text == "x" ||
         (!text.empty() && !std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c); }));
}

ops::UnaryFunction parse_expression(std::string_view text) {
  const std::string name(trimmed(text));
  check_text(name);
  // Shared by the function's parts.
  const auto program = std::make_shared<const ExpressionProgram>(parse(with_carets(name), {"x"}));
  return {
      .name = name,
      .value = [program](double x) { return program->value(x); },
      .derivative = [program](double x, double /*y*/) { return program->slope(x); },
      .values = [program](std::span<const float> x, float* y) { program->values(x, y); },
      .slopes = [program](std::span<const float> x, const float* /*y*/, float* slope) { program->slopes(x, slope); }};
}

double NamedExpression::value(std::span<const double> values) const { return program_->value_of(values); }

NamedExpression parse_named_expression(std::string_view text) {
  std::string formula(trimmed(text));
  std::vector<std::string> names;
  check_text(formula, &names);
  auto program = std::make_shared<const ExpressionProgram>(parse(with_carets(formula), names));
  return {std::move(formula), std::move(names), std::move(program)};
}

}  // namespace hgq
