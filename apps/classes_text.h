// What a run says about its classes.
#pragma once

#include <cstdint>
#include <string>

#include "hgq/data/classes.h"

namespace hgq {

/// "classes: gamma -> 0, hadron -> 1", for an output that distinguishes `count` classes; empty if the labels are the
/// class numbers themselves, or if there are no classes.
std::string classes_text(const ClassMap& classes, const std::string& output, int64_t count);

}  // namespace hgq
