#include "model/linformer_mixer.h"

#include <cmath>

#include "autograd/ops/linear.h"
#include "autograd/ops/project_tokens.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/segment_attention.h"

namespace elastic {
namespace {

Variable make_projection(ParameterStore& store,
                         const std::string& name,
                         const ModelConfig& config) {
  return store.add(name,
                   {config.num_experts, config.max_len},
                   Init::kNormal,
                   1.0 / std::sqrt(static_cast<double>(config.max_len)));
}

// Each sequence's tokens projected to k rows, times a weight: [B k, D].
Variable projected(const Variable& z,
                   const Variable& projection,
                   const Variable& weight,
                   const Segments& segments) {
  const Variable rows = ops::project_tokens(z, projection, segments);
  return ops::linear(ops::reshape(rows, {rows.shape().rows(), rows.shape()[-1]}), weight);
}

}  // namespace

LinformerMixer::LinformerMixer(ParameterStore& store,
                               const std::string& layer,
                               const ModelConfig& config)
    : AttentionMixer(store, layer, config),
      key_projection_(make_projection(store, layer + ".attention.key_projection", config)),
      value_projection_(make_projection(store, layer + ".attention.value_projection", config)) {}

Variable LinformerMixer::attend(const Variable& from,
                                const Segments& queries,
                                const Variable& z,
                                const Segments& keys) const {
  const auto num_rows = static_cast<std::int32_t>(key_projection_.shape()[0]);
  return ops::segment_attention(ops::linear(from, weights().query),
                                projected(z, key_projection_, weights().key, keys),
                                projected(z, value_projection_, weights().value, keys),
                                queries,
                                Segments::uniform(keys.size(), num_rows, keys.device()),
                                {num_heads(), /*causal=*/false});
}

}  // namespace elastic
