#include "model/interest_memory.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "autograd/ops/group_linear.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/product_keys.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rows.h"
#include "base/random.h"

namespace elastic {
namespace {

// Appends `count` distinct numbers of 0..bound-1 (Floyd's algorithm: one draw per number).
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

InterestMemory::InterestMemory(ParameterStore& store,
                               const ModelConfig& config,
                               std::int64_t max_len)
    : config_(config) {
  if (config.retrieval.experts == ExpertChoice::kLearned) {
    query_network_ = QueryNetwork(store, config, max_len);
    project_ = make_linear(
        store, "imr.query.project", config.retrieval.heads * config.retrieval.key_dim, config.dim);
    query_norm_ = make_norm(store, "imr.query.norm", config.retrieval.key_dim);
    if (config.retrieval.query_norm == QueryNorm::kCentred) {
      query_centre_ =
          QueryCentre(store, "imr.query.mean", config.retrieval.heads * config.retrieval.key_dim);
    }
    const std::int64_t half = config.retrieval.key_dim / 2;
    subkeys_ = store.add("imr.subkeys",
                         {config.retrieval.heads, 2, config.retrieval.pool_subkeys, half},
                         Init::kUniform,
                         1.0 / std::sqrt(static_cast<double>(half)));
    if (config.retrieval.balance > 0.0) {
      balance_ = SubkeyBalance(store, "imr.subkey_bias", config.retrieval);
    }
  }
  memory_ = store.add("imr.memory",
                      {config.retrieval.pool_subkeys * config.retrieval.pool_subkeys, config.dim},
                      Init::kNormal,
                      1.0 / std::sqrt(static_cast<double>(config.dim)));
}

Variable InterestMemory::query(const Variable& x, const Segments& segments, bool training) const {
  const Variable summary = query_network_.summarise(x, segments);
  const Variable projected = ops::linear(summary, project_.weight, project_.bias);
  const Shape per_head{segments.size(), config_.retrieval.heads, config_.retrieval.key_dim};
  const Variable normed = ops::layer_norm(ops::reshape(projected, per_head), query_norm_);
  const Variable centred =
      query_centre_.subtract(ops::reshape(normed, projected.shape()), training);
  return ops::reshape(centred, per_head);
}

InitialExperts InterestMemory::retrieve(const Variable& x,
                                        const Segments& segments,
                                        bool training) const {
  if (config_.retrieval.gate == ExpertGate::kNone) {
    return take(choose(x, segments, training));
  }
  const Variable queries = query(x, segments, training);
  const Tensor bias = balance_.bias();
  if (config_.retrieval.gate == ExpertGate::kValues) {
    const ops::ProductKeyGates chosen =
        ops::product_key_gates(queries, subkeys_, config_.num_experts, bias);
    return take(chosen.indices, chosen.gates);
  }
  const ops::ProductKeysResult result =
      ops::product_keys(queries, subkeys_, memory_, config_.num_experts, bias);
  return {result.experts, {result.indices, result.gates}};
}

Tensor InterestMemory::choose(const Variable& x, const Segments& segments, bool training) const {
  const NoGrad no_grad;
  return ops::product_key_gates(
             query(x, segments, training), subkeys_, config_.num_experts, balance_.bias())
      .indices;
}

InitialExperts InterestMemory::take(const Tensor& indices) const {
  const Tensor& memory = memory_.value();
  Tensor gates(indices.shape(), memory.dtype(), memory.device());
  fill(gates, 1.0);
  const Variable experts = ops::reshape(ops::gather_rows(memory_, indices),
                                        {indices.shape()[0], indices.shape()[1], config_.dim});
  return {experts, {indices, gates}};
}

InitialExperts InterestMemory::take(const Tensor& indices, const Variable& gates) const {
  InitialExperts taken = take(indices);
  Tensor ones({config_.dim, 1}, memory_.value().dtype(), memory_.value().device());
  fill(ones, 1.0);
  const Variable column = ops::reshape(gates, {indices.numel(), 1});
  taken.gates =
      ops::reshape(ops::linear(column, Variable(ones)), taken.experts.shape());  // k D copies
  taken.retrieved.gates = gates.value();
  return taken;
}

Tensor InterestMemory::draw(const Segments& segments, const Tensor& ids) const {
  const std::vector<std::int32_t> items = ids.to_vector<std::int32_t>();
  const std::int64_t pool = config_.retrieval.pool_subkeys * config_.retrieval.pool_subkeys;
  std::vector<std::int32_t> indices;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    const auto sequence = std::span(items).subspan(static_cast<std::size_t>(segments.begin(b)),
                                                   static_cast<std::size_t>(segments.length(b)));
    RandomStream random(0, RandomPurpose::kRetrieval, hash_bytes(std::as_bytes(sequence)));
    for (std::int64_t head = 0; head < config_.retrieval.heads; ++head) {
      append_sample(config_.num_experts / config_.retrieval.heads, pool, random, indices);
    }
  }
  return Tensor::from(indices, {segments.size(), config_.num_experts}, ids.device());
}

InitialExperts InterestMemory::initial_experts(const Variable& x,
                                               const Segments& segments,
                                               const Tensor& ids,
                                               bool training) const {
  if (config_.retrieval.experts == ExpertChoice::kRandom) {
    return take(draw(segments, ids));
  }
  InitialExperts initial = retrieve(x, segments, training);
  if (training) {
    balance_.update(initial.retrieved.indices);
  }
  return initial;
}

}  // namespace elastic
