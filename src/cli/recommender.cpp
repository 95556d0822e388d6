#include "cli/recommender.h"

#include <algorithm>
#include <cmath>

#include "autograd/variable.h"
#include "base/error.h"
#include "data/batch.h"
#include "tensor/backend.h"

namespace elastic::cli {
namespace {
constexpr std::int32_t kNoItem = 0;
}

Recommender::Recommender(std::unique_ptr<Model> model,
                         std::vector<train::ItemName> items,
                         const RecommendOptions& options)
    : model_(std::move(model)), items_(std::move(items)), options_(options) {
  const std::int64_t num_items = model_->config().num_items;
  if (static_cast<std::int64_t>(items_.size()) != num_items) {
    throw CheckpointError(
        "items.tsv: expected the model's ", num_items, " items, got ", items_.size());
  }
  if (options_.top_k < 1) {
    throw UsageError("--top-k: expected 1 or more, got ", options_.top_k);
  }
  options_.top_k = std::min(options_.top_k, num_items);
  model_->set_weights_fixed(true);  // for as long as this serves it
  for (std::size_t i = 0; i < items_.size(); ++i) {
    id_of_.emplace(items_[i].raw_id, static_cast<std::int32_t>(i + 1));
  }
}

KnownHistory Recommender::look_up(std::span<const std::string> raw_ids) const {
  KnownHistory history;
  for (const std::string& raw_id : raw_ids) {
    const auto found = id_of_.find(raw_id);
    if (found == id_of_.end()) {
      ++history.unknown;
    } else {
      history.items.push_back(found->second);
    }
  }
  return history;
}

std::vector<std::vector<RecommendedItem>> Recommender::recommend(
    const std::vector<std::span<const std::int32_t>>& histories) {
  if (histories.empty()) {
    return {};
  }
  const NoGrad no_grad;
  const Device device = model_->item_table().value().device();
  data::BatchBuilder builder;
  eval::ExcludedItems seen;
  for (const std::span<const std::int32_t> history : histories) {
    builder.add(history, model_->config().max_len);
    seen.add_row(options_.filter_seen ? eval::seen_items(history, kNoItem)
                                      : std::vector<std::int32_t>{});
  }
  return best(model_->encode_last(builder.build(device), ForwardMode{}).value(), seen);
}

std::vector<std::vector<RecommendedItem>> Recommender::best(
    const std::vector<std::vector<float>>& states, const eval::ExcludedItems& excluded) {
  if (states.empty()) {
    return {};
  }
  std::vector<float> values;
  for (const std::vector<float>& state : states) {
    values.insert(values.end(), state.begin(), state.end());
  }
  return best(Tensor::from(values,
                           {static_cast<std::int64_t>(states.size()), model_->config().dim},
                           model_->item_table().value().device()),
              excluded);
}

std::vector<std::vector<RecommendedItem>> Recommender::best(const Tensor& hidden,
                                                            const eval::ExcludedItems& excluded) {
  const Tensor table = model_->take_scored_items().value();
  const Device device = table.device();
  const std::int64_t rows = hidden.rows();
  Tensor ids({rows, options_.top_k}, DType::kInt32, device);
  Tensor scores({rows, options_.top_k}, DType::kFloat32, device);
  backend_for(device).top_k(
      hidden, table, excluded.segments(device), excluded.ids(device), ids, scores);

  const std::vector<std::int32_t> id_list = ids.to_vector<std::int32_t>();
  const std::vector<float> score_list = scores.to_vector<float>();
  std::vector<std::vector<RecommendedItem>> answers(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < id_list.size(); ++i) {
    if (id_list[i] != kNoItem) {
      if (!std::isfinite(score_list[i])) {
        throw NotANumberError("predict: the model's scores are not numbers; its training diverged");
      }
      const train::ItemName& item = items_[static_cast<std::size_t>(id_list[i] - 1)];
      answers[i / static_cast<std::size_t>(options_.top_k)].push_back(
          {item.raw_id, item.title, score_list[i]});
    }
  }
  return answers;
}

}  // namespace elastic::cli
