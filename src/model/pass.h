// What one forward pass of a model takes besides its batch, and what it returns.
#pragma once

#include <cstdint>

#include "autograd/variable.h"

namespace elastic {

/// Some rows of the item table, in place of the whole: those that a pass reads.
struct ItemRows {
  Variable table;  ///< [R, D], row 0 still "no item"; undefined: the whole item table is read
  Tensor tokens;   ///< [T] int32: the rows of the batch's tokens
};

/// How one forward pass runs: dropout is on only while training.
struct ForwardMode {
  bool training = false;
  std::uint64_t seed = 0;  ///< of the dropout masks
  std::uint32_t step = 0;  ///< training step, so that every step has masks of its own
  ItemRows items{};        ///< only for models with Model::reads_item_rows
};

/// The experts that Interest Memory Retrieval chose, for diagnostics and --explain.
struct RetrievedExperts {
  Tensor indices;  ///< [B, k] int32, ids in the pool
  Tensor gates;    ///< [B, k]
};

/// What one forward pass made.
struct Pass {
  Variable states;  ///< after the final norm, one row for each token asked for
  /// The rows that the states are scored against, as part of the pass's graph: the item table
  /// [V + 1, D], what the pass made of it (LISA), or the table [R, D] of ForwardMode::items. Row 0
  /// is no item's.
  Variable scored_items;
  RetrievedExperts retrieved{};  ///< empty tensors for models without Interest Memory Retrieval
};

}  // namespace elastic
