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

// Draws as many users as there are. The 32-bit multiply picks an index with a bias below
// users / 2^32, far under the noise of a thousand resamples.
RankCounts resample(const std::vector<std::size_t>& slots,
                    std::uint64_t seed,
                    std::uint32_t index) {
  RankCounts counts;
  std::array<std::uint32_t, 4> words{};
  for (std::size_t user = 0; user < slots.size(); ++user) {
    if (user % 4 == 0) {
      const auto block = static_cast<std::uint32_t>(user / 4);
      words = random_words(seed, RandomPurpose::kBootstrap, block, index, 0);
    }
    counts.add(slots[(std::uint64_t{words[user % 4]} * slots.size()) >> 32]);
  }
  return counts;
}

// The values that leave (1 - confidence) / 2 of the sorted sample outside on each side.
Interval percentile_interval(std::vector<double>& sample, double confidence) {
  std::sort(sample.begin(), sample.end());
  const double last = static_cast<double>(sample.size() - 1);
  const double tail = (1.0 - confidence) / 2.0;
  return {sample[static_cast<std::size_t>(std::floor(tail * last))],
          sample[static_cast<std::size_t>(std::ceil((1.0 - tail) * last))]};
}

}  // namespace

std::vector<Interval> bootstrap_intervals(std::span<const std::int32_t> ranks,
                                          const BootstrapOptions& options) {
  ELASTIC_CHECK(options.resamples > 0, "resamples ", options.resamples);
  std::vector<std::size_t> slots;
  for (const std::int32_t rank : ranks) {
    slots.push_back(RankCounts::slot_of(rank));
  }

  std::array<std::vector<double>, 4 * kCutoffs.size()> samples;
  for (int i = 0; i < options.resamples; ++i) {
    const auto values = resample(slots, options.seed, static_cast<std::uint32_t>(i)).metrics();
    for (std::size_t m = 0; m < samples.size(); ++m) {
      samples[m].push_back(values[m]);
    }
  }
  std::vector<Interval> intervals;
  for (std::vector<double>& sample : samples) {
    intervals.push_back(percentile_interval(sample, options.confidence));
  }
  return intervals;
}

}  // namespace elastic::eval
