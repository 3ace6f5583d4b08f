// Names of a proxy's layers. hls4ml makes variables of them, so they must be identifiers of C++; and each is used once.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace hgq {

/// Whether a name can be a variable of C++: letters, digits, underscores, no digit first, no keyword.
bool is_identifier(std::string_view name);

/// Throws ConfigError that names the layer and says what a name may be.
void check_proxy_name(std::string_view name);

/// `name` itself where hls4ml reads it right; else one that it does: other characters become underscores ("a-b": a_b),
/// and keywords of C++, attributes of hls4ml's layers (`axis`, `weight`, `result_t` ...) and variables of its firmware
/// get "_layer" at their end (proxy-format.md 1.4).
std::string proxy_layer_name(std::string_view name);

/// Hands out names, each once, and none of which hls4ml would make a type, a variable or a layer that belongs to
/// another ("dense" and "dense_linear", "a" and "a_t").
class ProxyNames {
 public:
  /// Whether nobody has `name`, but hls4ml makes the same of it as of a name that was handed out.
  bool clashes(const std::string& name) const;
  /// `name` itself, or the first free of NAME_0, NAME_1 ... (quantization.md 3.2).
  std::string unique(const std::string& name);
  /// For layers that nobody named: `name`, or the first free of NAME_1, NAME_2 ..., as Keras counts ("re_lu_1").
  std::string counted(const std::string& name);

 private:
  /// Whether `name` was free, and is taken now.
  bool take(const std::string& name);

  std::set<std::string> used_;
  std::set<std::string> made_;  // what hls4ml makes of them
};

}  // namespace hgq
