// The mixer of elastic-causal: ELASTIC's dispatchers with a prefix softmax, linear in time and
// memory, with a state of fixed size for streams.
#pragma once

#include <optional>

#include "model/layers.h"
#include "model/mixer.h"
#include "model/token_memory.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// ELASTIC's dispatchers with a prefix softmax (this project's own model; docs/models.md). Causal,
/// O(n k). Per head, with e = expert_query(experts) and rate = softplus(decay):
///   s_{a,j} = e_a . key_j / sqrt(Dh)
///   A_{t,a} = sum over j <= t of softmax_j( s_{a,j} - rate_a (t - j) ) value_j
///   o_t = sum_a softmax_a( query_t . (dispatch_key A_{t,a}) / sqrt(Dh) ) dispatch_value A_{t,a}
/// Parameters layers.i.attention.{experts, expert_query.weight, key.weight, value.weight,
/// query.weight, decay, dispatch_key, dispatch_value, output.*}. The experts absorb the key
/// projection, the query projection absorbs dispatch_key, the output projection dispatch_value.
/// With `memory` per-token, the second softmax is over the A_{t,a} and the k experts that the token
/// retrieves (token_memory.h): O(n (k D + (S + k^2) Dk)). Parameters layers.i.attention.memory.*
class CausalDispatcherMixer final : public Mixer, private StreamingMixer {
 public:
  CausalDispatcherMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;
  [[nodiscard]] const StreamingMixer* streaming() const override { return this; }

 private:
  // The log of the softmax's denominator [B, H, k], and A [B, H, k, Dh].
  [[nodiscard]] std::vector<Tensor> new_stream(std::int64_t users) const override;
  Variable advance(const Variable& x, MixerState& state, std::span<Tensor> stream) const override;
  // Dispatched tokens before the output projection, [Q, D]. `stream` may be empty.
  [[nodiscard]] Variable attend(const Variable& x,
                                const Segments& segments,
                                std::span<Tensor> stream,
                                const Queries& queries) const;
  // [D, D] The product [D, D] of each head's matrix with its rows of `weight`: the rows of head h
  // are W_h^T (the head's rows of `weight`), W [H, Dh, Dh].
  [[nodiscard]] Variable absorb(const Variable& heads, const Variable& weight) const;
  [[nodiscard]] Variable output_weight() const;

  std::int64_t num_heads_;
  std::int64_t num_experts_;
  ops::NormVariables norm_;
  Variable experts_, expert_query_, key_, value_, query_, decay_, dispatch_key_, dispatch_value_;
  Linear output_;
  std::optional<TokenMemory> memory_;
};

}  // namespace elastic
