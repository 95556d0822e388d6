#include "model/mean_model.h"

#include <algorithm>
#include <span>
#include <utility>

#include "tensor/shape.h"

namespace elastic {
namespace {

// The columns of float32 matrices of equal height, side by side, times `scale`.
Tensor side_by_side(const std::vector<Tensor>& parts, float scale) {
  const std::int64_t rows = parts.front().rows();
  std::int64_t columns = 0;
  for (const Tensor& part : parts) {
    columns += part.cols();
  }
  std::vector<float> joined(static_cast<std::size_t>(rows * columns));
  std::int64_t first = 0;
  for (const Tensor& part : parts) {
    const std::vector<float> values = part.to_vector<float>();
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto from = values.begin() + row * part.cols();
      std::transform(
          from, from + part.cols(), joined.begin() + row * columns + first, [scale](float value) {
            return scale * value;
          });
    }
    first += part.cols();
  }
  return Tensor::from(joined, {rows, columns}, parts.front().device());
}

// The entries of a tensor [T] int32 at some places; undefined if it is.
Tensor chosen(const Tensor& values, const std::vector<std::int32_t>& places) {
  if (!values.defined()) {
    return {};
  }
  const std::vector<std::int32_t> all = values.to_vector<std::int32_t>();
  std::vector<std::int32_t> result;
  for (const std::int32_t place : places) {
    result.push_back(all[static_cast<std::size_t>(place)]);
  }
  return Tensor::from(result, {static_cast<std::int64_t>(result.size())}, values.device());
}

// The latest `max_len` tokens of each sequence.
data::Batch latest(const data::Batch& batch, std::int64_t max_len) {
  if (batch.segments.max_length() <= max_len) {
    return batch;
  }
  const std::vector<std::int32_t> ids = batch.ids.to_vector<std::int32_t>();
  data::BatchBuilder builder;
  std::vector<std::int32_t> kept;
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const auto read = std::min<std::int64_t>(batch.segments.length(b), max_len);
    for (std::int64_t token = batch.segments.end(b) - read; token < batch.segments.end(b);
         ++token) {
      kept.push_back(static_cast<std::int32_t>(token));
    }
    builder.add(std::span(ids).subspan(static_cast<std::size_t>(batch.segments.begin(b)),
                                       static_cast<std::size_t>(batch.segments.length(b))),
                max_len);
  }
  data::Batch cut = builder.build(batch.ids.device());
  cut.times = {chosen(batch.times.gaps, kept),
               chosen(batch.times.next_gaps, kept),
               chosen(batch.times.seconds, kept),
               chosen(batch.times.next_seconds, kept),
               chosen(batch.times.gap_seconds, kept),
               chosen(batch.times.clock, kept)};
  return cut;
}

}  // namespace

MeanModel::MeanModel(std::vector<std::unique_ptr<Model>> members)
    : members_(std::move(members)), no_parameters_(0, DType::kFloat32, Device::kCpu) {
  require_shape(members_.size() >= 2, "mean of models: expected at least two");
  config_ = members_.front()->config();
  config_.num_item_features = 0;  // there is no vector to add to a row
  for (std::size_t m = 1; m < members_.size(); ++m) {
    const ModelConfig& other = members_[m]->config();
    const Tensor& table = members_[m]->item_table().value();
    require_shape(other.num_items == config_.num_items &&
                      table.dtype() == item_table().value().dtype() &&
                      table.device() == item_table().value().device(),
                  "mean of models: expected equal items, types and devices");
    config_.model += " + " + other.model;
    config_.max_len = std::max(config_.max_len, other.max_len);
    config_.memory_len = std::max(config_.memory_len, other.memory_len);
    config_.dim += other.dim;
    config_.time_features = std::max(config_.time_features, other.time_features);
  }
}

Tensor MeanModel::scored_items() {
  if (fixed_items_.defined()) {
    return fixed_items_;
  }
  std::vector<Tensor> tables;
  for (const auto& member : members_) {
    tables.push_back(member->scored_items());
  }
  Tensor joined = side_by_side(tables, 1.0F);
  if (fixed_) {
    fixed_items_ = joined;
  }
  return joined;
}

Pass MeanModel::join(std::vector<Pass> passes) {
  std::vector<Tensor> states;
  for (const Pass& pass : passes) {
    states.push_back(pass.states.value());
  }
  Pass joined;
  joined.states = Variable(side_by_side(states, 1.0F / static_cast<float>(states.size())));
  joined.scored_items = Variable(scored_items());
  return joined;
}

Pass MeanModel::encode(const data::Batch& batch, const ForwardMode& mode) {
  // States of all tokens differ in number if a member reads less of a sequence.
  std::vector<Pass> passes;
  for (const auto& member : members_) {
    require_shape(batch.segments.max_length() <= member->config().history_len(),
                  "mean of models: a sequence is longer than a model reads");
    passes.push_back(member->encode(batch, mode));
  }
  return join(std::move(passes));
}

Pass MeanModel::encode_last(const data::Batch& batch, const ForwardMode& mode) {
  std::vector<Pass> passes;
  for (const auto& member : members_) {
    passes.push_back(member->encode_last(latest(batch, member->config().history_len()), mode));
  }
  return join(std::move(passes));
}

void MeanModel::set_weights_fixed(bool fixed) {
  fixed_ = fixed;
  fixed_items_ = Tensor();
  for (const auto& member : members_) {
    if (WeightCache* const cache = member->weight_cache()) {
      cache->set_weights_fixed(fixed);
    }
  }
}

}  // namespace elastic
