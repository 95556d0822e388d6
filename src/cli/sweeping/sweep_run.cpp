#include "cli/sweeping/sweep_run.h"

#include <fmt/format.h>

#include <numeric>
#include <optional>
#include <utility>

#include "base/atomic_file.h"
#include "cli/sweeping/halving.h"
#include "cli/sweeping/sweep_report.h"
#include "cli/sweeping/trial_outcome.h"
#include "data/json_document.h"

namespace elastic::cli {

using nlohmann::ordered_json;

SweepRun::SweepRun(const TrialGrid& grid,
                   ordered_json fixed,
                   const SweepFolder& folder,
                   TrialRunner& runner)
    : grid_(grid), fixed_(std::move(fixed)), folder_(folder), runner_(runner) {}

ordered_json SweepRun::config_of(std::size_t candidate,
                                 std::int64_t epochs,
                                 std::int64_t seed) const {
  ordered_json config = fixed_;
  config.update(grid_.candidates()[candidate].settings);
  config["epochs"] = epochs;
  config["seed"] = seed;
  return config;
}

std::vector<Trial> SweepRun::trials_of(const std::vector<std::size_t>& candidates,
                                       std::size_t rung) const {
  std::vector<Trial> trials;
  for (const std::size_t candidate : candidates) {
    const std::int64_t epochs = grid_.epochs(candidate, rung);
    const std::string words = words_of(grid_.candidates()[candidate].settings);
    for (const std::int64_t seed : grid_.seeds()) {
      trials.push_back({grid_.name(candidate, rung, seed),
                        fmt::format("{}, seed {}", words, seed),
                        config_of(candidate, epochs, seed),
                        epochs});
    }
  }
  return trials;
}

std::vector<std::size_t> SweepRun::survivors(const std::vector<std::size_t>& candidates,
                                             std::size_t rung) const {
  if (rung + 1 == grid_.rungs().size()) {
    return {};
  }
  std::vector<std::optional<double>> scores;
  for (const std::size_t candidate : candidates) {
    scores.push_back(score_in_rung(grid_, candidate, rung, folder_));
  }
  std::vector<std::size_t> left;
  for (const std::size_t place : best_of(scores, grid_.rungs()[rung + 1].configurations)) {
    left.push_back(candidates[place]);
  }
  return left;
}

RunnerEnd SweepRun::train() {
  std::vector<std::size_t> left(grid_.candidates().size());
  std::iota(left.begin(), left.end(), std::size_t{0});
  for (std::size_t rung = 0; !left.empty(); ++rung) {
    if (grid_.rungs().size() > 1) {
      runner_.message(fmt::format("rung {} of {}: {} configurations, {} epochs",
                                  rung + 1,
                                  grid_.rungs().size(),
                                  left.size(),
                                  grid_.epochs(left.front(), rung)));
    }
    const RunnerEnd end = runner_.train(trials_of(left, rung));
    if (end != RunnerEnd::kDone) {
      return end;
    }
    left = survivors(left, rung);
  }
  return RunnerEnd::kDone;
}

RunnerEnd SweepRun::test(SweepResult& sweep) {
  sweep.results = ranked_results(grid_, folder_);
  if (!sweep.has_choice()) {
    return RunnerEnd::kDone;
  }
  const CandidateResult& best = sweep.results.front();
  runner_.message(fmt::format("best: {}", words_of(sweep.candidate(best).settings)));
  const std::vector<Trial> trials = trials_of({best.candidate}, best.rung);
  const RunnerEnd end = runner_.test(trials);
  if (end == RunnerEnd::kDone) {
    sweep.test = read_test_of_best(sweep);
  }
  return end;
}

SweepTest SweepRun::read_test_of_best(const SweepResult& sweep) const {
  SweepTest test;
  const CandidateResult& best = sweep.results.front();
  std::vector<ordered_json> seeds;
  for (const SeedResult& one : best.seeds) {
    if (std::optional<ordered_json> metrics = read_test(folder_.run(one.name))) {
      seeds.push_back(std::move(*metrics));
    }
  }
  if (seeds.size() < best.seeds.size()) {
    test.failure = folder_.failure(best.seeds[seeds.size()].name);
    return test;
  }
  for (const auto& [name, value] : seeds.front().items()) {
    std::vector<double> values;
    for (const ordered_json& one : seeds) {
      values.push_back(one.value(name, 0.0));
    }
    test.metrics.emplace_back(name, average(values));
  }
  for (std::size_t place = 1; place < sweep.results.size(); ++place) {
    const CandidateResult& other = sweep.results[place];
    if (read_test(folder_.run(other.seeds.front().name))) {
      test.others.push_back(words_of(sweep.candidate(other).settings));
    }
  }
  return test;
}

void SweepRun::write_files(const SweepResult& sweep) const {
  const auto write = [this](const char* name, const std::string& text) {
    write_file_atomically(folder_.file(name), text);
  };
  write("table.txt", to_text(sweep));
  write("table.csv", to_csv(sweep));
  write("table.json", data::json_text(to_json(sweep), 2) + "\n");
  write("report.html", sweep_report(sweep, folder_));
  if (sweep.has_choice()) {
    const CandidateResult& best = sweep.results.front();
    const ordered_json config = config_of(best.candidate, best.epochs, grid_.seeds().front());
    write("best.json", data::json_text(config, 2) + "\n");
  }
}

}  // namespace elastic::cli
