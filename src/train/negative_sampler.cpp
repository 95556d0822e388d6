#include "train/negative_sampler.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/random.h"

namespace elastic::train {

NegativeSampler::NegativeSampler(const data::Split& split,
                                 const TrainConfig& config,
                                 std::int64_t num_drawn)
    : seed_(static_cast<std::uint64_t>(config.seed)),
      num_items_(split.num_items()),
      num_drawn_(num_drawn) {
  if (config.loss.negative_sampling == NegativeSampling::kPopularity) {
    cumulative_.resize(static_cast<std::size_t>(num_items_) + 1);
  }
  for (std::int64_t user = 0; user < split.num_users(); ++user) {
    const std::span<const std::int32_t> events = split.train_sequence(user);
    if (!cumulative_.empty()) {
      for (const std::int32_t item : events) {
        ++cumulative_[static_cast<std::size_t>(item)];
      }
    }
    add_user(events, config.loss.train_seen == TrainSeen::kExclude);
  }
  items_.shrink_to_fit();
  first_.shrink_to_fit();
  for (std::size_t i = 1; i < cumulative_.size(); ++i) {
    cumulative_[i] += cumulative_[i - 1];
  }
}

void NegativeSampler::add_user(std::span<const std::int32_t> events, bool with_first) {
  std::vector<std::int32_t> order(events.size());
  std::iota(order.begin(), order.end(), 0);
  const auto item_at = [&](std::int32_t place) { return events[static_cast<std::size_t>(place)]; };
  std::stable_sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
    return item_at(a) < item_at(b);
  });
  const auto same = [&](std::int32_t a, std::int32_t b) { return item_at(a) == item_at(b); };
  order.erase(std::unique(order.begin(), order.end(), same), order.end());
  std::transform(order.begin(), order.end(), std::back_inserter(items_), item_at);
  if (with_first) {
    first_.insert(first_.end(), order.begin(), order.end());
  }
  offsets_.push_back(static_cast<std::int64_t>(items_.size()));
}

std::vector<std::int32_t> NegativeSampler::draw(std::int64_t step) const {
  RandomStream random(seed_, RandomPurpose::kNegatives, static_cast<std::uint64_t>(step));
  const auto outcomes =
      static_cast<std::uint64_t>(cumulative_.empty() ? num_items_ : cumulative_.back());
  std::vector<std::int32_t> drawn(static_cast<std::size_t>(num_drawn_));
  for (std::int32_t& item : drawn) {
    const auto outcome = static_cast<std::int64_t>(random.below(outcomes));
    item = static_cast<std::int32_t>(
        cumulative_.empty() ? outcome + 1
                            : std::upper_bound(cumulative_.begin(), cumulative_.end(), outcome) -
                                  cumulative_.begin());
  }
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

double NegativeSampler::log_expected_count(std::int32_t item) const {
  const auto i = static_cast<std::size_t>(item);
  const double draws = static_cast<double>(num_drawn_);
  if (cumulative_.empty()) {
    return std::log(draws / static_cast<double>(num_items_));
  }
  const auto count = static_cast<double>(cumulative_[i] - cumulative_[i - 1]);
  return std::log(draws * count / static_cast<double>(cumulative_.back()));
}

std::vector<NegativeSampler::Positive> NegativeSampler::positives(
    std::int64_t user, std::span<const std::int32_t> drawn) const {
  std::vector<Positive> result;
  const auto u = static_cast<std::size_t>(user);
  auto begin = items_.begin() + offsets_[u];
  const auto end = items_.begin() + offsets_[u + 1];
  for (std::size_t place = 0; place < drawn.size(); ++place) {
    begin = std::lower_bound(begin, end, drawn[place]);
    if (begin != end && *begin == drawn[place]) {
      const auto i = static_cast<std::size_t>(begin - items_.begin());
      result.push_back({static_cast<std::int32_t>(place), first_.empty() ? 0 : first_[i]});
    }
  }
  return result;
}

}  // namespace elastic::train
