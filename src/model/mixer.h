// What differs between models: how a layer lets tokens see each other.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autograd/variable.h"
#include "model/attention_record.h"
#include "model/item_quantiser.h"
#include "model/model.h"
#include "tensor/dropout.h"
#include "tensor/segments.h"

namespace elastic {

/// What one pass carries from layer to layer.
struct MixerState {
  Segments segments;  ///< of the tokens
  Variable experts;   ///< ELASTIC's experts P [B, k, D]; with expert_start carried, renewed by
                      ///< every layer
  /// The layer's tensors of Mixer::new_stream, where the tokens go on from earlier ones; a pass
  /// takes them on.
  std::span<Tensor> stream{};
  bool training = false;              ///< a forward pass of training: buffers move
  Tensor ids{};                       ///< the tokens' items, [T]
  PassItems items{};                  ///< of which LISA counts the codes
  AttentionRecord* record = nullptr;  ///< of a diagnostic pass: what the experts attend to
};

/// One layer's attention sublayer, its norm and residual included: x + Dropout(mixer(LN(x))).
class Mixer {
 public:
  virtual ~Mixer() = default;

  /// x [T, D] -> [T, D].
  virtual Variable forward(const Variable& x, MixerState& state, const Dropout& dropout) const = 0;

  /// Each sequence's last token only, [T, D] -> [B, D]: the same numbers for less work. `last`
  /// holds the rows of the last tokens.
  virtual Variable forward_last(const Variable& x,
                                const Tensor& last,
                                MixerState& state,
                                const Dropout& dropout) const = 0;

  /// What the layer keeps of `users` without a past; nothing where it cannot read a stream.
  [[nodiscard]] virtual std::vector<Tensor> new_stream(std::int64_t /*users*/) const { return {}; }

  /// Whether a device can record a pass (Backend::record) of a batch that is filled up.
  [[nodiscard]] virtual bool recordable() const { return true; }
  /// As Model::set_weights_fixed.
  virtual void set_weights_fixed(bool /*fixed*/) {}
};

/// Gives a pass's tokens their first MixerState: ELASTIC's retrieval. Models without state have
/// none.
class StateSource {
 public:
  virtual ~StateSource() = default;
  /// The experts P^0 for tokens x [T, D] right after the input norm, whose items are `ids` [T]
  /// (read by random retrieval only). In a pass of training buffers move.
  virtual Variable initial_experts(const Variable& x,
                                   const Segments& segments,
                                   const Tensor& ids,
                                   bool training) = 0;
  [[nodiscard]] virtual RetrievedExperts retrieved() const { return {}; }
};

}  // namespace elastic
