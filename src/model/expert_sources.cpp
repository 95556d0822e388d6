#include "model/expert_sources.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "autograd/ops/group_linear.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/product_keys.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/segment_attention.h"
#include "autograd/ops/segment_mean.h"
#include "base/random.h"

namespace elastic {
namespace {

// Appends `count` different numbers of 0..bound-1 (Floyd's algorithm: as many draws as numbers).
void append_sample(std::int64_t count,
                   std::int64_t bound,
                   RandomStream& random,
                   std::vector<std::int32_t>& out) {
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  for (std::int64_t last = bound - count; last < bound; ++last) {
    const auto drawn =
        static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(last) + 1));
    const bool taken = std::find(out.begin() + begin, out.end(), drawn) != out.end();
    out.push_back(taken ? static_cast<std::int32_t>(last) : drawn);
  }
}

}  // namespace

SharedExperts::SharedExperts(ParameterStore& store, const ModelConfig& config)
    : experts_(store.add("experts",
                         {config.num_experts, config.dim},
                         Init::kNormal,
                         1.0 / std::sqrt(static_cast<double>(config.dim)))) {}

Variable SharedExperts::initial_experts(const Variable& /*x*/,
                                        const Segments& segments,
                                        const Tensor& /*ids*/,
                                        bool /*training*/) {
  return ops::repeat(experts_, segments.size());
}

QueryNetwork::QueryNetwork(ParameterStore& store, const ModelConfig& config, std::int64_t max_len)
    : num_heads_(config.num_heads), stride_(static_cast<std::int32_t>(config.query_stride)) {
  if (config.query_network == "mean") {
    return;
  }
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
}

Variable QueryNetwork::summarise(Variable x, Segments segments) const {
  if (levels_.empty()) {
    return ops::segment_mean(x, segments);
  }
  for (const Level& level : levels_) {
    Segments groups = segments.grouped(stride_);
    x = ops::group_linear(x, segments, groups, stride_, level.pool.weight, level.pool.bias);
    segments = std::move(groups);
    if (level.attends) {
      const Variable z = ops::layer_norm(x, level.norm);
      const Variable mixed = ops::segment_attention(ops::linear(z, level.attention.query),
                                                    ops::linear(z, level.attention.key),
                                                    ops::linear(z, level.attention.value),
                                                    segments,
                                                    segments,
                                                    {num_heads_, /*causal=*/false});
      x = ops::linear_residual(
          mixed, level.attention.output.weight, level.attention.output.bias, x, Dropout{});
    }
  }
  return x;
}

InterestMemory::InterestMemory(ParameterStore& store,
                               const ModelConfig& config,
                               std::int64_t max_len)
    : config_(config) {
  if (config.retrieval == "learned") {
    query_network_ = QueryNetwork(store, config, max_len);
    project_ = make_linear(
        store, "imr.query.project", config.retrieval_heads * config.key_dim, config.dim);
    query_norm_ = make_norm(store, "imr.query.norm", config.key_dim);
    if (config.query_norm == "centred") {
      query_centre_ = QueryCentre(store, "imr.query.mean", config.retrieval_heads * config.key_dim);
    }
    const std::int64_t half = config.key_dim / 2;
    subkeys_ = store.add("imr.subkeys",
                         {config.retrieval_heads, 2, config.pool_subkeys, half},
                         Init::kUniform,
                         1.0 / std::sqrt(static_cast<double>(half)));
  }
  memory_ = store.add("imr.memory",
                      {config.pool_subkeys * config.pool_subkeys, config.dim},
                      Init::kNormal,
                      1.0 / std::sqrt(static_cast<double>(config.dim)));
}

Variable InterestMemory::retrieve(const Variable& x, const Segments& segments, bool training) {
  const Variable summary = query_network_.summarise(x, segments);
  const Variable projected = ops::linear(summary, project_.weight, project_.bias);
  const Shape per_head{segments.size(), config_.retrieval_heads, config_.key_dim};
  const Variable normed = ops::layer_norm(ops::reshape(projected, per_head), query_norm_);
  const Variable query = query_centre_.subtract(ops::reshape(normed, projected.shape()), training);
  ops::ProductKeysResult result =
      ops::product_keys(ops::reshape(query, per_head), subkeys_, memory_, config_.num_experts);
  retrieved_ = {result.indices, result.gates};
  return result.experts;
}

Variable InterestMemory::take(const Tensor& indices) {
  const Tensor& memory = memory_.value();
  Tensor gates(indices.shape(), memory.dtype(), memory.device());
  fill(gates, 1.0);
  retrieved_ = {indices, gates};
  return ops::reshape(ops::gather_rows(memory_, indices),
                      {indices.shape()[0], indices.shape()[1], config_.dim});
}

Tensor InterestMemory::draw(const Segments& segments, const Tensor& ids) const {
  const std::vector<std::int32_t> items = ids.to_vector<std::int32_t>();
  const std::int64_t pool = config_.pool_subkeys * config_.pool_subkeys;
  std::vector<std::int32_t> indices;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    const auto sequence = std::span(items).subspan(static_cast<std::size_t>(segments.begin(b)),
                                                   static_cast<std::size_t>(segments.length(b)));
    RandomStream random(0, RandomPurpose::kRetrieval, hash_bytes(std::as_bytes(sequence)));
    for (std::int64_t head = 0; head < config_.retrieval_heads; ++head) {
      append_sample(config_.num_experts / config_.retrieval_heads, pool, random, indices);
    }
  }
  return Tensor::from(indices, {segments.size(), config_.num_experts}, ids.device());
}

Variable InterestMemory::initial_experts(const Variable& x,
                                         const Segments& segments,
                                         const Tensor& ids,
                                         bool training) {
  if (config_.retrieval == "random") {
    return take(draw(segments, ids));
  }
  if (config_.expert_gate == "none") {
    {
      const NoGrad no_grad;
      (void)retrieve(x, segments, training);
    }
    return take(retrieved_.indices);
  }
  return retrieve(x, segments, training);
}

}  // namespace elastic
