#include "model/sequence_model.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace elastic {

SequenceModel::SequenceModel(
    const ModelConfig& config, const Kind& kind, std::uint64_t seed, DType dtype, Device device)
    : direction_(kind.direction), store_(seed, dtype, device), trunk_(config, direction_, store_) {
  if (kind.make_source) {
    source_ = kind.make_source(store_, trunk_.config());
  }
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = concat("layers.", i);
    Layer layer;
    layer.mixer = kind.make_mixer(store_, prefix, trunk_.config());
    layer.ffn = make_ffn(store_, prefix + ".ffn_norm", prefix + ".ffn", config.dim, config.ffn_dim);
    layers_.push_back(std::move(layer));
  }
  if (kind.make_items) {
    items_ = kind.make_items(store_, trunk_.config());
  }
}

PassItems SequenceModel::pass_items() {
  const Variable& table = trunk_.item_table();
  if (items_ == nullptr) {
    return {table, table, {}, {}};
  }
  if (!fixed_) {
    return items_->make(table);
  }
  ELASTIC_CHECK(!records({table}), "a pass with fixed weights would be differentiated");
  if (!fixed_items_.input.defined()) {
    fixed_items_ = items_->make(table);
  }
  return fixed_items_;
}

Variable SequenceModel::take_scored_items() {
  if (items_ == nullptr) {
    return trunk_.item_table();
  }
  if (fixed_) {
    const NoGrad no_grad;
    return pass_items().scored;
  }
  ELASTIC_CHECK(scored_.defined(), "scored items were asked for twice, or before a pass");
  return std::exchange(scored_, {});
}

void SequenceModel::set_weights_fixed(bool fixed) {
  fixed_ = fixed;
  fixed_items_ = {};
  for (const Layer& layer : layers_) {
    layer.mixer->set_weights_fixed(fixed);
  }
}

Variable SequenceModel::run(const data::Batch& batch,
                            const ForwardMode& mode,
                            bool last_only,
                            StreamStates* streams,
                            AttentionRecord* record) {
  if (streams == nullptr) {
    trunk_.check(batch);
  }
  ELASTIC_CHECK(!mode.items.table.defined() || reads_item_rows(), "a pass needs all items");
  MixerState state{batch.segments, {}, {}, mode.training, batch.ids, pass_items(), record};
  scored_ = fixed_ ? Variable() : state.items.scored;
  Variable x = trunk_.embed(state.items.input, batch, mode);
  if (source_ != nullptr) {
    state.experts = source_->initial_experts(x, batch.segments, batch.ids, mode.training);
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const Dropout mixer_dropout = trunk_.dropout(mode, 2 * i + 1);
    if (streams != nullptr) {
      const std::size_t per_layer = streams->size() / layers_.size();
      state.stream = std::span(*streams).subspan(i * per_layer, per_layer);
    }
    x = last_only && i + 1 == layers_.size()
            ? layer.mixer->forward_last(x, batch.segments.last_tokens(), state, mixer_dropout)
            : layer.mixer->forward(x, state, mixer_dropout);
    x = ops::ffn(x, layer.ffn, trunk_.dropout(mode, 2 * i + 2));
  }
  return trunk_.finish(x);
}

Variable SequenceModel::encode(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, /*last_only=*/false);
}

Variable SequenceModel::encode_last(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, /*last_only=*/true);
}

StreamStates SequenceModel::new_streams(std::int64_t users) const {
  StreamStates states;
  for (const Layer& layer : layers_) {
    const std::vector<Tensor> kept = layer.mixer->new_stream(users);
    states.insert(states.end(), kept.begin(), kept.end());
  }
  if (states.empty()) {
    return Model::new_streams(users);
  }
  if (config().position != PositionEmbedding::kNone) {
    throw UsageError("model ",
                     config().model,
                     ": a stream has no end to count positions from; expected a model trained with "
                     "--position none, got ",
                     choice_name(config().position));
  }
  return states;
}

Variable SequenceModel::advance(const data::Batch& events, StreamStates& states) {
  const NoGrad no_grad;
  return run(events, {}, /*last_only=*/false, &states);
}

ExpertAttention SequenceModel::explain(const data::Batch& batch) {
  if (source_ == nullptr) {
    return Model::explain(batch);
  }
  const NoGrad no_grad;
  AttentionRecord record;
  (void)run(batch, {}, /*last_only=*/true, nullptr, &record);
  return {retrieved(), record.mean()};
}

bool SequenceModel::recordable() const {
  return std::all_of(
      layers_.begin(), layers_.end(), [](const Layer& layer) { return layer.mixer->recordable(); });
}

RetrievedExperts SequenceModel::retrieved() const {
  return source_ == nullptr ? RetrievedExperts{} : source_->retrieved();
}

}  // namespace elastic
