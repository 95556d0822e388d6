// The work of a sweep: trains its configurations rung by rung, tests the best one, and writes the
// results.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/sweeping/sweep_folder.h"
#include "cli/sweeping/sweep_result.h"
#include "cli/sweeping/sweep_table.h"
#include "cli/sweeping/trial_runner.h"

namespace elastic::cli {

class SweepRun {
 public:
  /// `fixed` holds the options of all trainings, as a config of `train`. The references must
  /// outlive this object.
  SweepRun(const TrialGrid& grid,
           nlohmann::ordered_json fixed,
           const SweepFolder& folder,
           TrialRunner& runner);

  /// Trains all configurations; with several rungs the best third of each rung continues.
  RunnerEnd train();
  /// Ranks the configurations, and evaluates the best one on the test, if one is complete. `sweep`
  /// gets the results.
  RunnerEnd test(SweepResult& sweep);
  /// Writes table.txt, table.csv, table.json, report.html and best.json.
  void write_files(const SweepResult& sweep) const;

 private:
  [[nodiscard]] nlohmann::ordered_json config_of(std::size_t candidate,
                                                 std::int64_t epochs,
                                                 std::int64_t seed) const;
  [[nodiscard]] std::vector<Trial> trials_of(const std::vector<std::size_t>& candidates,
                                             std::size_t rung) const;
  // Those of `candidates` that continue after the rung.
  [[nodiscard]] std::vector<std::size_t> survivors(const std::vector<std::size_t>& candidates,
                                                   std::size_t rung) const;
  [[nodiscard]] SweepTest read_test_of_best(const SweepResult& sweep) const;

  const TrialGrid& grid_;
  const nlohmann::ordered_json fixed_;
  const SweepFolder& folder_;
  TrialRunner& runner_;
};

}  // namespace elastic::cli
