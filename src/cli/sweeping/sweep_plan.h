// The plan of a sweep, as sweep.json keeps it: a later call with the same plan, or a larger one,
// continues the sweep.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/choice.h"
#include "cli/sweeping/search_space.h"

namespace elastic::cli {

/// The order in which configurations are tried.
enum class Search { kAuto, kGrid, kRandom, kHalving };
constexpr auto choices_of(Search) {
  using enum Search;
  return std::to_array<Choice<Search>>(
      {{kAuto, "auto", "grid if each --set is a list, else random"},
       {kGrid, "grid", "every combination"},
       {kRandom, "random", "--trials combinations drawn at random"},
       {kHalving,
        "halving",
        "the combinations of grid or random, all for a share of the epochs, the best third for "
        "three times as many, and so on"}});
}

struct SweepPlan {
  Search search = Search::kGrid;  ///< not kAuto
  std::vector<std::string> sets;  ///< the texts of --set
  std::vector<std::int64_t> seeds;
  std::int64_t trials = 0;  ///< number of random combinations; 0: all combinations
  std::int64_t search_seed = 0;
  nlohmann::ordered_json options;  ///< of the trainings: those that do not vary, with their values
  std::string data_hash;           ///< of data and split
};

nlohmann::ordered_json to_json(const SweepPlan& plan);

/// Throws UsageError naming the first difference unless the sweep in `path`, whose sweep.json is
/// `before`, continues with `plan`: they are equal, or `plan` adds seeds, random combinations, or
/// values to the lists of a grid. Throws CheckpointError if the data is another, or if `before` was
/// not written by a sweep.
void check_continues(const std::string& path,
                     const nlohmann::ordered_json& before,
                     const SweepPlan& plan);

/// The list "1,2,3" of --seeds. Throws UsageError for other texts and for repetitions.
std::vector<std::int64_t> parse_seeds(const std::string& text);

}  // namespace elastic::cli
