// The mixer of a layer: how tokens see each other, the part that differs between models.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autograd/ops/time_phases.h"
#include "autograd/variable.h"
#include "data/token_times.h"
#include "model/attention_record.h"
#include "model/item_quantiser.h"
#include "model/queries.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

class WeightCache;

/// The interest experts of a pass.
struct ExpertState {
  Variable experts;  ///< P [B, k, D]; with expert_start carried, updated by every layer
  Variable gates{};  ///< [B, k, D]: InitialExperts::gates
  AttentionRecord* record = nullptr;  ///< of a diagnostic pass: the experts' attention
};

/// The state that all layers of a pass share.
struct MixerState {
  Segments segments;          ///< of the tokens
  Tensor ids{};               ///< the tokens' items, [T]
  bool training = false;      ///< training: the pass updates buffers
  ExpertState experts{};      ///< of models with an ExpertSource
  ItemWords words{};          ///< LISA's
  data::TimeTensors times{};  ///< of the tokens, if the model reads times
  ops::TimePhases phases{};   ///< made from them by the first layer that reads them
};

/// The mixer of a layer that reads a stream.
class StreamingMixer {
 public:
  virtual ~StreamingMixer() = default;
  /// The layer's stream state for `users` new users: tensors whose first dimension is `users`.
  [[nodiscard]] virtual std::vector<Tensor> new_stream(std::int64_t users) const = 0;
  /// Applies the sublayer to each user's next tokens x [T, D], those of `state`, without dropout,
  /// and updates `stream` in place.
  virtual Variable advance(const Variable& x,
                           MixerState& state,
                           std::span<Tensor> stream) const = 0;
};

/// One layer's attention sublayer, including norm and residual: x + Dropout(mixer(LN(x))).
class Mixer {
 public:
  virtual ~Mixer() = default;

  /// x [T, D] -> [Q, D], one row per query. The last tokens' rows are the same if only they are
  /// queried, for less work.
  virtual Variable mix(const Variable& x,
                       MixerState& state,
                       const Queries& queries,
                       const Dropout& dropout) const = 0;

  /// Null if the layer cannot read a stream.
  [[nodiscard]] virtual const StreamingMixer* streaming() const { return nullptr; }
  /// Null if the layer caches nothing.
  [[nodiscard]] virtual WeightCache* weight_cache() { return nullptr; }
  /// Whether a device can record a pass (Backend::record) over a padded batch.
  [[nodiscard]] virtual bool recordable() const { return true; }
};

}  // namespace elastic
