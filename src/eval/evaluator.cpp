#include "eval/evaluator.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

#include "autograd/variable.h"
#include "base/error.h"
#include "data/batch.h"
#include "eval/seen_items.h"
#include "tensor/backend.h"

namespace elastic::eval {
namespace {

// The users to rank, before any ranks.
Ranking users_of(const data::Split& split, data::Subset subset, const EvalOptions& options) {
  Ranking ranking;
  for (const std::int32_t user : split.eval_users(subset)) {
    const auto length = static_cast<std::int32_t>(split.history(user, subset).size());
    if (length >= options.min_history) {
      ranking.users.push_back(user);
      ranking.history_lengths.push_back(length);
    }
  }
  ranking.ranks.resize(ranking.users.size());
  return ranking;
}

// Positions in the ranking, users with shorter histories first.
std::vector<std::size_t> by_length(const Ranking& ranking) {
  std::vector<std::size_t> order(ranking.users.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return ranking.history_lengths[a] < ranking.history_lengths[b];
  });
  return order;
}

// Ranks batches of users; keeps what the batches have in common.
class UserRanker {
 public:
  UserRanker(Model& model,
             const data::Split& split,
             data::Subset subset,
             const EvalOptions& options)
      : model_(model),
        split_(split),
        subset_(subset),
        options_(options),
        device_(model.item_table().value().device()),
        covered_(static_cast<std::size_t>(split.num_items()) + 1, false) {
    ELASTIC_CHECK(model.config().num_items == split.num_items(),
                  "the model has other items than the data");
  }

  void rank_all(Ranking& ranking);
  [[nodiscard]] std::int64_t items_covered() const {
    return std::count(covered_.begin(), covered_.end(), true);
  }

 private:
  void rank_batch(std::span<const std::size_t> positions, Ranking& ranking);
  void cover(const Tensor& hidden,
             const Tensor& items,
             const Segments& excluded,
             const Tensor& excluded_ids);

  Model& model_;
  const data::Split& split_;
  data::Subset subset_;
  EvalOptions options_;
  Device device_;
  std::vector<bool> covered_;  // by item id
};

void UserRanker::rank_all(Ranking& ranking) {
  const std::vector<std::size_t> order = by_length(ranking);
  const std::int64_t max_len = model_.config().max_len;
  std::size_t begin = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto length = std::min<std::int64_t>(ranking.history_lengths[order[i]], max_len);
    if (i > begin && tokens + length > options_.batch_tokens) {
      rank_batch(std::span(order).subspan(begin, i - begin), ranking);
      begin = i;
      tokens = 0;
    }
    tokens += length;
  }
  if (begin < order.size()) {
    rank_batch(std::span(order).subspan(begin), ranking);
  }
}

void UserRanker::rank_batch(std::span<const std::size_t> positions, Ranking& ranking) {
  data::BatchBuilder builder;
  std::vector<std::int32_t> targets;
  ExcludedItems seen;
  for (const std::size_t position : positions) {
    const std::int32_t user = ranking.users[position];
    const std::span<const std::int32_t> history = split_.history(user, subset_);
    builder.add(history, model_.config().max_len);
    targets.push_back(split_.target(user, subset_));
    seen.add_row(options_.filter_seen ? seen_items(history, targets.back())
                                      : std::vector<std::int32_t>{});
  }

  const auto rows = static_cast<std::int64_t>(positions.size());
  const Tensor hidden = model_.encode_last(builder.build(device_), ForwardMode{}).value();
  const Tensor items = model_.take_scored_items().value();
  const RetrievedExperts experts = model_.retrieved();
  const Segments excluded = seen.segments(device_);
  const Tensor excluded_ids = seen.ids(device_);
  Tensor ranks({rows}, DType::kInt32, device_);
  backend_for(device_).rank_targets(
      hidden, items, Tensor::from(targets, {rows}, device_), excluded, excluded_ids, ranks);
  if (options_.coverage) {
    cover(hidden, items, excluded, excluded_ids);
  }

  const std::vector<std::int32_t> values = ranks.to_vector<std::int32_t>();
  ranking.experts.add(experts);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    ranking.ranks[positions[i]] = values[i];
  }
}

void UserRanker::cover(const Tensor& hidden,
                       const Tensor& items,
                       const Segments& excluded,
                       const Tensor& excluded_ids) {
  const auto k = std::min<std::int64_t>(kCoverageCutoff, items.rows() - 1);
  Tensor ids({hidden.rows(), k}, DType::kInt32, hidden.device());
  Tensor scores({hidden.rows(), k}, hidden.dtype(), hidden.device());
  backend_for(hidden.device()).top_k(hidden, items, excluded, excluded_ids, ids, scores);
  for (const std::int32_t id : ids.to_vector<std::int32_t>()) {
    covered_[static_cast<std::size_t>(id)] = id != 0;  // 0: fewer items than k remained
  }
}

}  // namespace

Ranking rank_users(Model& model,
                   const data::Split& split,
                   data::Subset subset,
                   const EvalOptions& options) {
  const FixedWeights fixed(model);
  Ranking ranking = users_of(split, subset, options);
  ranking.experts = ExpertUse(model.config());
  UserRanker ranker(model, split, subset, options);
  ranker.rank_all(ranking);
  ranking.items_covered = ranker.items_covered();
  return ranking;
}

Ranking popularity_ranking(const data::Split& split,
                           data::Subset subset,
                           const EvalOptions& options) {
  const std::vector<std::int64_t> counts = split.popularity(subset);
  std::vector<std::int64_t> sorted(counts.begin() + 1, counts.end());
  std::sort(sorted.begin(), sorted.end());

  Ranking ranking = users_of(split, subset, options);
  for (std::size_t i = 0; i < ranking.users.size(); ++i) {
    const std::int32_t user = ranking.users[i];
    const std::int32_t target = split.target(user, subset);
    const std::int64_t count = counts[static_cast<std::size_t>(target)];
    // The target itself is among those that score as much: it stands for the 1 of the rank.
    std::int64_t rank = sorted.end() - std::lower_bound(sorted.begin(), sorted.end(), count);
    if (options.filter_seen) {
      for (const std::int32_t item : seen_items(split.history(user, subset), target)) {
        rank -= counts[static_cast<std::size_t>(item)] >= count ? 1 : 0;
      }
    }
    ranking.ranks[i] = static_cast<std::int32_t>(rank);
  }
  return ranking;
}

}  // namespace elastic::eval
