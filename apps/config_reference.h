// The tables of the reference of the config. They are made from the keys that the readers ask for, so that they are
// always up to date. cmd_reference.cpp makes docs/config.md from them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hgq/config/config_reader.h"

namespace hgq {

/// Markdown: a heading and a table (key, type, default, what it is) for each section, in the order of `docs`. A key
/// that was asked for twice is listed once. `intro` comes between heading and table.
std::string config_reference(std::span<const KeyDoc> docs, std::string_view intro = {});

}  // namespace hgq
