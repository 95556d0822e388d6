#include "cli/sweeping/halving.h"

#include <algorithm>

namespace elastic::cli {
namespace {

constexpr std::size_t kShare = 3;

std::size_t third_of(std::size_t count) {
  return (count + kShare - 1) / kShare;
}

}  // namespace

std::vector<Rung> plan_rungs(std::size_t configurations, std::int64_t epochs) {
  std::vector<Rung> rungs{{configurations, 1}};
  constexpr auto kTimes = static_cast<std::int64_t>(kShare);
  for (std::size_t left = configurations; left >= kShare && rungs[0].divisor * kTimes <= epochs;
       left /= kShare) {
    for (Rung& rung : rungs) {
      rung.divisor *= kTimes;
    }
    rungs.push_back({third_of(rungs.back().configurations), 1});
  }
  return rungs;
}

std::int64_t rung_epochs(std::int64_t epochs, std::int64_t divisor, std::int64_t eval_every) {
  const std::int64_t share = (epochs + divisor - 1) / divisor;
  return std::min(epochs, (share + eval_every - 1) / eval_every * eval_every);
}

std::vector<std::size_t> best_of(const std::vector<std::optional<double>>& scores,
                                 std::size_t count) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i]) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return *scores[a] > *scores[b];
  });
  order.resize(std::min(order.size(), count));
  return order;
}

}  // namespace elastic::cli
