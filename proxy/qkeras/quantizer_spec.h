// A quantizer of QKeras 0.9 as it is in model files. Three forms are read (proxy-format.md 3):
//
//   null, "linear", "relu"                        none, or a function of Keras
//   "quantized_bits(5, 1, 0, alpha=1)"            as the user wrote it: positional arguments, then those with a name
//   {"class_name": "quantized_bits", "config": {"bits": 5, ...}}
//
// All forms give a name, and the arguments by their names. weight_quantizers.h and activation_quantizers.h say what the
// quantizers compute.
//
//   ErrorList errors;
//   const QKerasQuantizer q = read_qkeras_quantizer(node, "layer 'dense' (QDense): kernel_quantizer", errors);
//   QKerasArguments arguments(q, errors);
//   const int64_t bits = arguments.integer("bits", 8, 1, 60);
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hgq/config/node.h"

namespace hgq {

/// The largest `integer`: QKeras computes 2^integer in int32, so it must not be negative either.
inline constexpr int64_t kMaxQKerasInteger = 30;

/// An argument: None, True or False, a number, or a text.
using QKerasValue = std::variant<std::monostate, bool, double, std::string>;

struct QKerasQuantizer {
  std::string name;     // "quantized_bits", "relu"; empty for none, also after an error
  std::string written;  // for messages: "quantized_bits(5,1,0,alpha=1)"
  std::string where;    // messages begin with it: "layer 'dense' (QDense): kernel_quantizer"
  std::string place;    // its place in the file
  std::map<std::string, QKerasValue> arguments;

  bool is(std::string_view other) const { return name == other; }
};

/// The quantizers whose arguments are known.
std::vector<std::string> qkeras_quantizer_names();

/// Adds an error for text that cannot be read as a call, and for arguments that the class does not have. Of unknown
/// classes only the name is kept, without the arguments. Messages begin with `where`.
QKerasQuantizer read_qkeras_quantizer(const Node& node, const std::string& where, ErrorList& errors);

/// Reads the arguments of a quantizer. An argument of the wrong type is an error, and the fallback is returned.
class QKerasArguments {
 public:
  QKerasArguments(const QKerasQuantizer& quantizer, ErrorList& errors) : quantizer_(quantizer), errors_(errors) {}

  /// Whether an argument is given, and is not None.
  bool given(const std::string& key) const;
  int64_t integer(const std::string& key, int64_t fallback, int64_t min, int64_t max);
  double number(const std::string& key, double fallback);
  /// True, False, 1 or 0.
  bool flag(const std::string& key, bool fallback);
  /// nullptr if the argument is not a text.
  const std::string* text(const std::string& key) const;
  /// Adds errors for arguments of quantized_bits of later versions than QKeras 0.9, if they are not None.
  void refuse_later_scales();
  /// "WHERE QUANTIZER: MESSAGE"
  void error(const std::string& message);
  /// Whether these arguments have caused no errors.
  bool good() const { return good_; }

 private:
  const QKerasValue* find(const std::string& key) const;
  void wrong(const std::string& key, std::string_view expected);

  const QKerasQuantizer& quantizer_;
  ErrorList& errors_;
  bool good_ = true;
};

}  // namespace hgq
