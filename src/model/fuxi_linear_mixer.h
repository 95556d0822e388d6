// The mixer of fuxi-linear: three channels of linear attention, by content, times and positions,
// with a state of fixed size for streams.
#pragma once

#include <optional>
#include <vector>

#include "autograd/ops/retention.h"
#include "model/layers.h"
#include "model/mixer.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// FuXi-Linear's channels (Ye et al., arXiv 2602.23671; docs/models.md). Causal, O(n). With z =
/// LN_attention(x), a channel c yields a_c, and
///   y = x + sum over c of output_c( Dropout( silu(gate_c(z)) * LN_no_parameters(a_c) ) )
/// - retention: query, key and value silu(z W^T), a decay a head;
/// - temporal, with time features: sines and cosines of the time between two events, of
///   `time_periods` periods that decay, times value(z);
/// - positional, with positions: products of two rows of a table [N, 32], times value(z).
/// Parameters layers.i.attention_norm.* and layers.i.attention: {query, key, value, gate}.weight,
/// output.*, decay [H]; temporal.{value, gate, output}.weight, temporal.decay [C], temporal.mix [2
/// C]; positional.{value, gate, output}.weight, positional.table [N, 32], positional.mix [1].
class FuxiLinearMixer final : public Mixer, private StreamingMixer {
 public:
  /// Throws UsageError unless the model reads no times or D is divisible by 2 `time_periods`.
  FuxiLinearMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config);
  Variable mix(const Variable& x,
               MixerState& state,
               const Queries& queries,
               const Dropout& dropout) const override;
  [[nodiscard]] const StreamingMixer* streaming() const override { return this; }
  /// Not with positions, which the host counts.
  [[nodiscard]] bool recordable() const override { return !positional_.has_value(); }

 private:
  struct Channel {
    Variable value;
    Variable gate;
    Variable output;
  };
  struct Temporal {
    Channel channel;
    Variable decay;
    Variable mix;
  };
  struct Positional {
    Channel channel;
    Variable table;
    Variable mix;
  };

  // The states of retention [B, H, Dh, Dh] and of the temporal channel [B, 2 C, 2, D / (2 C)].
  [[nodiscard]] std::vector<Tensor> new_stream(std::int64_t users) const override;
  Variable advance(const Variable& x, MixerState& state, std::span<Tensor> stream) const override;
  // `stream` may be empty.
  [[nodiscard]] Variable apply(const Variable& x,
                               MixerState& state,
                               const Queries& queries,
                               const Dropout& dropout,
                               std::span<Tensor> stream) const;
  // The channels' results a_c for all tokens, [T, D] each.
  [[nodiscard]] Variable retained(const Variable& z,
                                  const Segments& segments,
                                  const Tensor& kept) const;
  [[nodiscard]] Variable timed(const Temporal& temporal,
                               const Variable& z,
                               MixerState& state,
                               const Tensor& kept) const;
  [[nodiscard]] Variable placed(const Positional& positional,
                                const Variable& z,
                                const Segments& segments) const;

  std::int64_t num_heads_;
  std::int64_t periods_;
  bool asked_;  // the temporal channel asks at the time of the next event
  ops::NormVariables norm_;
  Variable query_, key_, decay_;
  Channel retention_;
  Variable bias_;
  std::optional<Temporal> temporal_;
  std::optional<Positional> positional_;
};

}  // namespace elastic
