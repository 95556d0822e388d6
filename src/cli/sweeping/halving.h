// Successive halving (Jamieson and Talwalkar, 2016) with thirds: all configurations train for a
// share of the epochs, the best third of them for three times as many, and so on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace elastic::cli {

/// One round of training.
struct Rung {
  std::size_t configurations = 0;  ///< number of those that take part
  std::int64_t divisor = 1;        ///< they train for 1 / divisor of the epochs; 1 in the last rung
};

/// The rungs for `configurations` of up to `epochs` epochs: as many as thirds of the configurations
/// and of the epochs allow. A third is rounded up.
std::vector<Rung> plan_rungs(std::size_t configurations, std::int64_t epochs);

/// The epochs of a rung: epochs / divisor, rounded up to a multiple of `eval_every`, so that a
/// training that stops there evaluates in the same epochs as one that does not; at most `epochs`.
std::int64_t rung_epochs(std::int64_t epochs, std::int64_t divisor, std::int64_t eval_every);

/// The indices of the `count` best scores, best first, equal ones in their order. Configurations
/// without a score are left out.
std::vector<std::size_t> best_of(const std::vector<std::optional<double>>& scores,
                                 std::size_t count);

}  // namespace elastic::cli
