#include "model/token_memory.h"

#include <cmath>

#include "autograd/ops/join_experts.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/product_keys.h"
#include "autograd/ops/reshape.h"

namespace elastic {

TokenMemory::TokenMemory(ParameterStore& store,
                         const std::string& prefix,
                         const ModelConfig& config)
    : num_experts_(config.num_experts) {
  const std::int64_t heads = config.retrieval.heads;
  const std::int64_t half = config.retrieval.key_dim / 2;
  project_ = make_linear(store, prefix + ".project", heads * config.retrieval.key_dim, config.dim);
  query_norm_ = make_norm(store, prefix + ".query_norm", config.retrieval.key_dim);
  subkeys_ = store.add(prefix + ".subkeys",
                       {heads, 2, config.retrieval.pool_subkeys, half},
                       Init::kUniform,
                       1.0 / std::sqrt(static_cast<double>(half)));
  table_ = store.add(prefix + ".table",
                     {config.retrieval.pool_subkeys * config.retrieval.pool_subkeys, config.dim},
                     Init::kNormal,
                     1.0 / std::sqrt(static_cast<double>(config.dim)));
}

Variable TokenMemory::join(const Variable& z,
                           const Variable& query,
                           const ops::SlotAttention& slots) const {
  const Variable projected = ops::linear(z, project_.weight, project_.bias);
  const Shape per_head{z.shape()[0], subkeys_.shape()[0], 2 * subkeys_.shape()[3]};
  const Variable retrieval = ops::layer_norm(ops::reshape(projected, per_head), query_norm_);
  const ops::ProductKeyGates chosen = ops::product_key_gates(retrieval, subkeys_, num_experts_);
  return ops::join_experts(slots.out, slots.log_sum, query, table_, chosen.indices, chosen.gates);
}

}  // namespace elastic
