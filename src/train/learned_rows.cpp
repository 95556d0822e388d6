#include "train/learned_rows.h"

#include "base/random.h"
#include "model/item_vectors.h"
#include "train/initial_weights.h"

namespace elastic::train {
namespace {

std::vector<double> host_values(const Tensor& tensor) {
  if (tensor.dtype() == DType::kFloat64) {
    return tensor.to_vector<double>();
  }
  const std::vector<float> values = tensor.to_vector<float>();
  return {values.begin(), values.end()};
}

Tensor upload(const std::vector<std::int32_t>& rows, Device device) {
  return Tensor::from(rows, {std::ssize(rows)}, device);
}

}  // namespace

LearnedRows::LearnedRows(const Model& model,
                         const data::Split& split,
                         double share,
                         std::uint64_t seed)
    : share_(share), seed_(seed), device_(model.item_table().value().device()) {
  const Tensor features = item_features(model);
  if (!features.defined()) {
    return;
  }
  const std::vector<double> values = host_values(features);
  const auto width = static_cast<std::size_t>(features.cols());
  const std::vector<std::int64_t> events = split.popularity(data::Subset::kValidation);
  has_vector_.assign(events.size(), false);
  for (std::size_t i = 0; i < values.size(); ++i) {
    has_vector_[i / width] = has_vector_[i / width] || values[i] != 0.0;
  }
  for (std::size_t item = 1; item < events.size(); ++item) {
    const bool by_vector_alone = has_vector_[item] && events[item] == 0;
    (by_vector_alone ? untrained_ : trained_).push_back(static_cast<std::int32_t>(item));
  }
  if (share_ == 0.0 && !untrained_.empty()) {
    same_rows_ = upload(trained_, device_);
  }
}

void LearnedRows::clear_untrained(const Model& model, const Optimizer& optimizer) const {
  if (untrained_.empty()) {
    return;
  }
  std::vector<Tensor> tables{model.item_table().value()};
  for (const NamedTensor& moment : optimizer.state()) {
    if (moment.name.ends_with(item_table_name(model))) {
      tables.push_back(moment.tensor);
    }
  }
  for (const Tensor& table : tables) {
    for (const std::int32_t item : untrained_) {
      Tensor row = table.slice(item, item + 1);
      fill(row, 0.0);
    }
  }
}

Tensor LearnedRows::of(std::uint32_t step) const {
  if (share_ == 0.0 || has_vector_.empty()) {
    return same_rows_;
  }
  RandomStream random(seed_, RandomPurpose::kIdDropout, step);
  std::vector<std::int32_t> rows;
  for (const std::int32_t item : trained_) {
    const bool dropped = random.uniform() < share_;
    if (!dropped || !has_vector_[static_cast<std::size_t>(item)]) {
      rows.push_back(item);
    }
  }
  return upload(rows, device_);
}

}  // namespace elastic::train
