// Runs the trials of a sweep as processes, some at a time, until they end, a signal asks to stop,
// or the budget is spent.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output/progress_line.h"
#include "cli/sweeping/sweep_folder.h"
#include "cli/sweeping/trial_outcome.h"
#include "cli/sweeping/trial_process.h"

namespace elastic::cli {

/// One training.
struct Trial {
  std::string name;                 ///< of its files
  std::string words;                ///< for messages: "dim 64, seed 1"
  nlohmann::ordered_json config{};  ///< for train --config
  std::int64_t epochs = 0;          ///< to train up to
};

struct RunnerOptions {
  std::string metric{};                    ///< as TrialGrid::metric
  std::int64_t jobs = 1;                   ///< trials at a time
  double budget_s = 0.0;                   ///< for all calls together; 0: no limit
  std::vector<std::string> flags{};        ///< for every training: --threads 1 ...
  std::vector<std::string> environment{};  ///< of every training
  bool quiet = false;
};

enum class RunnerEnd { kDone, kStopped, kOutOfBudget };

class TrialRunner {
 public:
  /// `folder` must outlive the runner.
  TrialRunner(const SweepFolder& folder, RunnerOptions options);
  ~TrialRunner();
  TrialRunner(const TrialRunner&) = delete;
  TrialRunner& operator=(const TrialRunner&) = delete;

  /// Trains those that have no outcome yet, without their test. One that fails is tried once more
  /// after the others; the second failure is kept as SweepFolder::failure.
  RunnerEnd train(const std::vector<Trial>& trials);
  /// Evaluates those on the test that have not been, whatever the budget.
  RunnerEnd test(const std::vector<Trial>& trials);
  /// A line for people.
  void message(const std::string& text) { line_.message(text); }

 private:
  struct Running {
    TrialProcess process;
    const Trial* trial;
    bool again;  ///< the second attempt
  };
  using Clock = std::chrono::steady_clock;

  RunnerEnd run(const std::vector<const Trial*>& trials, bool with_test);
  void start(const Trial& trial, bool again);
  // Removes the processes that have ended.
  void collect();
  void finish(const Running& ended, int code);
  void stop_all();
  void show_progress();
  [[nodiscard]] bool is_done(const Trial& trial) const;
  [[nodiscard]] bool out_of_budget() const;
  [[nodiscard]] double spent_s() const;
  void save_spent_if_due(bool now);
  // The start of a line about a trial that has ended: "3 of 8: ".
  [[nodiscard]] std::string place() const;

  const SweepFolder& folder_;
  const RunnerOptions options_;
  ProgressLine line_;
  const double spent_before_s_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point saved_ = Clock::now();

  bool with_test_ = false;
  std::size_t num_trials_ = 0;  ///< of this call of run, those done before included
  std::size_t num_ended_ = 0;
  std::vector<Running> running_;
  std::deque<const Trial*> pending_;
  std::deque<const Trial*> failed_once_;
  double seconds_of_ended_ = 0.0;  ///< of those that ended in this call of run
  std::size_t num_timed_ = 0;
};

}  // namespace elastic::cli
