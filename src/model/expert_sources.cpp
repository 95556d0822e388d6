#include "model/expert_sources.h"

#include <cmath>
#include <utility>

#include "autograd/ops/basic.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/product_keys.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/segment_attention.h"

namespace elastic {

SharedExperts::SharedExperts(ParameterStore& store, const ModelConfig& config)
    : experts_(store.add("experts",
                         {config.num_experts, config.dim},
                         Init::kNormal,
                         1.0 / std::sqrt(static_cast<double>(config.dim)))) {}

Variable SharedExperts::initial_experts(const Variable& /*x*/, const Segments& segments) {
  return ops::repeat(experts_, segments.size());
}

InterestMemory::InterestMemory(ParameterStore& store,
                               const ModelConfig& config,
                               std::int64_t max_len)
    : config_(config) {
  const std::int64_t dim = config.dim;
  std::int64_t length = max_len;
  do {
    length = (length + config.query_stride - 1) / config.query_stride;
    const std::string prefix = concat("imr.query.levels.", levels_.size());
    Level level;
    level.pool = make_linear(store, prefix + ".pool", dim, config.query_stride * dim);
    level.attends = 1 < length && length <= config.query_attention_len;
    if (level.attends) {
      level.norm = make_norm(store, prefix + ".attention_norm", dim);
      level.attention = make_attention(store, prefix + ".attention", dim);
    }
    levels_.push_back(std::move(level));
  } while (length > 1);
  project_ = make_linear(store, "imr.query.project", config.retrieval_heads * config.key_dim, dim);
  query_norm_ = make_norm(store, "imr.query.norm", config.key_dim);
  const std::int64_t half = config.key_dim / 2;
  subkeys_ = store.add("imr.subkeys",
                       {config.retrieval_heads, 2, config.pool_subkeys, half},
                       Init::kUniform,
                       1.0 / std::sqrt(static_cast<double>(half)));
  memory_ = store.add("imr.memory",
                      {config.pool_subkeys * config.pool_subkeys, dim},
                      Init::kNormal,
                      1.0 / std::sqrt(static_cast<double>(dim)));
}

Variable InterestMemory::summarise(Variable x, Segments segments) const {
  for (const Level& level : levels_) {
    const auto stride = static_cast<std::int32_t>(config_.query_stride);
    Segments groups = segments.grouped(stride);
    x = ops::group_linear(x, segments, groups, stride, level.pool.weight, level.pool.bias);
    segments = std::move(groups);
    if (level.attends) {
      const Variable z = ops::layer_norm(x, level.norm);
      const Variable mixed = ops::segment_attention(ops::linear(z, level.attention.query),
                                                    ops::linear(z, level.attention.key),
                                                    ops::linear(z, level.attention.value),
                                                    segments,
                                                    segments,
                                                    {config_.num_heads, /*causal=*/false});
      x = ops::linear_residual(
          mixed, level.attention.output.weight, level.attention.output.bias, x, Dropout{});
    }
  }
  return x;
}

Variable InterestMemory::initial_experts(const Variable& x, const Segments& segments) {
  const Variable summary = summarise(x, segments);
  const Variable projected = ops::linear(summary, project_.weight, project_.bias);
  const Variable query = ops::layer_norm(
      ops::reshape(projected, {segments.size(), config_.retrieval_heads, config_.key_dim}),
      query_norm_);
  ops::ProductKeysResult result = ops::product_keys(query, subkeys_, memory_, config_.num_experts);
  retrieved_ = {result.indices, result.gates};
  return result.experts;
}

}  // namespace elastic
