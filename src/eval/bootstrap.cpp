#include "eval/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "base/error.h"
#include "base/random.h"
#include "eval/rank_counts.h"

namespace elastic::eval {
namespace {

using Values = std::vector<double>;

int largest_cutoff(std::span<const UserMetric> metrics) {
  int largest = 1;
  for (const UserMetric& metric : metrics) {
    largest = std::max(largest, metric.cutoff);
  }
  return largest;
}

// The users of a ranking, as the slots of their ranks.
class Users {
 public:
  Users(std::span<const std::int32_t> ranks, const BootstrapOptions& options)
      : options_(options), none_(largest_cutoff(options.metrics)) {
    slots_.reserve(ranks.size());
    for (const std::int32_t rank : ranks) {
      slots_.push_back(none_.slot_of(rank));
    }
  }

  // The metrics of as many users as there are, drawn with replacement. The draw depends only on
  // seed, index and number of users. The 32-bit multiply has a bias below users / 2^32, far below
  // the noise of a thousand resamples.
  [[nodiscard]] Values resample(std::uint32_t index) const {
    RankCounts counts = none_;
    std::array<std::uint32_t, 4> words{};
    for (std::size_t user = 0; user < slots_.size(); ++user) {
      if (user % 4 == 0) {
        const auto block = static_cast<std::uint32_t>(user / 4);
        words = random_words(options_.seed, RandomPurpose::kBootstrap, block, index, 0);
      }
      counts.add(slots_[(std::uint64_t{words[user % 4]} * slots_.size()) >> 32]);
    }
    return counts.metrics(options_.metrics);
  }

 private:
  const BootstrapOptions& options_;
  RankCounts none_;
  std::vector<std::size_t> slots_;
};

// The interval that leaves (1 - confidence) / 2 of the sample outside on each side; sorts `sample`.
Interval percentile_interval(std::vector<double>& sample, double confidence) {
  std::sort(sample.begin(), sample.end());
  const double last = static_cast<double>(sample.size() - 1);
  const double tail = (1.0 - confidence) / 2.0;
  return {sample[static_cast<std::size_t>(std::floor(tail * last))],
          sample[static_cast<std::size_t>(std::ceil((1.0 - tail) * last))]};
}

// Percentile intervals of the metrics; `sample_values(i)` returns the metrics of resample i.
template <class SampleValues>
std::vector<Interval> intervals_of(const BootstrapOptions& options, SampleValues sample_values) {
  ELASTIC_CHECK(options.resamples > 0, "resamples ", options.resamples);
  std::vector<Values> samples(options.metrics.size());
  for (int i = 0; i < options.resamples; ++i) {
    const Values values = sample_values(static_cast<std::uint32_t>(i));
    for (std::size_t m = 0; m < samples.size(); ++m) {
      samples[m].push_back(values[m]);
    }
  }
  std::vector<Interval> intervals;
  intervals.reserve(samples.size());
  for (std::vector<double>& sample : samples) {
    intervals.push_back(percentile_interval(sample, options.confidence));
  }
  return intervals;
}

}  // namespace

std::vector<Interval> bootstrap_intervals(std::span<const std::int32_t> ranks,
                                          const BootstrapOptions& options) {
  const Users users(ranks, options);
  return intervals_of(options, [&](std::uint32_t index) { return users.resample(index); });
}

std::vector<Interval> difference_intervals(std::span<const std::int32_t> ranks,
                                           std::span<const std::int32_t> other_ranks,
                                           const BootstrapOptions& options) {
  ELASTIC_CHECK(ranks.size() == other_ranks.size(), "the rankings are of different users");
  const Users users(ranks, options);
  const Users other_users(other_ranks, options);
  return intervals_of(options, [&](std::uint32_t index) {
    Values values = users.resample(index);
    const Values other = other_users.resample(index);
    for (std::size_t m = 0; m < values.size(); ++m) {
      values[m] -= other[m];
    }
    return values;
  });
}

}  // namespace elastic::eval
