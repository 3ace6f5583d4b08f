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
  /// `what` is how messages call one of them, with the article: "a loss".
  explicit Kinds(std::string what) : what_(std::move(what)) {}

  /// Throws ConfigError if the name or an alias is empty or taken, if there are too many aliases, or if `make` is
  /// missing.
  void add(Kind<Make> kind) {
    HGQ_CHECK(static_cast<bool>(kind.make), ConfigError, "'", kind.name, "' has no function that makes it");
    HGQ_CHECK(kind.aliases.size() <= KerasName{}.aliases.size(), ConfigError, "'", kind.name, "' has ",
              kind.aliases.size(), " aliases, expected at most ", KerasName{}.aliases.size());
    const auto check = [&](const std::string& name) {
      const bool readable = name.find_first_of("> \t\n") == std::string::npos;
      HGQ_CHECK(readable && !name.empty() && find(name) == nullptr, ConfigError, "'", name, "' cannot be the name of ",
                what_,
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
  /// Adds an error if the function of the kind made nothing, or made an object under whose own name the table does not
  /// find this kind: a file that contains that name could not be read again. `own_name` is the name that the object
  /// gives itself.
  void check_made(const NamedKind<Make>& named, bool made, std::string_view own_name, ErrorList& errors) const {
    if (!made) {
      errors.add(
          named.arguments.key_place(),
          concat("'", printable(named.written), "': the function that makes it returned nothing, expected an object"));
    } else if (find(own_name) != named.kind) {
      errors.add(named.arguments.key_place(),
                 concat("'", printable(named.written), "' calls itself '", own_name, "', under which ", what_,
                        " of this kind is not known; expected '", named.kind->name, "'"));
    }
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
  std::string what_;
  std::deque<Kind<Make>> kinds_;
};

}  // namespace hgq
