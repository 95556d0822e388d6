#include "eval/evaluator.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/batch.h"
#include "eval/finite_states.h"
#include "eval/item_popularity.h"
#include "eval/repeats.h"
#include "eval/required_times.h"
#include "eval/seen_items.h"
#include "eval/shared_ranking.h"
#include "eval/unknown_items.h"
#include "eval/user_sample.h"
#include "model/fixed_weights.h"
#include "tensor/backend.h"
#include "tensor/kernels/ranking.h"
#include "tensor/kernels/rows.h"

namespace elastic::eval {
namespace {

// The users to rank, with ranks still to be filled in.
Ranking users_of(const data::Split& split, data::Subset subset, const EvalOptions& options) {
  Ranking ranking;
  for (const std::int32_t user : split.eval_users(subset)) {
    if (std::ssize(split.history(user, subset)) < options.min_history) {
      continue;
    }
    const bool repeated = is_repeated(split, user, subset);
    ranking.targets_before_rules.add(repeated);
    if (options.rules.evaluates(repeated)) {
      ranking.users.push_back(user);
    }
  }
  ranking.users = sample_users(std::move(ranking.users), options.max_users, options.users_seed);
  for (const std::int32_t user : ranking.users) {
    ranking.targets.push_back(split.target(user, subset));
    ranking.repeated.push_back(is_repeated(split, user, subset));
    ranking.history_lengths.push_back(
        static_cast<std::int32_t>(split.history(user, subset).size()));
  }
  ranking.ranks.resize(ranking.users.size(), kMissRank);
  ranking.cold_users = static_cast<std::int64_t>(split.cold_users(subset).size());
  for (const NegativeSampler& sampler : options.samplers) {
    SampledRanks sampled{sampler.rule().name(), std::vector<std::int32_t>(ranking.users.size())};
    for (const std::int32_t user : ranking.users) {
      sampled.short_users += sampler.num_drawn(user) < sampler.rule().count ? 1 : 0;
    }
    ranking.sampled.push_back(std::move(sampled));
  }
  return ranking;
}

// Positions in `ranking` whose held-out item has no training event.
std::vector<std::size_t> cold_positions(const data::Split& split, const Ranking& ranking) {
  const std::vector<std::int64_t> counts = training_counts(split);
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < ranking.targets.size(); ++i) {
    if (counts[static_cast<std::size_t>(ranking.targets[i])] == 0) {
      positions.push_back(i);
    }
  }
  return positions;
}

// The worst rank for a user: the number of items that are ranked.
std::int32_t last_rank(const data::Split& split,
                       data::Subset subset,
                       bool filter_seen,
                       std::int32_t user) {
  const auto items = static_cast<std::int32_t>(split.num_items());
  const std::int32_t target = split.target(user, subset);
  return filter_seen
             ? items -
                   static_cast<std::int32_t>(seen_items(split.history(user, subset), target).size())
             : items;
}

// Sets the worst rank at a position, among all items and among each sampler's candidates.
void rank_last(std::size_t position,
               const data::Split& split,
               data::Subset subset,
               const EvalOptions& options,
               Ranking& ranking) {
  const std::int32_t user = ranking.users[position];
  ranking.ranks[position] = last_rank(split, subset, options.rules.filter_seen, user);
  for (std::size_t s = 0; s < ranking.sampled.size(); ++s) {
    const std::int64_t negatives = options.samplers[s].num_drawn(user);
    ranking.sampled[s].ranks[position] = static_cast<std::int32_t>(negatives) + 1;
  }
}

// Replaces the ranks of targets whose score does not count: cold ones, and repeated ones that are
// misses by the rules.
void rank_misses(const data::Split& split,
                 data::Subset subset,
                 const EvalOptions& options,
                 Ranking& ranking) {
  if (!options.other_log) {
    for (const std::size_t position : cold_positions(split, ranking)) {
      rank_last(position, split, subset, options, ranking);
    }
  }
  for (std::size_t i = 0; i < ranking.users.size(); ++i) {
    if (options.rules.repeats == Repeats::kMiss && ranking.repeated[i]) {
      ranking.ranks[i] = kMissRank;
      for (SampledRanks& sampled : ranking.sampled) {
        sampled.ranks[i] = kMissRank;
      }
    }
  }
}

// The items that are not ranked. If repeated targets are misses, a seen target is one of them, so
// that the top-10 lists are those of `predict`.
std::vector<std::int32_t> excluded_items(std::span<const std::int32_t> history,
                                         std::int32_t target,
                                         const RankingRules& rules) {
  constexpr std::int32_t kNoItem = 0;
  return rules.filter_seen ? seen_items(history, rules.repeats == Repeats::kMiss ? kNoItem : target)
                           : std::vector<std::int32_t>{};
}

// Positions in `ranking`, users with shorter histories first.
std::vector<std::size_t> by_length(const Ranking& ranking) {
  std::vector<std::size_t> order(ranking.users.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return ranking.history_lengths[a] < ranking.history_lengths[b];
  });
  return order;
}

// In place of a target that the model does not know; its rank is replaced.
constexpr std::int32_t kAnyItem = 1;

// Ranks batches of users with a model.
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
        device_(model.item_table().value().device()) {
    ELASTIC_CHECK(options.other_log ? num_items() <= split.num_items() && options.samplers.empty()
                                    : num_items() == split.num_items(),
                  "the model and the data have different items");
    require_times(model.config(), split.dataset());
  }

  void rank_all(Ranking& ranking);

 private:
  [[nodiscard]] std::int64_t num_items() const { return model_.config().num_items; }
  [[nodiscard]] KnownHistory history_of(std::int32_t user) const {
    return known_history(split_, user, subset_, num_items(), reads_times(model_.config()));
  }
  void rank_batch(std::span<const std::size_t> positions, Ranking& ranking);
  void count_lists(const Tensor& hidden,
                   const Tensor& items,
                   const Segments& excluded,
                   const Tensor& excluded_ids,
                   Ranking& ranking);
  // Ranks among the candidates of each sampler.
  void rank_sampled(std::span<const std::size_t> positions,
                    const Tensor& hidden,
                    const Tensor& items,
                    Ranking& ranking);

  Model& model_;
  const data::Split& split_;
  data::Subset subset_;
  EvalOptions options_;
  Device device_;
  std::optional<SharedRanking> shared_;  ///< with several processes
};

void UserRanker::rank_all(Ranking& ranking) {
  std::vector<std::size_t> order = by_length(ranking);
  if (options_.other_log) {
    std::erase_if(order, [&](std::size_t position) {
      return history_of(ranking.users[position]).items.empty();
    });
  }
  if (options_.ranks != nullptr) {
    shared_.emplace(*options_.ranks, order);
  }
  const std::int64_t max_len = model_.config().history_len();
  std::size_t begin = 0;
  std::int64_t tokens = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto length = std::min<std::int64_t>(ranking.history_lengths[order[i]], max_len);
    // A user alone in a batch could not swap experts.
    const bool alone = options_.swap_experts && (i - begin < 2 || i + 1 == order.size());
    if (i > begin && tokens + length > options_.batch_tokens && !alone) {
      rank_batch(std::span(order).subspan(begin, i - begin), ranking);
      begin = i;
      tokens = 0;
    }
    tokens += length;
  }
  if (begin < order.size()) {
    rank_batch(std::span(order).subspan(begin), ranking);
  }
  if (shared_) {
    shared_->join(ranking);
  }
}

void UserRanker::rank_batch(std::span<const std::size_t> positions, Ranking& ranking) {
  if (shared_ && !shared_->takes(positions.size())) {
    return;
  }
  data::BatchBuilder builder;
  std::vector<std::int32_t> targets;
  ExcludedItems seen;
  for (const std::size_t position : positions) {
    const KnownHistory history = history_of(ranking.users[position]);
    builder.add(history.items, model_.config().history_len(), history.history_times());
    const std::int32_t target = ranking.targets[position];
    targets.push_back(target <= num_items() ? target : kAnyItem);
    seen.add_row(excluded_items(history.items, target, options_.rules));
  }

  const auto rows = static_cast<std::int64_t>(positions.size());
  const Pass pass = model_.encode_last(builder.build(device_),
                                       ForwardMode{.swap_experts = options_.swap_experts});
  const Tensor& hidden = pass.states.value();
  require_finite_states(hidden);
  const Tensor& items = pass.scored_items.value();
  const Segments excluded = seen.segments(device_);
  const Tensor excluded_ids = seen.ids(device_);
  Tensor ranks({rows}, DType::kInt32, device_);
  run(kernels::RankTargets{.hidden = hidden,
                           .table = items,
                           .targets = Tensor::from(targets, {rows}, device_),
                           .excluded = excluded,
                           .excluded_ids = excluded_ids,
                           .ranks = ranks});
  if (options_.lists) {
    count_lists(hidden, items, excluded, excluded_ids, ranking);
  }
  rank_sampled(positions, hidden, items, ranking);

  const std::vector<std::int32_t> values = ranks.to_vector<std::int32_t>();
  if (shared_) {
    shared_->add(pass.retrieved);
  } else {
    ranking.experts.add(pass.retrieved);
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    ranking.ranks[positions[i]] = values[i];
  }
}

void UserRanker::count_lists(const Tensor& hidden,
                             const Tensor& items,
                             const Segments& excluded,
                             const Tensor& excluded_ids,
                             Ranking& ranking) {
  const auto k = std::min<std::int64_t>(kListLength, items.rows() - 1);
  Tensor ids({hidden.rows(), k}, DType::kInt32, hidden.device());
  Tensor scores({hidden.rows(), k}, hidden.dtype(), hidden.device());
  run(kernels::TopK{.hidden = hidden,
                    .table = items,
                    .excluded = excluded,
                    .excluded_ids = excluded_ids,
                    .ids = ids,
                    .scores = scores});
  for (const std::int32_t id : ids.to_vector<std::int32_t>()) {
    ranking.listed[static_cast<std::size_t>(id)] += id != 0 ? 1 : 0;  // 0 pads short lists
  }
}

// Ranks user by user, with the candidates' rows as the catalogue and the target as item 1.
void UserRanker::rank_sampled(std::span<const std::size_t> positions,
                              const Tensor& hidden,
                              const Tensor& items,
                              Ranking& ranking) {
  const Tensor target = Tensor::from(std::vector<std::int32_t>{1}, {1}, device_);
  for (std::size_t s = 0; s < ranking.sampled.size(); ++s) {
    const NegativeSampler& sampler = options_.samplers[s];
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const std::size_t position = positions[i];
      std::vector<std::int32_t> ids{0, ranking.targets[position]};
      const std::vector<std::int32_t> negatives = sampler.draw(ranking.users[position]);
      ids.insert(ids.end(), negatives.begin(), negatives.end());
      const auto count = static_cast<std::int64_t>(ids.size());
      Tensor rows({count, items.cols()}, items.dtype(), device_);
      run(kernels::GatherRows{items, Tensor::from(ids, {count}, device_), rows});
      Tensor rank({1}, DType::kInt32, device_);
      const auto row = static_cast<std::int64_t>(i);
      const ExcludedItems none = ExcludedItems::none(1);
      run(kernels::RankTargets{.hidden = hidden.slice(row, row + 1),
                               .table = rows,
                               .targets = target,
                               .excluded = none.segments(device_),
                               .excluded_ids = none.ids(device_),
                               .ranks = rank});
      ranking.sampled[s].ranks[position] = rank.to_vector<std::int32_t>().front();
    }
  }
}

// Ranks all positions among the sampled candidates by popularity.
void rank_sampled_by_popularity(const std::vector<std::int64_t>& counts,
                                const EvalOptions& options,
                                Ranking& ranking) {
  for (std::size_t s = 0; s < ranking.sampled.size(); ++s) {
    for (std::size_t i = 0; i < ranking.users.size(); ++i) {
      const std::int64_t count = counts[static_cast<std::size_t>(ranking.targets[i])];
      const std::vector<std::int32_t> negatives = options.samplers[s].draw(ranking.users[i]);
      const auto above = std::count_if(negatives.begin(), negatives.end(), [&](std::int32_t item) {
        return counts[static_cast<std::size_t>(item)] >= count;
      });
      ranking.sampled[s].ranks[i] = static_cast<std::int32_t>(above) + 1;
    }
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
  if (options.lists) {
    ranking.listed.resize(static_cast<std::size_t>(model.config().num_items) + 1, 0);
  }
  UserRanker(model, split, subset, options).rank_all(ranking);
  rank_misses(split, subset, options, ranking);
  if (options.other_log) {
    rank_unknown(split, subset, model.config().num_items, ranking);
  }
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
    const std::int32_t target = ranking.targets[i];
    const std::int64_t count = counts[static_cast<std::size_t>(target)];
    // The target itself is counted too, which makes ranks start at 1.
    std::int64_t rank = sorted.end() - std::lower_bound(sorted.begin(), sorted.end(), count);
    if (options.rules.filter_seen) {
      for (const std::int32_t item : seen_items(split.history(user, subset), target)) {
        rank -= counts[static_cast<std::size_t>(item)] >= count ? 1 : 0;
      }
    }
    ranking.ranks[i] = static_cast<std::int32_t>(rank);
  }
  rank_sampled_by_popularity(counts, options, ranking);
  rank_misses(split, subset, options, ranking);
  return ranking;
}

}  // namespace elastic::eval
