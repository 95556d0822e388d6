#include "cli/runs/repeats_warning.h"

#include <fmt/format.h>

#include <algorithm>

namespace elastic::cli {
namespace {

constexpr double kFewRepeats = 0.02;

}  // namespace

std::string repeats_warning(const std::vector<SubsetTargets>& targets,
                            const eval::RankingRules& rules,
                            bool predict_filters_seen) {
  const bool ranks_repeats =
      rules.repeats == eval::Repeats::kCount || rules.repeats == eval::Repeats::kOnly;
  if (!predict_filters_seen || !ranks_repeats) {
    return "";
  }
  std::string shares;
  double largest = 0.0;
  for (const auto& [subset, counts] : targets) {
    shares += fmt::format("{}{:.1f} % of the {} targets ({} of {})",
                          shares.empty() ? "" : " and ",
                          100.0 * counts.share(),
                          subset,
                          counts.repeated,
                          counts.all);
    largest = std::max(largest, counts.share());
  }
  if (largest <= kFewRepeats) {
    return "";
  }
  return fmt::format(
      "warning: {} are repeated: items that the user had before. `predict` leaves seen items out "
      "by default (--filter-seen) and never shows these, but the metrics count them (--repeats "
      "{}). --repeats miss or drop evaluates the answers of `predict`; --no-filter-seen, for "
      "training or `predict`, recommends seen items too",
      shares,
      choice_name(rules.repeats));
}

}  // namespace elastic::cli
