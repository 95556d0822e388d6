// `predict --embeddings`: vectors for other tools, as NumPy matrices with their ids beside.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "cli/asking/questions.h"
#include "cli/asking/recommender.h"
#include "cli/runs/run_data.h"
#include "tensor/npy.h"

namespace elastic::cli {

/// FILE.npy [rows, D] and FILE.ids.txt, whose line n names row n: tab, line end and backslash
/// within an id are written \t, \n, \r and \\, as in items.tsv. A state's product with an item's
/// vector is the item's score.
class EmbeddingExport {
 public:
  /// Throws UsageError unless `path` ends in .npy, Error if it cannot be written.
  EmbeddingExport(const std::string& path, Recommender& recommender);

  /// The vectors of all items that states are scored against, in the order of items.tsv.
  void add_items();
  /// The states of all users, after all events that the data holds of them.
  void add_users(const data::Dataset& dataset);
  /// The states after these questions' histories. One without an answer has no row, which is noted.
  /// Throws UsageError for a question of items or candidates.
  void add_questions(const Questions::Batch& batch, const Notes& notes);
  /// Makes both files visible; without it nothing is left behind.
  void commit();
  /// "FILE.npy: 100 x 64 float32, ids in FILE.ids.txt"
  [[nodiscard]] std::string summary() const;

 private:
  void add_states(const std::vector<std::span<const std::int32_t>>& histories,
                  const std::vector<std::string>& ids);

  Recommender& recommender_;
  std::string path_;
  std::string ids_path_;
  NpyWriter vectors_;
  AtomicFile ids_;
};

}  // namespace elastic::cli
