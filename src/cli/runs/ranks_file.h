// `eval --ranks`: a file with the rank of each user's held-out item.
#pragma once

#include <string>

#include "base/atomic_file.h"
#include "data/dataset.h"
#include "eval/ranking.h"

namespace elastic::cli {

/// One row or record per user: raw ids of user and held-out item, the item's rank, the length of
/// the history, and a rank per sampling rule, `rank[uni:100]`.
class RanksFile {
 public:
  /// The suffix selects the format: .tsv for tab-separated rows under a header, .jsonl for JSON
  /// lines. Throws UsageError for another suffix, Error if the file cannot be written.
  explicit RanksFile(const std::string& path);

  /// Writes all rows and makes the file visible. Without it no file is left.
  void write(const data::Dataset& dataset, const eval::Ranking& ranking);

 private:
  bool json_;
  AtomicFile file_;
};

}  // namespace elastic::cli
