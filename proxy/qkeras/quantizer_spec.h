// A quantizer of QKeras 0.9, as its model files write it. Three forms are read (proxy-format.md 3):
//
//   null, "linear", "relu"                        none, or a function of Keras
//   "quantized_bits(5, 1, 0, alpha=1)"            as the user wrote it: positional arguments, then those with a name
//   {"class_name": "quantized_bits", "config": {"bits": 5, ...}}
//
// All give the same: a name, and the arguments by their names. What a quantizer computes is in weight_quantizers.h and
// activation_quantizers.h.
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

/// QKeras computes 2^integer in int32, so it takes no negative one either.
inline constexpr int64_t kMaxQKerasInteger = 30;

/// An argument: None, True or False, a number, a text.
using QKerasValue = std::variant<std::monostate, bool, double, std::string>;

struct QKerasQuantizer {
  std::string name;     // "quantized_bits", "relu"; empty for none, also after an error
  std::string written;  // for messages: "quantized_bits(5,1,0,alpha=1)"
  std::string where;    // what its messages begin with: "layer 'dense' (QDense): kernel_quantizer"
  std::string place;    // in the file
  std::map<std::string, QKerasValue> arguments;

  bool is(std::string_view other) const { return name == other; }
};

/// The quantizers whose arguments are known.
std::vector<std::string> qkeras_quantizer_names();

/// Adds an error for text that cannot be read as a call, and for arguments that the class does not have. Classes that
/// are not known here keep their name and lose their arguments. `where` opens the messages.
QKerasQuantizer read_qkeras_quantizer(const Node& node, const std::string& where, ErrorList& errors);

/// Reads the arguments of a quantizer; an argument of the wrong kind is an error, and gives the fallback.
class QKerasArguments {
 public:
  QKerasArguments(const QKerasQuantizer& quantizer, ErrorList& errors) : quantizer_(quantizer), errors_(errors) {}

  /// Whether an argument is there, and not None.
  bool given(const std::string& key) const;
  int64_t integer(const std::string& key, int64_t fallback, int64_t min, int64_t max);
  double number(const std::string& key, double fallback);
  /// True, False, 1 or 0.
  bool flag(const std::string& key, bool fallback);
  /// nullptr for anything but a text.
  const std::string* text(const std::string& key) const;
  /// Errors for arguments of quantized_bits that came after QKeras 0.9, where they are not None.
  void refuse_later_scales();
  /// "WHERE QUANTIZER: MESSAGE"
  void error(const std::string& message);
  /// Whether no error came from these arguments.
  bool good() const { return good_; }

 private:
  const QKerasValue* find(const std::string& key) const;
  void wrong(const std::string& key, std::string_view expected);

  const QKerasQuantizer& quantizer_;
  ErrorList& errors_;
  bool good_ = true;
};

}  // namespace hgq
