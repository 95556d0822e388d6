#include "profile/workload.h"

namespace elastic::profile {

double estimate_bytes(const Workload& workload) {
  const ModelConfig& c = workload.model;
  const bool train = workload.phase == Phase::kTrain;
  const double layers = static_cast<double>(c.num_layers);
  const double tokens = static_cast<double>(workload.batch * c.max_len);
  const double row_bytes = 4.0 * static_cast<double>(c.dim);
  // Rows of D floats per token. An attention layer has its norm, query, key, value, result and both
  // residual streams. Training keeps them for backward, which adds the gradients of one layer.
  const double rows_per_token = train ? 8.0 * layers + 10.0 : 9.0;
  // Attention maps that are stored: training keeps one per layer, and one more for the gradient.
  const double maps = c.model == "softmax" ? (train ? layers + 1.0 : 1.0) : 0.0;
  const double map_bytes = 4.0 * tokens * static_cast<double>(c.num_heads * c.max_len);
  const double parameters =
      row_bytes * (static_cast<double>(c.num_items + c.max_len +
                                       c.retrieval.pool_subkeys * c.retrieval.pool_subkeys) +
                   layers * static_cast<double>(10 * c.dim + 2 * c.ffn_dim));
  const double base = 64e6;  // workspace that does not grow with the batch
  return base + parameters * (train ? 5.0 : 1.0) + tokens * row_bytes * rows_per_token +
         maps * map_bytes;
}

}  // namespace elastic::profile
