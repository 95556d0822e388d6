// `predict --embeddings`: vectors for other tools, as a NumPy matrix and a file of ids.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "cli/asking/known_users.h"
#include "cli/asking/questions.h"
#include "cli/asking/recommender.h"
#include "cli/runs/run_data.h"
#include "tensor/npy.h"

namespace elastic::cli {

/// Writes FILE.npy [rows, D], float32, and FILE.ids.txt, whose line n is the id of row n: tab, line
/// end and backslash within an id are written \t, \n, \r and \\, as in items.tsv. The product of a
/// user's state and an item's vector is the item's score.
class EmbeddingExport {
 public:
  /// Throws UsageError unless `path` ends in .npy, Error if a file cannot be written.
  EmbeddingExport(const std::string& path, Recommender& recommender);

  /// Adds the vectors of all items, as scores use them, in the order of items.tsv.
  void add_items();
  /// Adds the states of all users after all their events in the log. A user without a known item
  /// gets a note and no row.
  void add_users(KnownUsers& users, const Notes& notes);
  /// Adds the states after the histories of these questions. A question without an answer gets a
  /// note and no row. Throws UsageError for a question about an item or with candidates.
  void add_questions(const Questions::Batch& batch, const Notes& notes);
  /// Makes both files visible. Without it no file is left.
  void commit();
  /// "FILE.npy: 100 x 64 float32, ids in FILE.ids.txt"
  [[nodiscard]] std::string summary() const;

 private:
  void add_states(const std::vector<TimedHistory>& histories, const std::vector<std::string>& ids);

  Recommender& recommender_;
  std::string path_;
  std::string ids_path_;
  NpyWriter vectors_;
  AtomicFile ids_;
};

}  // namespace elastic::cli
