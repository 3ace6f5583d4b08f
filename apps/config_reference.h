// The reference page of the config: tables made from what the readers ask for, so that it can't drift from them.
//
//   std::vector<KeyDoc> docs = run_config_docs();
//   append(docs, docs of the layers, optimizers, callbacks);
//   write("docs/config.md", config_reference(docs));
#pragma once

#include <span>
#include <string>

#include "hgq/core/config_reader.h"

namespace hgq {

/// Markdown: a heading and a table (key, type, default, what it is) for each section, in the order of the docs; a key
/// that was asked for twice stands once.
std::string config_reference(std::span<const KeyDoc> docs);

}  // namespace hgq
