#include "cli/asking/recommender.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "data/batch.h"
#include "eval/finite_states.h"
#include "tensor/backend.h"
#include "tensor/kernels/ranking.h"
#include "tensor/kernels/rows.h"

namespace elastic::cli {
namespace {
constexpr std::int32_t kNoItem = 0;
constexpr std::size_t kNamedUnknown = 10;
// Encoding a catalogue takes as long as about so many passes over it save.
constexpr int kPassesWorthCodes = 8;
// Numbers of a catalogue that is worth encoding: 16,384 items of 64.
constexpr std::int64_t kLeastCodedNumbers = std::int64_t{1} << 20;

Tensor gather(const Tensor& table, const std::vector<std::int32_t>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  Tensor out({count, table.cols()}, table.dtype(), table.device());
  run(kernels::GatherRows{table, Tensor::from(rows, {count}, table.device()), out});
  return out;
}

// The positions, from 1, in `candidates` of the `items` that are among them. Both are sorted.
std::vector<std::int32_t> places_of(const std::vector<std::int32_t>& items,
                                    const std::vector<std::int32_t>& candidates) {
  std::vector<std::int32_t> places;
  for (const std::int32_t item : items) {
    const auto found = std::lower_bound(candidates.begin(), candidates.end(), item);
    if (found != candidates.end() && *found == item) {
      places.push_back(static_cast<std::int32_t>(found - candidates.begin()) + 1);
    }
  }
  return places;
}
}  // namespace

std::vector<std::int32_t> sorted_distinct(std::vector<std::int32_t> items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
}

Recommender::Recommender(std::unique_ptr<Model> model,
                         std::vector<train::ItemName> items,
                         const RecommendOptions& options)
    : model_(std::move(model)), fixed_(*model_), items_(std::move(items)), options_(options) {
  const std::int64_t num_items = model_->config().num_items;
  if (static_cast<std::int64_t>(items_.size()) != num_items) {
    throw CheckpointError(
        "items.tsv: expected the model's ", num_items, " items, got ", items_.size());
  }
  options_.top_k = std::min(options_.top_k, num_items);
  for (const train::ItemName& item : items_) {
    ids_.add(item.raw_id);
  }
  ELASTIC_CHECK(ids_.size() == num_items, "items with equal ids");
}

KnownItems Recommender::look_up(std::span<const std::string> raw_ids) const {
  KnownItems known;
  for (std::size_t place = 0; place < raw_ids.size(); ++place) {
    const std::string& raw_id = raw_ids[place];
    if (const std::optional<std::int32_t> number = ids_.find(raw_id)) {
      known.items.push_back(*number + 1);
      known.places.push_back(place);
      continue;
    }
    known.add_unknown(raw_id);
  }
  return known;
}

void KnownItems::add_unknown(const std::string& raw_id) {
  ++unknown;
  if (unknown_ids.size() < kNamedUnknown) {
    unknown_ids.push_back(raw_id);
  }
}

Tensor Recommender::encode(const std::vector<TimedHistory>& histories) {
  data::BatchBuilder builder;
  for (const TimedHistory& history : histories) {
    builder.add(history.items, model_->config().history_len(), history.times);
  }
  const Device device = model_->item_table().value().device();
  const Tensor states = model_->encode_last(builder.build(device), ForwardMode{}).states.value();
  eval::require_finite_states(states);
  return states;
}

std::vector<std::vector<RecommendedItem>> Recommender::recommend(
    const std::vector<Request>& requests) {
  std::vector<TimedHistory> histories;
  std::vector<std::size_t> with_history;
  std::vector<std::int32_t> items;
  std::vector<std::size_t> with_item;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (requests[i].item == kNoItem) {
      histories.push_back({requests[i].history, requests[i].times});
      with_history.push_back(i);
    } else {
      items.push_back(requests[i].item);
      with_item.push_back(i);
    }
  }
  Answers answers(requests.size());
  if (!histories.empty()) {
    count_pass(histories.size());
    const Tensor hidden = encode(histories);
    answer(requests, with_history, hidden, model_->scored_items(), answers);
  }
  if (!items.empty()) {
    answer(requests, with_item, gather(unit_items(), items), unit_items(), answers);
  }
  return answers;
}

void Recommender::answer(const std::vector<Request>& requests,
                         const std::vector<std::size_t>& places,
                         const Tensor& queries,
                         const Tensor& table,
                         Answers& answers) const {
  std::vector<std::int32_t> rows;  // of requests with the common candidates
  std::vector<std::vector<std::int32_t>> shared_excluded;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const Request& request = requests[places[i]];
    const auto row = static_cast<std::int32_t>(i);
    const std::int64_t top_k = top_k_of(request);
    if (request.candidates == nullptr && top_k <= options_.top_k) {
      rows.push_back(row);
      shared_excluded.push_back(excluded_items(request));
    } else {
      answers[places[i]] = std::move(best_of(queries.slice(row, row + 1),
                                             table,
                                             {excluded_items(request)},
                                             candidates_of(request),
                                             top_k)
                                         .front());
    }
  }
  if (rows.empty()) {
    return;
  }
  const bool all = rows.size() == places.size();
  Answers shared = best_of(all ? queries : gather(queries, rows),
                           table,
                           shared_excluded,
                           candidates_of({}),
                           options_.top_k);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::size_t place = places[static_cast<std::size_t>(rows[i])];
    const auto top_k = static_cast<std::size_t>(top_k_of(requests[place]));
    answers[place] = std::move(shared[i]);
    answers[place].resize(std::min(answers[place].size(), top_k));
  }
}

void Recommender::expect_many_questions() {
  if (coded_items_.defined() || !candidates_.empty()) {
    return;
  }
  const Tensor table = model_->scored_items();
  if (table.numel() >= kLeastCodedNumbers) {
    codes_ = encode_items(table);
    coded_items_ = table;
  }
}

void Recommender::count_pass(std::size_t questions) {
  if (static_cast<std::int64_t>(questions) <= kMostCodedRows && ++passes_ == kPassesWorthCodes) {
    expect_many_questions();
  }
}

std::vector<std::int32_t> Recommender::excluded_items(const Request& request) const {
  std::vector<std::int32_t> items = excluded_;
  items.insert(items.end(), request.excluded.begin(), request.excluded.end());
  if (request.item != kNoItem) {
    items.push_back(request.item);
  } else if (options_.filter_seen) {
    items.insert(items.end(), request.history.begin(), request.history.end());
  }
  return sorted_distinct(std::move(items));
}

const std::vector<std::int32_t>* Recommender::candidates_of(const Request& request) const {
  return request.candidates == nullptr && !candidates_.empty() ? &candidates_ : request.candidates;
}

std::int64_t Recommender::top_k_of(const Request& request) const {
  return request.top_k == 0 ? options_.top_k : std::min(request.top_k, model_->config().num_items);
}

std::vector<std::vector<RecommendedItem>> Recommender::best_of(
    const Tensor& queries,
    const Tensor& table,
    const std::vector<std::vector<std::int32_t>>& excluded,
    const std::vector<std::int32_t>* candidates,
    std::int64_t top_k) const {
  eval::ExcludedItems left_out;
  for (const std::vector<std::int32_t>& items : excluded) {
    left_out.add_row(candidates == nullptr ? items : places_of(items, *candidates));
  }
  if (candidates == nullptr) {
    return best(queries, table, left_out, {}, top_k);
  }
  std::vector<std::int32_t> ids{kNoItem};
  ids.insert(ids.end(), candidates->begin(), candidates->end());
  return best(queries, gather(table, ids), left_out, ids, top_k);
}

// A zero vector stays zero: its cosine with any other is 0.
const Tensor& Recommender::unit_items() {
  if (!unit_items_.defined()) {
    const Tensor table = model_->scored_items();
    std::vector<float> values = table.to_vector<float>();
    const auto dim = static_cast<std::size_t>(table.cols());
    for (std::size_t begin = 0; begin < values.size(); begin += dim) {
      double squares = 0.0;
      for (std::size_t d = begin; d < begin + dim; ++d) {
        squares += double{values[d]} * double{values[d]};
      }
      const double scale = squares > 0.0 ? 1.0 / std::sqrt(squares) : 0.0;
      for (std::size_t d = begin; d < begin + dim; ++d) {
        values[d] = static_cast<float>(scale * double{values[d]});
      }
    }
    unit_items_ = Tensor::from(values, table.shape(), table.device());
  }
  return unit_items_;
}

std::vector<std::vector<RecommendedItem>> Recommender::best(
    const std::vector<std::vector<float>>& states,
    const std::vector<std::vector<std::int32_t>>& excluded) {
  if (states.empty()) {
    return {};
  }
  std::vector<float> values;
  for (const std::vector<float>& state : states) {
    values.insert(values.end(), state.begin(), state.end());
  }
  const Tensor queries =
      Tensor::from(values,
                   {static_cast<std::int64_t>(states.size()), model_->config().dim},
                   model_->item_table().value().device());
  eval::require_finite_states(queries);
  count_pass(states.size());
  if (excluded_.empty()) {
    return best_of(queries, model_->scored_items(), excluded, candidates_of({}), options_.top_k);
  }
  std::vector<std::vector<std::int32_t>> left_out = excluded;
  for (std::vector<std::int32_t>& items : left_out) {
    items.insert(items.end(), excluded_.begin(), excluded_.end());
    items = sorted_distinct(std::move(items));
  }
  return best_of(queries, model_->scored_items(), left_out, candidates_of({}), options_.top_k);
}

std::vector<std::vector<RecommendedItem>> Recommender::best(const Tensor& queries,
                                                            const Tensor& table,
                                                            const eval::ExcludedItems& excluded,
                                                            std::span<const std::int32_t> table_ids,
                                                            std::int64_t top_k) const {
  const Device device = table.device();
  const std::int64_t rows = queries.rows();
  const std::int64_t k = std::min(top_k, table.rows() - 1);
  const bool is_coded = coded_items_.defined() && table.raw_data() == coded_items_.raw_data();
  Tensor ids({rows, k}, DType::kInt32, device);
  Tensor scores({rows, k}, DType::kFloat32, device);
  run(kernels::TopK{.hidden = queries,
                    .table = table,
                    .excluded = excluded.segments(device),
                    .excluded_ids = excluded.ids(device),
                    .ids = ids,
                    .scores = scores,
                    .codes = is_coded ? codes_ : ItemCodes{}});

  const std::vector<std::int32_t> id_list = ids.to_vector<std::int32_t>();
  const std::vector<float> score_list = scores.to_vector<float>();
  Answers answers(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < id_list.size(); ++i) {
    if (id_list[i] == kNoItem) {
      continue;
    }
    if (!std::isfinite(score_list[i])) {
      throw NotANumberError("predict: the model's scores are not finite; its training diverged");
    }
    const std::int32_t item =
        table_ids.empty() ? id_list[i] : table_ids[static_cast<std::size_t>(id_list[i])];
    const train::ItemName& names = name(item);
    answers[i / static_cast<std::size_t>(k)].push_back({names.raw_id, names.title, score_list[i]});
  }
  return answers;
}

}  // namespace elastic::cli
