// Parameters and results of a model's forward pass.
#pragma once

#include <cstdint>

#include "autograd/variable.h"

namespace elastic {

/// The rows of the item table that a pass reads, in place of the whole table.
struct ItemRows {
  Variable table;  ///< [R, D], row 0 still "no item"; undefined: the whole item table is read
  Tensor tokens;   ///< [T] int32: the rows of the batch's tokens
};

/// Settings of a forward pass. Dropout is active in training only.
struct ForwardMode {
  bool training = false;
  std::uint64_t seed = 0;     ///< of the dropout masks
  std::uint32_t step = 0;     ///< training step: every step has its own masks
  std::uint32_t shard = 0;    ///< part of the step, with masks of its own; below 65536
  ItemRows items{};           ///< only for models with Model::reads_item_rows
  bool swap_experts = false;  ///< each sequence gets the experts retrieved for the batch's next one
  /// [K] int32, each once: the items whose learned row counts besides their vector; undefined: all.
  /// Only for models with item vectors.
  Tensor learned_rows{};
};

/// The experts that Interest Memory Retrieval chose, for diagnostics and --explain.
struct RetrievedExperts {
  Tensor indices;  ///< [B, k] int32, ids in the pool
  Tensor gates;    ///< [B, k]
};

/// The results of a forward pass.
struct Pass {
  Variable states;  ///< after the final norm, one row per requested token
  /// The rows that the states are scored against, as part of the pass's graph: the item table [V +
  /// 1, D], its quantised form (LISA), or the table [R, D] of ForwardMode::items. Row 0 belongs to
  /// no item.
  Variable scored_items;
  RetrievedExperts retrieved{};  ///< empty tensors for models without Interest Memory Retrieval
};

}  // namespace elastic
