// Which folder holds a run that --resume continues.
#pragma once

#include <filesystem>
#include <string>

namespace hgq {

/// Why there is no run to continue in this folder, for a message.
std::string why_no_run(const std::filesystem::path& folder);

/// Throws ConfigError if the folder of a run has no checkpoint, but a model, which a run that starts anew would
/// replace: one that 'pick' has chosen, or that of a run whose checkpoint is gone. A run that was interrupted before
/// its first checkpoint has none.
void check_model_is_not_lost(const std::filesystem::path& folder);

}  // namespace hgq
