// What a folder that `train --out` names holds already.
#pragma once

#include <string>
#include <vector>

namespace elastic::train {

/// The folder, within that of a run with --refit, of the run that searches the best epoch.
inline constexpr const char* kSearchFolder = "search";

enum class FolderContent {
  kNothing,      ///< it is empty, or does not exist
  kFailedStart,  ///< files of a training that ended before its first checkpoint
  kRun,
  kOther,
};

/// Looks at the names in the folder only. A failed start is recognised by its lock file, and holds
/// no model, checkpoint or result.
FolderContent content_of(const std::string& path);

/// Removes the files of a failed start, except for the lock.
void remove_failed_start(const std::string& path);

/// Creates the folder with its parents and returns those that did not exist, outermost first.
/// Throws UsageError, or Error if another --out would not help.
std::vector<std::string> make_folder(const std::string& path);

/// Throws UsageError of `message` and the text of the errno `error`, or Error for failures that
/// another --out does not avoid: a full or broken disk.
[[noreturn]] void refuse_folder(const std::string& message, int error);

}  // namespace elastic::train
