// `eval --ranks`: each user's rank, for statistics of one's own.
#pragma once

#include <string>

#include "base/atomic_file.h"
#include "data/dataset.h"
#include "eval/ranking.h"

namespace elastic::cli {

/// A row or record for each user: raw ids of user and held-out item, its rank, the length of the
/// history, and `rank[uni:100]` and the like for sampled candidates.
class RanksFile {
 public:
  /// Of tab-separated rows under a header, or of JSON lines, by the suffix .tsv or .jsonl. Throws
  /// UsageError for other names, Error if it cannot be written.
  explicit RanksFile(const std::string& path);

  /// Makes the file visible, whole; without it nothing is left behind.
  void write(const data::Dataset& dataset, const eval::Ranking& ranking);

 private:
  bool json_;
  AtomicFile file_;
};

}  // namespace elastic::cli
