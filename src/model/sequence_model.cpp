#include "model/sequence_model.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/scope.h"

namespace elastic {

SequenceModel::SequenceModel(const ModelConfig& config, const Kind& kind, ParameterStore store)
    : direction_(kind.direction),
      store_(std::move(store)),
      trunk_(config, direction_, store_, kind.times) {
  if (kind.make_source) {
    source_ = kind.make_source(store_, trunk_.config());
  }
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = concat("layers.", i);
    Layer layer{kind.make_mixer(store_, prefix, trunk_.config()),
                ResidualGate(store_, prefix + ".attention_gate", config),
                std::nullopt};
    if (kind.ffn != Ffn::kNone) {
      ModelConfig config_of_ffn = trunk_.config();
      if (kind.ffn == Ffn::kSwiglu) {
        config_of_ffn.block.ffn = FfnKind::kSwiglu;
      }
      layer.ffn = FeedForward(store_, prefix, config_of_ffn);
    }
    layers_.push_back(std::move(layer));
  }
  if (kind.make_items) {
    items_ = kind.make_items(store_, trunk_.config());
  }
}

Variable SequenceModel::Layer::feed_forward(const Variable& x, const Dropout& dropout) const {
  return ffn ? ffn->apply(x, dropout) : x;
}

PassItems SequenceModel::pass_items(const ForwardMode& mode) {
  const LayerScope scope("items");
  const Variable table = trunk_.items(mode);
  ELASTIC_CHECK(items_ == nullptr || !mode.items.table.defined(), "a pass needs all items");
  PassItems items = items_ == nullptr ? PassItems{table, table} : quantised_items(table);
  items.scored = trunk_.scored().of(items.scored);
  return items;
}

PassItems SequenceModel::quantised_items(const Variable& table) {
  if (!fixed_) {
    return items_->make(table);
  }
  ELASTIC_CHECK(!records({table}), "a pass with fixed weights would be differentiated");
  if (!fixed_items_.input.defined()) {
    fixed_items_ = items_->make(table);
  }
  return fixed_items_;
}

Tensor SequenceModel::scored_items() {
  const NoGrad no_grad;
  return pass_items({}).scored.value();
}

Pass SequenceModel::run(const data::Batch& batch,
                        const ForwardMode& mode,
                        bool last_only,
                        AttentionRecord* record) {
  trunk_.check(batch);
  const PassItems items = pass_items(mode);
  Pass pass;
  pass.scored_items = items.scored;
  MixerState state{
      batch.segments, batch.ids, mode.training, {{}, {}, record}, items.words, batch.times, {}};
  Variable x = trunk_.embed(items.input, batch, mode);
  if (source_ != nullptr) {
    const InitialExperts initial = take_experts(*source_, x, batch.segments, batch.ids, mode);
    state.experts.experts = initial.experts;
    state.experts.gates = initial.gates;
    pass.retrieved = initial.retrieved;
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const LayerScope scope("layer", static_cast<std::int64_t>(i) + 1);
    const Layer& layer = layers_[i];
    const Queries queries = last_only && i + 1 == layers_.size() ? Queries::last(batch.segments)
                                                                 : Queries::all(batch.segments);
    const Variable mixed = layer.mixer->mix(x, state, queries, trunk_.dropout(mode, 2 * i + 1));
    x = layer.gate.close(x, queries, mixed);
    x = layer.feed_forward(x, trunk_.dropout(mode, 2 * i + 2));
  }
  pass.states = trunk_.finish(x);
  return pass;
}

Pass SequenceModel::encode(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, /*last_only=*/false);
}

Pass SequenceModel::encode_last(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, /*last_only=*/true);
}

Streaming* SequenceModel::streaming() {
  const bool all = std::all_of(layers_.begin(), layers_.end(), [](const Layer& layer) {
    return layer.mixer->streaming() != nullptr;
  });
  return all ? this : nullptr;
}

StreamStates SequenceModel::new_streams(std::int64_t users) const {
  if (config().position != PositionEmbedding::kNone) {
    throw UsageError("model ",
                     config().model,
                     ": a stream has no end to count positions from; expected a model trained with "
                     "--position none, got ",
                     choice_name(config().position));
  }
  if (config().time_features == TimeFeatures::kAsked) {
    throw UsageError("model ",
                     config().model,
                     ": a stream does not know the time of the event to predict; expected a model "
                     "trained with --time-features past or none");
  }
  StreamStates states;
  for (const Layer& layer : layers_) {
    const std::vector<Tensor> kept = layer.mixer->streaming()->new_stream(users);
    states.insert(states.end(), kept.begin(), kept.end());
  }
  return states;
}

Variable SequenceModel::advance(const data::Batch& events, StreamStates& states) {
  const NoGrad no_grad;
  const ForwardMode mode;
  const std::size_t per_layer = states.size() / layers_.size();
  MixerState state{events.segments, events.ids, false, {}, {}, events.times, {}};
  Variable x = trunk_.embed(pass_items(mode).input, events, mode);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::span<Tensor> stream = std::span(states).subspan(i * per_layer, per_layer);
    const Layer& layer = layers_[i];
    x = layer.gate.close(x, layer.mixer->streaming()->advance(x, state, stream));
    x = layer.feed_forward(x, Dropout{});
  }
  return trunk_.finish(x);
}

ExpertAttention SequenceModel::explain(const data::Batch& batch) {
  const NoGrad no_grad;
  AttentionRecord record;
  const Pass pass = run(batch, {}, /*last_only=*/true, &record);
  return {pass.retrieved, record.mean()};
}

WeightCache* SequenceModel::weight_cache() {
  const bool any = std::any_of(layers_.begin(), layers_.end(), [](const Layer& layer) {
    return layer.mixer->weight_cache() != nullptr;
  });
  return any || items_ != nullptr || trunk_.caches() ? this : nullptr;
}

void SequenceModel::set_weights_fixed(bool fixed) {
  fixed_ = fixed;
  fixed_items_ = {};
  trunk_.set_weights_fixed(fixed);
  for (const Layer& layer : layers_) {
    if (WeightCache* cache = layer.mixer->weight_cache(); cache != nullptr) {
      cache->set_weights_fixed(fixed);
    }
  }
}

bool SequenceModel::recordable() const {
  return std::all_of(
      layers_.begin(), layers_.end(), [](const Layer& layer) { return layer.mixer->recordable(); });
}

}  // namespace elastic
