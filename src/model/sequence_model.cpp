#include "model/sequence_model.h"

#include "autograd/ops/input_embedding.h"
#include "base/error.h"

namespace elastic {
namespace {

constexpr double kTableScale = 0.02;

// Dropout streams: 0 is the input, layer i has 2 i + 1 and 2 i + 2.
Dropout dropout_of(const ModelConfig& config, const ForwardMode& mode, std::size_t stream) {
  if (!mode.training) {
    return {};
  }
  return {config.dropout, mode.seed, mode.step, static_cast<std::uint32_t>(stream)};
}

ModelConfig resolved(ModelConfig config, Direction direction) {
  if (config.position == "auto") {
    config.position = direction == Direction::kCausal ? "forward" : "recent";
  }
  return config;
}

}  // namespace

SequenceModel::SequenceModel(
    const ModelConfig& config, const Kind& kind, std::uint64_t seed, DType dtype, Device device)
    : config_(resolved(config, kind.direction)),
      direction_(kind.direction),
      store_(seed, dtype, device) {
  item_table_ = store_.add(
      "item_embedding.weight", {config.num_items + 1, config.dim}, Init::kNormal, kTableScale);
  Tensor no_item = item_table_.mutable_value().slice(0, 1);
  backend_for(device).fill(no_item, 0.0);
  if (config_.position != "none") {
    position_table_ = store_.add(
        "position_embedding.weight", {config.max_len, config.dim}, Init::kNormal, kTableScale);
  }
  input_norm_ = make_norm(store_, "input_norm", config.dim);
  if (kind.make_source) {
    source_ = kind.make_source(store_, config_);
  }
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = concat("layers.", i);
    Layer layer;
    layer.mixer = kind.make_mixer(store_, prefix, config_);
    layer.ffn = make_ffn(store_, prefix + ".ffn_norm", prefix + ".ffn", config.dim, config.ffn_dim);
    layers_.push_back(std::move(layer));
  }
  final_norm_ = make_norm(store_, "final_norm", config.dim);
}

Variable SequenceModel::embed(const data::Batch& batch, const ForwardMode& mode) const {
  const Segments& segments = batch.segments;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    require_shape(segments.length(b) >= 1 && segments.length(b) <= config_.max_len,
                  "model: sequence ",
                  b,
                  " has ",
                  segments.length(b),
                  " events, expected 1 to max_len ",
                  config_.max_len);
  }
  return ops::input_embedding(
      item_table_,
      position_table_,
      batch.ids,
      position_table_.defined() ? segments.positions(config_.position == "recent") : Tensor(),
      input_norm_,
      dropout_of(config_, mode, 0));
}

Variable SequenceModel::run(const data::Batch& batch, const ForwardMode& mode, bool last_only) {
  Variable x = embed(batch, mode);
  MixerState state{batch.segments, {}};
  if (source_ != nullptr) {
    state.experts = source_->initial_experts(x, batch.segments);
  }
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const Layer& layer = layers_[i];
    const Dropout mixer_dropout = dropout_of(config_, mode, 2 * i + 1);
    const Dropout ffn_dropout = dropout_of(config_, mode, 2 * i + 2);
    x = last_only && i + 1 == layers_.size()
            ? layer.mixer->forward_last(x, batch.segments.last_tokens(), state, mixer_dropout)
            : layer.mixer->forward(x, state, mixer_dropout);
    x = ops::ffn(x, layer.ffn, ffn_dropout);
  }
  return ops::layer_norm(x, final_norm_);
}

Variable SequenceModel::encode(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, /*last_only=*/false);
}

Variable SequenceModel::encode_last(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, /*last_only=*/true);
}

RetrievedExperts SequenceModel::retrieved() const {
  return source_ == nullptr ? RetrievedExperts{} : source_->retrieved();
}

}  // namespace elastic
