// The results of a sweep: the validation of every configuration, the choice, and its test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/sweeping/candidates.h"
#include "cli/sweeping/halving.h"
#include "cli/sweeping/sweep_folder.h"
#include "cli/sweeping/trial_outcome.h"

namespace elastic::cli {

/// The trials of a sweep that are planned for a candidate in a rung.
class TrialGrid {
 public:
  TrialGrid(std::vector<Candidate> candidates,
            std::vector<std::int64_t> seeds,
            std::vector<Rung> rungs,
            std::string metric);

  [[nodiscard]] const std::vector<Candidate>& candidates() const { return candidates_; }
  [[nodiscard]] const std::vector<std::int64_t>& seeds() const { return seeds_; }
  [[nodiscard]] const std::vector<Rung>& rungs() const { return rungs_; }
  /// The metric of the validation that chooses, as --stop-metric.
  [[nodiscard]] const std::string& metric() const { return metric_; }
  /// The epochs of a candidate in a rung.
  [[nodiscard]] std::int64_t epochs(std::size_t candidate, std::size_t rung) const;
  /// The name of the run. If there are several rungs, a candidate that cannot continue to more
  /// epochs has a run of its own in each.
  [[nodiscard]] std::string name(std::size_t candidate, std::size_t rung, std::int64_t seed) const;

 private:
  std::vector<Candidate> candidates_;
  std::vector<std::int64_t> seeds_;
  std::vector<Rung> rungs_;
  std::string metric_;
};

/// A mean over seeds.
struct Average {
  double mean = 0.0;
  std::optional<double> deviation;  ///< of the sample; none for one value
};
/// `values` must not be empty.
Average average(const std::vector<double>& values);

/// A trial as far as it has come.
struct SeedResult {
  std::int64_t seed = 0;
  std::string name;  ///< of the run
  std::optional<TrialOutcome> outcome;
  std::string failure;  ///< the reason, if the last attempt failed
};

/// A configuration in the last rung that all its seeds have ended; in its first if there is none.
struct CandidateResult {
  std::size_t candidate = 0;  ///< index in the grid
  std::size_t rung = 0;
  std::int64_t epochs = 0;
  std::vector<SeedResult> seeds;
  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool failed() const;
  [[nodiscard]] double seconds() const;
  /// Over the seeds that have ended, at least one.
  [[nodiscard]] Average metric(const std::string& name) const;
  [[nodiscard]] std::size_t num_ended() const;
};

/// The result of a candidate, from the files in the folder.
CandidateResult result_of(const TrialGrid& grid, std::size_t candidate, const SweepFolder& folder);

/// The mean over the seeds of the validation metric of a candidate in a rung; none unless all seeds
/// have ended.
std::optional<double> score_in_rung(const TrialGrid& grid,
                                    std::size_t candidate,
                                    std::size_t rung,
                                    const SweepFolder& folder);

/// All results: those trained for more rungs first, then by the mean of the validation metric;
/// incomplete ones at the end. The first one is the choice, if it is complete.
std::vector<CandidateResult> ranked_results(const TrialGrid& grid, const SweepFolder& folder);

}  // namespace elastic::cli
