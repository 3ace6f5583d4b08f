// The reference of the things that a config can name. The documented keys are those that the readers ask for.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "hgq/config/config_reader.h"
#include "hgq/config/keras_object.h"

namespace hgq {

struct ObjectDoc {
  std::string name;                  // "GlorotUniform"
  std::vector<std::string> aliases;  // "glorot_uniform"
  std::string scalar;                // the key that {NAME: VALUE} sets; empty: none
  std::string doc;                   // what it does, without a full stop; may be empty
  std::vector<KeyDoc> keys;
};

using DocOfName = std::function<std::string(const KerasName& name)>;
using ReadNamed = std::function<void(const Node& node, ErrorList& errors, std::vector<KeyDoc>* docs)>;

/// One entry for each name of the table. `read` reads a config that consists of the name alone, and so collects the
/// keys.
std::vector<ObjectDoc> object_docs(std::span<const KerasName> table, const DocOfName& doc_of, const ReadNamed& read);

}  // namespace hgq
