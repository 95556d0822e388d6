// What differs between models: how a layer lets tokens see each other.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autograd/variable.h"
#include "model/attention_record.h"
#include "model/item_quantiser.h"
#include "model/queries.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

class WeightCache;

/// The interest experts of a pass.
struct ExpertState {
  Variable experts;  ///< P [B, k, D]; with expert_start carried, renewed by every layer
  AttentionRecord* record = nullptr;  ///< of a diagnostic pass: what the experts attend to
};

/// What all layers of one pass know of its tokens.
struct MixerState {
  Segments segments;      ///< of the tokens
  Tensor ids{};           ///< the tokens' items, [T]
  bool training = false;  ///< a pass of training: buffers move
  ExpertState experts{};  ///< of models with an ExpertSource
  ItemWords words{};      ///< LISA's
};

/// The mixer of a layer that reads a stream.
class StreamingMixer {
 public:
  virtual ~StreamingMixer() = default;
  /// What the layer keeps of `users` without a past: tensors whose first dimension is `users`.
  [[nodiscard]] virtual std::vector<Tensor> new_stream(std::int64_t users) const = 0;
  /// The sublayer for each user's next tokens x [T, D], after all those before them; updates
  /// `stream` in place. Without dropout.
  virtual Variable advance(const Variable& x,
                           const Segments& segments,
                           std::span<Tensor> stream) const = 0;
};

/// One layer's attention sublayer, its norm and residual included: x + Dropout(mixer(LN(x))).
class Mixer {
 public:
  virtual ~Mixer() = default;

  /// x [T, D] -> [Q, D], one row for each of the queries: the same numbers whether all tokens are
  /// asked for or the last ones, for less work.
  virtual Variable mix(const Variable& x,
                       MixerState& state,
                       const Queries& queries,
                       const Dropout& dropout) const = 0;

  /// Null where the layer cannot read a stream.
  [[nodiscard]] virtual const StreamingMixer* streaming() const { return nullptr; }
  /// Null where the layer makes nothing of its weights alone.
  [[nodiscard]] virtual WeightCache* weight_cache() { return nullptr; }
  /// Whether a device can record a pass (Backend::record) of a batch that is filled up.
  [[nodiscard]] virtual bool recordable() const { return true; }
};

}  // namespace elastic
