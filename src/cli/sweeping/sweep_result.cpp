#include "cli/sweeping/sweep_result.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

namespace elastic::cli {

TrialGrid::TrialGrid(std::vector<Candidate> candidates,
                     std::vector<std::int64_t> seeds,
                     std::vector<Rung> rungs,
                     std::string metric)
    : candidates_(std::move(candidates)),
      seeds_(std::move(seeds)),
      rungs_(std::move(rungs)),
      metric_(std::move(metric)) {}

std::int64_t TrialGrid::epochs(std::size_t candidate, std::size_t rung) const {
  const Candidate& one = candidates_[candidate];
  return rung_epochs(one.epochs, rungs_[rung].divisor, one.eval_every);
}

std::string TrialGrid::name(std::size_t candidate, std::size_t rung, std::int64_t seed) const {
  const bool own = rungs_.size() > 1 && !candidates_[candidate].resumable;
  return trial_name(candidates_[candidate].settings, own ? epochs(candidate, rung) : 0, seed);
}

Average average(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  Average result;
  result.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() > 1) {
    double squares = 0.0;
    for (const double value : values) {
      squares += (value - result.mean) * (value - result.mean);
    }
    result.deviation = std::sqrt(squares / (count - 1.0));
  }
  return result;
}

bool CandidateResult::complete() const {
  return num_ended() == seeds.size();
}

bool CandidateResult::failed() const {
  return std::any_of(seeds.begin(), seeds.end(), [](const SeedResult& one) {
    return !one.outcome && !one.failure.empty();
  });
}

double CandidateResult::seconds() const {
  double sum = 0.0;
  for (const SeedResult& one : seeds) {
    sum += one.outcome ? one.outcome->seconds : 0.0;
  }
  return sum;
}

Average CandidateResult::metric(const std::string& name) const {
  std::vector<double> values;
  for (const SeedResult& one : seeds) {
    if (one.outcome) {
      values.push_back(one.outcome->best.metrics.value(name, 0.0));
    }
  }
  return average(values);
}

std::size_t CandidateResult::num_ended() const {
  return static_cast<std::size_t>(std::count_if(
      seeds.begin(), seeds.end(), [](const SeedResult& one) { return one.outcome.has_value(); }));
}

namespace {

CandidateResult result_in_rung(const TrialGrid& grid,
                               std::size_t candidate,
                               std::size_t rung,
                               const SweepFolder& folder) {
  CandidateResult result{candidate, rung, grid.epochs(candidate, rung), {}};
  for (const std::int64_t seed : grid.seeds()) {
    const std::string name = grid.name(candidate, rung, seed);
    result.seeds.push_back({seed,
                            name,
                            read_outcome(folder.run(name), result.epochs, grid.metric()),
                            folder.failure(name)});
  }
  return result;
}

}  // namespace

std::optional<double> score_in_rung(const TrialGrid& grid,
                                    std::size_t candidate,
                                    std::size_t rung,
                                    const SweepFolder& folder) {
  const CandidateResult result = result_in_rung(grid, candidate, rung, folder);
  return result.complete() ? std::optional(result.metric(grid.metric()).mean) : std::nullopt;
}

CandidateResult result_of(const TrialGrid& grid, std::size_t candidate, const SweepFolder& folder) {
  CandidateResult result;
  for (std::size_t rung = grid.rungs().size(); rung-- > 0;) {
    result = result_in_rung(grid, candidate, rung, folder);
    if (result.complete()) {
      break;
    }
  }
  return result;
}

std::vector<CandidateResult> ranked_results(const TrialGrid& grid, const SweepFolder& folder) {
  std::vector<CandidateResult> all;
  for (std::size_t candidate = 0; candidate < grid.candidates().size(); ++candidate) {
    all.push_back(result_of(grid, candidate, folder));
  }
  const auto key = [&](const CandidateResult& one) {
    const double score = one.num_ended() == 0 ? -1.0 : one.metric(grid.metric()).mean;
    return std::tuple(one.complete(), one.rung, score);
  };
  std::stable_sort(
      all.begin(), all.end(), [&](const auto& a, const auto& b) { return key(a) > key(b); });
  return all;
}

}  // namespace elastic::cli
