// The reference page of the config: tables made from what the readers ask for, so that it can't drift from them.
// cmd_reference.cpp puts docs/config.md together.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hgq/config/config_reader.h"

namespace hgq {

/// Markdown: a heading and a table (key, type, default, what it is) for each section, in the order of the docs; a key
/// that was asked for twice stands once. `intro` stands between heading and table.
std::string config_reference(std::span<const KeyDoc> docs, std::string_view intro = {});

}  // namespace hgq
