// What ties the files of a run together: a file of another run in the folder is refused.
#pragma once

#include <string>

namespace elastic::train {

/// Empty texts: unknown, as in runs of earlier versions, whose files cannot be checked.
struct RunIdentity {
  std::string run;         ///< hash of `options`, of the data with its split, and of the items
  std::string items_hash;  ///< of items.tsv
  std::string options;     ///< a JSON object: the options that fix the results of the run
};

/// `data_hash` is that of the split.
RunIdentity make_identity(const std::string& options,
                          const std::string& data_hash,
                          const std::string& items_hash);

/// Throws CheckpointError naming `path` if the hash that it holds (`found`) is another than that of
/// the run (`expected`). Passes if one of them is empty.
void check_same_run(const std::string& path, const std::string& found, const std::string& expected);

}  // namespace elastic::train
