// The keys that each query of ragged attention sees.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tensor/segments.h"

namespace elastic {

/// Queries and keys of ragged multi-head attention.
struct AttentionLayout {
  const Segments* queries = nullptr;  ///< B segments over the query tokens
  const Segments* keys = nullptr;     ///< B segments over the key and value tokens
  std::int64_t num_heads = 1;
  bool causal = false;      ///< query i of a segment sees its keys 0..i; needs equal segments
  std::int64_t window = 0;  ///< causal: at most this many keys before the query's own; 0: all
  ELASTIC_OPERANDS(*queries, *keys);
};

/// The number of query-key pairs, without the masked ones.
inline double attended_pairs(const AttentionLayout& layout) {
  double pairs = 0.0;
  for (std::int64_t b = 0; b < layout.queries->size(); ++b) {
    const double queries = layout.queries->length(b);
    pairs += layout.causal ? queries * (queries + 1.0) / 2.0 : queries * layout.keys->length(b);
    if (layout.window > 0) {  // without the keys before the window
      const double before = std::max(0.0, queries - 1.0 - static_cast<double>(layout.window));
      pairs -= before * (before + 1.0) / 2.0;
    }
  }
  return pairs;
}

}  // namespace elastic
