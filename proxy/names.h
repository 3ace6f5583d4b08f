// The names of the layers of a proxy. hls4ml makes variables of them, so they must be identifiers of C++, each used
// once.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace hgq {

/// Whether a name can be a variable of C++: letters, digits, underscores, no digit first, no keyword.
bool is_identifier(std::string_view name);

/// Throws ConfigError that names the layer and says what a name may be.
void check_proxy_name(std::string_view name);

/// The name that a layer gets in a proxy: `name` itself unless hls4ml would misread it. Characters that are not allowed
/// become underscores ("a-b" becomes a_b); keywords of C++, attributes of the layers of hls4ml (`axis`, `weight`,
/// `result_t` and others) and variables of its firmware get "_layer" at their end (proxy-format.md 1.4.1).
std::string proxy_layer_name(std::string_view name);

/// Gives out names, each once. It gives none from which hls4ml would make a type, a variable or a layer that belongs to
/// another name, such as "dense_linear" after "dense", or "a_t" after "a".
class ProxyNames {
 public:
  /// Whether `name` itself is free, but hls4ml makes something from it that belongs to a name that was given out.
  bool clashes(const std::string& name) const;
  /// `name` itself, or the first free of NAME_0, NAME_1 ... (quantization.md 3.2).
  std::string unique(const std::string& name);
  /// For layers without a name of their own: `name`, or the first free of NAME_1, NAME_2 and so on, as in Keras.
  std::string counted(const std::string& name);

 private:
  /// Whether `name` was free, and is taken now.
  bool take(const std::string& name);

  std::set<std::string> used_;
  std::set<std::string> made_;  // what hls4ml makes from them
};

}  // namespace hgq
