// The attention of interest experts per layer, for diagnostics, computed separately from the fused
// kernels.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic {

/// Sums attention weights over the layers of a pass, on the host.
class AttentionRecord {
 public:
  /// One layer: softmax over the tokens of query . key / sqrt(D / H), averaged over the heads.
  /// query [B, k, D]; key [T, D] in `segments`, which may be empty.
  void add_layer(const Variable& query,
                 const Variable& key,
                 const Segments& segments,
                 std::int64_t num_heads);
  /// For each sequence [k, n]: the mean over the layers so far.
  [[nodiscard]] std::vector<std::vector<float>> mean() const;

 private:
  std::vector<std::vector<double>> sums_;  // by sequence
  std::int64_t num_layers_ = 0;
};

}  // namespace elastic
