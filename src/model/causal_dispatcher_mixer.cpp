#include "model/causal_dispatcher_mixer.h"

#include <cmath>
#include <limits>

#include "autograd/ops/elementwise.h"
#include "autograd/ops/heads.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/slot_attention.h"
#include "autograd/ops/slot_gates.h"
#include "autograd/ops/transpose.h"

namespace elastic {
namespace {

// softplus^-1(ln 2 / half-life), half-lives spread geometrically from 1 to max_len events over the
// experts of each head.
std::vector<double> initial_decay(const ModelConfig& config) {
  std::vector<double> values;
  for (std::int64_t h = 0; h < config.num_heads; ++h) {
    for (std::int64_t a = 0; a < config.num_experts; ++a) {
      const double place =
          config.num_experts == 1
              ? 0.5
              : static_cast<double>(a) / static_cast<double>(config.num_experts - 1);
      const double half_life = std::pow(static_cast<double>(config.max_len), place);
      values.push_back(std::log(std::expm1(std::log(2.0) / half_life)));
    }
  }
  return values;
}

}  // namespace

CausalDispatcherMixer::CausalDispatcherMixer(ParameterStore& store,
                                             const std::string& layer,
                                             const ModelConfig& config)
    : num_heads_(config.num_heads),
      num_experts_(config.num_experts),
      norm_(make_norm(store, layer + ".attention_norm", config.dim)) {
  const std::string prefix = layer + ".attention";
  const std::int64_t dim = config.dim;
  const std::int64_t head_dim = dim / num_heads_;
  experts_ = store.add(prefix + ".experts",
                       {num_experts_, dim},
                       Init::kNormal,
                       1.0 / std::sqrt(static_cast<double>(dim)));
  expert_query_ = make_weight(store, prefix + ".expert_query", dim, dim);
  key_ = make_weight(store, prefix + ".key", dim, dim);
  value_ = make_weight(store, prefix + ".value", dim, dim);
  query_ = make_weight(store, prefix + ".query", dim, dim);
  decay_ = store.add(
      prefix + ".decay", {num_heads_, num_experts_}, [&] { return initial_decay(config); });
  const Shape per_head{num_heads_, head_dim, head_dim};
  dispatch_key_ = store.add(prefix + ".dispatch_key", per_head, Init::kXavierUniform);
  dispatch_value_ = store.add(prefix + ".dispatch_value", per_head, Init::kXavierUniform);
  output_ = make_linear(store, prefix + ".output", dim, dim);
  if (config.retrieval.memory == EventMemory::kPerToken) {
    memory_.emplace(store, prefix + ".memory", config);
  }
}

Variable CausalDispatcherMixer::absorb(const Variable& heads, const Variable& weight) const {
  const std::int64_t dim = weight.shape()[0];
  const std::int64_t head_dim = dim / num_heads_;
  const Variable transposed = ops::transpose(ops::reshape(heads, {dim, head_dim}));
  return ops::reshape(
      ops::heads_expand(ops::reshape(transposed, {1, head_dim, dim}), weight, num_heads_),
      {dim, dim});
}

Variable CausalDispatcherMixer::attend(const Variable& x,
                                       const Segments& segments,
                                       std::span<Tensor> stream,
                                       const Queries& queries) const {
  const std::int64_t dim = key_.shape()[0];
  const double scale = attention_scale(dim, num_heads_);
  const Variable z = ops::layer_norm(x, norm_);
  const Variable expert_queries =
      ops::reshape(ops::scale(ops::linear(experts_, expert_query_), scale), {1, num_experts_, dim});
  const Variable score_weight = ops::reshape(ops::heads_expand(expert_queries, key_, num_heads_),
                                             {num_heads_ * num_experts_, dim});
  const Variable scores =
      ops::reshape(ops::linear(z, score_weight), {x.shape()[0], num_heads_, num_experts_});
  const Variable value = ops::linear(z, value_);
  const Variable query = ops::linear(z, ops::scale(absorb(dispatch_key_, query_), scale));
  const Tensor log_sums = stream.empty() ? Tensor() : stream[0];
  const Tensor carried = stream.empty() ? Tensor() : stream[1];
  const Variable gates = ops::prefix_gates(scores, decay_, segments, log_sums);
  if (!memory_) {
    return queries.of(ops::slot_attention(query, value, value, gates, segments, carried));
  }
  const ops::SlotAttention slots =
      ops::slot_attention_with_sums(query, value, value, gates, segments, carried);
  return memory_->join(
      queries.of(z), queries.of(query), {queries.of(slots.out), queries.of(slots.log_sum)});
}

std::vector<Tensor> CausalDispatcherMixer::new_stream(std::int64_t users) const {
  const Tensor& like = key_.value();
  Tensor log_sum({users, num_heads_, num_experts_}, DType::kFloat64, like.device());
  fill(log_sum, -std::numeric_limits<double>::infinity());
  const std::int64_t head_dim = like.cols() / num_heads_;
  return {log_sum,
          zeros({users, num_heads_, num_experts_, head_dim}, DType::kFloat64, like.device())};
}

Variable CausalDispatcherMixer::output_weight() const {
  return ops::transpose(absorb(dispatch_value_, ops::transpose(output_.weight)));
}

Variable CausalDispatcherMixer::mix(const Variable& x,
                                    MixerState& state,
                                    const Queries& queries,
                                    const Dropout& dropout) const {
  return ops::linear_residual(attend(x, state.segments, {}, queries),
                              output_weight(),
                              output_.bias,
                              queries.of(x),
                              dropout);
}

Variable CausalDispatcherMixer::advance(const Variable& x,
                                        MixerState& state,
                                        std::span<Tensor> stream) const {
  return ops::linear_residual(attend(x, state.segments, stream, Queries::all(state.segments)),
                              output_weight(),
                              output_.bias,
                              x,
                              Dropout{});
}

}  // namespace elastic
