#include "model/layers.h"

#include <cmath>
#include <vector>

#include "autograd/ops/linear.h"
#include "autograd/ops/silu.h"

namespace elastic {

ops::NormVariables make_norm(ParameterStore& store,
                             const std::string& prefix,
                             std::int64_t dim,
                             double weight) {
  const Variable weights = store.add(prefix + ".weight", {dim}, [dim, weight] {
    return std::vector<double>(static_cast<std::size_t>(dim), weight);
  });
  const Variable bias = store.add(prefix + ".bias", {dim}, Init::kZeros);
  return {weights, bias};
}

Variable make_weight(ParameterStore& store,
                     const std::string& prefix,
                     std::int64_t out,
                     std::int64_t in) {
  return store.add(prefix + ".weight", {out, in}, Init::kXavierUniform);
}

Linear make_linear(ParameterStore& store,
                   const std::string& prefix,
                   std::int64_t out,
                   std::int64_t in) {
  const Variable weight = make_weight(store, prefix, out, in);
  return {weight, store.add(prefix + ".bias", {out}, Init::kZeros)};
}

AttentionWeights make_attention(ParameterStore& store,
                                const std::string& prefix,
                                std::int64_t dim) {
  const Variable query = make_weight(store, prefix + ".query", dim, dim);
  const Variable key = make_weight(store, prefix + ".key", dim, dim);
  const Variable value = make_weight(store, prefix + ".value", dim, dim);
  return {query, key, value, make_linear(store, prefix + ".output", dim, dim)};
}

Variable silu_linear(const Variable& z, const Variable& weight) {
  return ops::silu(ops::linear(z, weight));
}

double attention_scale(std::int64_t dim, std::int64_t num_heads) {
  return 1.0 / std::sqrt(static_cast<double>(dim / num_heads));
}

ops::FfnVariables make_ffn(ParameterStore& store,
                           const std::string& norm_prefix,
                           const std::string& prefix,
                           std::int64_t dim,
                           std::int64_t ffn_dim) {
  const ops::NormVariables norm = make_norm(store, norm_prefix, dim);
  const Linear up = make_linear(store, prefix + ".up", ffn_dim, dim);
  const Linear down = make_linear(store, prefix + ".down", dim, ffn_dim);
  return {norm, up.weight, up.bias, down.weight, down.bias};
}

}  // namespace elastic
