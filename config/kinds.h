// Tables of the things that a config can name: layers, losses, metrics, optimizers, schedules, callbacks.
//
// hgq itself and a program that uses it add any of them in the same way: they give a Kind to the table. Everything else
// follows from the table: reading a config, suggestions for misspelled names, `hgq-train reference`, and loading a
// saved model.
//
//   Kinds<MakeLoss> losses("a loss");
//   losses.add({.name = "log_cosh", .doc = "log(cosh(error))", .make = make_log_cosh});
//
// A table is an ordinary value, which is copied, extended and passed on. There is no global table, and nothing is
// registered before main() begins. cmake/targets.cmake explains how a file of this project adds its kinds.
#pragma once

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "hgq/config/keras_object.h"
#include "hgq/core/error.h"

namespace hgq {

/// One thing that can be named. `Make` is the type of the function that makes it from its keys.
template <typename Make>
struct Kind {
  std::string name;                    // "Adam": its name in messages, documents and files
  std::vector<std::string> aliases{};  // "adam"; at most as many as a KerasName has
  std::string doc{};                   // what it is, for the reference; without a full stop
  std::string scalar{};                // the key that VALUE sets in {NAME: VALUE}; empty: that form is an error
  Make make{};                         // required
};

/// A kind that a config names. The pointer is valid as long as the table.
template <typename Make>
struct NamedKind {
  const Kind<Make>* kind = nullptr;  // nullptr after an error
  std::string written;               // the name as the config writes it
  Node arguments;                    // a map or null, with the place of the name as key_place
};

template <typename Make>
class Kinds {
 public:
  /// `what` is how messages call one of them, with the article: "a loss". `reserved`: names that configs use for
  /// something else.
  explicit Kinds(std::string what, std::vector<std::string> reserved = {})
      : what_(std::move(what)), reserved_(std::move(reserved)) {}

  /// Throws ConfigError if the name or an alias is empty or taken, if there are too many aliases, or if `make` is
  /// missing.
  void add(Kind<Make> kind) {
    HGQ_CHECK(static_cast<bool>(kind.make), ConfigError, "'", kind.name, "' has no function that makes it");
    HGQ_CHECK(kind.aliases.size() <= KerasName{}.aliases.size(), ConfigError, "'", kind.name, "' has ",
              kind.aliases.size(), " aliases, expected at most ", KerasName{}.aliases.size());
    const auto check = [&](const std::string& name) {
      const bool readable = name.find_first_of("> \t\n") == std::string::npos;
      const bool taken = find(name) != nullptr || std::ranges::find(reserved_, name) != reserved_.end();
      HGQ_CHECK(readable && !name.empty() && !taken, ConfigError, "'", name, "' cannot be the name of ", what_,
                name.empty() ? ": it is empty"
                : readable   ? ": it is taken"
                             : ": it contains a space or '>'");
    };
    check(kind.name);
    for (const std::string& alias : kind.aliases) check(alias);
    kinds_.push_back(std::move(kind));
  }
  /// Finds a kind by its name or an alias; a package in front, as in "HGQ>HDense", is ignored. nullptr if there is
  /// none.
  const Kind<Make>* find(std::string_view name) const {
    const std::string_view plain = name.substr(name.rfind('>') + 1);
    const auto found = std::ranges::find_if(kinds_, [&](const Kind<Make>& kind) {
      return kind.name == plain || std::ranges::find(kind.aliases, plain) != kind.aliases.end();
    });
    return found == kinds_.end() ? nullptr : &*found;
  }
  /// Reads NAME, {NAME: {...}}, or the long form of Keras (config/keras_object.h). An unknown name is added to `errors`
  /// with the nearest known one.
  NamedKind<Make> read(const Node& node, ErrorList& errors) const {
    KerasObject object = read_keras_object(node, what_, keras_names(), errors);
    return {object.name.empty() ? nullptr : find(object.name), std::move(object.written), std::move(object.arguments)};
  }
  /// Reads what a config names as read() does, and makes it: `call(make, reader)` calls the function of the kind, and
  /// returns what it gives. The result is empty after an error. Keys that `make` does not read are errors. `docs`, if
  /// given, receives the documentation of the keys.
  template <typename Call>
  auto make(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs, const Call& call) const {
    using Made = std::invoke_result_t<const Call&, const Make&, ConfigReader&>;
    const NamedKind<Make> named = read(node, errors);
    if (named.kind == nullptr) return Made();
    ConfigReader c(named.arguments, named.written, errors, docs);
    Made made = call(named.kind->make, c);
    c.finish();
    if (!c.failed()) check_made(named, made, errors);
    return c.failed() ? Made() : std::move(made);
  }
  /// All kinds in the order in which they were added. Pointers to them stay valid when others are added.
  const std::deque<Kind<Make>>& all() const { return kinds_; }
  /// All names and aliases, for suggestions.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Kind<Make>& kind : kinds_) {
      names.push_back(kind.name);
      names.insert(names.end(), kind.aliases.begin(), kind.aliases.end());
    }
    return names;
  }
  const std::string& what() const { return what_; }
  /// All kinds in the form that config/keras_object.h needs. The texts are valid as long as the table.
  std::vector<KerasName> keras_names() const {
    std::vector<KerasName> names;
    for (const Kind<Make>& kind : kinds_) {
      KerasName& name = names.emplace_back(KerasName{.class_name = kind.name, .scalar_argument = kind.scalar});
      std::ranges::copy(kind.aliases, name.aliases.begin());
    }
    return names;
  }

 private:
  /// Adds an error if the function of the kind made nothing, or made an object under whose own name the table does not
  /// find this kind: a file that contains that name could not be read again.
  template <typename Made>
  void check_made(const NamedKind<Make>& named, const Made& made, ErrorList& errors) const {
    if (!made) {
      errors.add(
          named.arguments.key_place(),
          concat("'", printable(named.written), "': the function that makes it returned nothing, expected an object"));
      return;
    }
    if constexpr (requires { made->name(); }) {
      if (find(made->name()) == named.kind) return;
      errors.add(named.arguments.key_place(),
                 concat("'", printable(named.written), "' calls itself '", made->name(), "', under which ", what_,
                        " of this kind is not known; expected '", named.kind->name, "'"));
    }
  }

  std::string what_;
  std::vector<std::string> reserved_;
  std::deque<Kind<Make>> kinds_;
};

}  // namespace hgq
