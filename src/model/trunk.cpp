#include "model/trunk.h"

#include <algorithm>
#include <vector>

#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/input_embedding.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/rows.h"
#include "base/error.h"
#include "base/scope.h"

namespace elastic {
namespace {

constexpr double kTableScale = 0.02;

// Each token's position among the latest `max_len` of its sequence, from the front or, with
// `recent`, from the end; earlier tokens have that of the oldest of these. [T] int32.
Tensor clamped_positions(const Segments& segments, bool recent, std::int64_t max_len) {
  const auto last = static_cast<std::int32_t>(max_len) - 1;
  std::vector<std::int32_t> positions;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    const std::int32_t from_end = std::min(segments.length(b) - 1, last);
    for (std::int32_t back = segments.length(b) - 1; back >= 0; --back) {
      positions.push_back(recent ? std::min(back, last) : std::max(0, from_end - back));
    }
  }
  return Tensor::from(positions, {segments.num_tokens()}, segments.device());
}

}  // namespace

Trunk::Trunk(const ModelConfig& config, Direction direction, ParameterStore& store, Times times)
    : config_(config),
      item_table_(store.add(
          "item_embedding.weight", {config.num_items + 1, config.dim}, Init::kNormal, kTableScale)),
      scored_(config.logits.kind) {
  if (item_table_.value().defined()) {  // not in a plan
    Tensor no_item = item_table_.mutable_value().slice(0, 1);
    fill(no_item, 0.0);
  }
  if (config.num_item_features > 0) {
    vectors_.emplace(store, config);
  }
  if (direction != Direction::kWindowed) {
    config_.memory_len = 0;
  }
  if (config_.position == PositionEmbedding::kAuto) {
    config_.position =
        direction == Direction::kCausal ? PositionEmbedding::kForward : PositionEmbedding::kRecent;
  }
  if (config_.position != PositionEmbedding::kNone) {
    position_table_ = store.add(
        "position_embedding.weight", {config.max_len, config.dim}, Init::kNormal, kTableScale);
  }
  const bool at_input = times == Times::kInput;
  if (at_input && reads_times(config_)) {
    gap_table_ = store.add(
        "gap_embedding.weight", {data::kNoGap + 1, config.dim}, Init::kNormal, kTableScale);
  }
  if (at_input && config_.time_features == TimeFeatures::kAsked) {
    next_gap_table_ = store.add(
        "next_gap_embedding.weight", {data::kTimeBuckets, config.dim}, Init::kNormal, kTableScale);
  }
  input_norm_ = make_norm(store, "input_norm", config.dim);
  const double scale = config.logits.kind == LogitKind::kCosine
                           ? config.logits.scale / static_cast<double>(config.dim)
                           : 1.0;
  final_norm_ = make_norm(store, "final_norm", config.dim, scale);
}

Variable Trunk::items(const ForwardMode& mode) {
  if (!vectors_) {
    return mode.items.table.defined() ? mode.items.table : item_table_;
  }
  ELASTIC_CHECK(!mode.items.table.defined(), "a pass with item vectors needs all items");
  return vectors_->add_to(item_table_, mode.learned_rows);
}

void Trunk::set_weights_fixed(bool fixed) {
  if (vectors_) {
    vectors_->set_weights_fixed(fixed);
  }
  scored_.set_weights_fixed(fixed);
}

void Trunk::check(const data::Batch& batch) const {
  const Segments& segments = batch.segments;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    require_shape(segments.length(b) >= 1 && segments.length(b) <= config_.history_len(),
                  "model: sequence ",
                  b,
                  " has ",
                  segments.length(b),
                  " events, expected 1 to ",
                  config_.memory_len > config_.max_len ? "memory_len " : "max_len ",
                  config_.history_len());
  }
  require_shape(!reads_times(config_) || batch.times.gaps.defined(),
                "model: it reads the times of events, the batch has none");
  require_shape(config_.time_features != TimeFeatures::kAsked || batch.times.next_gaps.defined(),
                "model: it reads the time of the event to predict, the batch has none");
}

Tensor Trunk::positions(const Segments& segments) const {
  if (!position_table_.defined()) {
    return {};
  }
  const bool recent = config_.position == PositionEmbedding::kRecent;
  return segments.max_length() > config_.max_len
             ? clamped_positions(segments, recent, config_.max_len)
             : segments.positions(recent);
}

Variable Trunk::timed_sum(const Variable& items,
                          const Tensor& rows,
                          const data::Batch& batch) const {
  Variable x =
      ops::add(ops::gather_rows(items, rows), ops::gather_rows(gap_table_, batch.times.gaps));
  if (next_gap_table_.defined()) {
    x = ops::add(x, ops::gather_rows(next_gap_table_, batch.times.next_gaps));
  }
  if (position_table_.defined()) {
    x = ops::add(x, ops::gather_rows(position_table_, positions(batch.segments)));
  }
  return x;
}

Variable Trunk::embed(const Variable& items,
                      const data::Batch& batch,
                      const ForwardMode& mode) const {
  const LayerScope scope("input");
  if (gap_table_.defined()) {
    const Tensor& rows = mode.items.table.defined() ? mode.items.tokens : batch.ids;
    return ops::dropout(ops::layer_norm(timed_sum(items, rows, batch), input_norm_),
                        dropout(mode, 0));
  }
  return ops::input_embedding(items,
                              position_table_,
                              mode.items.table.defined() ? mode.items.tokens : batch.ids,
                              positions(batch.segments),
                              input_norm_,
                              dropout(mode, 0));
}

Variable Trunk::finish(const Variable& x) const {
  const LayerScope scope("final norm");
  return ops::layer_norm(x, final_norm_);
}

Dropout Trunk::dropout(const ForwardMode& mode, std::size_t place) const {
  if (!mode.training) {
    return {};
  }
  const auto stream = static_cast<std::uint32_t>(place) + (mode.shard << 16);
  return {config_.dropout, mode.seed, mode.step, stream};
}

}  // namespace elastic
