#include "cli/sweeping/trial_runner.h"

#include <fmt/format.h>

#include <csignal>
#include <thread>
#include <utility>

#include "base/atomic_file.h"
#include "cli/runs/stop_signals.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

constexpr std::chrono::milliseconds kPollInterval{20};
constexpr std::chrono::seconds kSaveInterval{10};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

std::string reason_of(int code, const std::string& log) {
  std::string line = last_line(log);
  constexpr const char* kPrefix = "elastic: ";
  if (line.starts_with(kPrefix)) {
    line.erase(0, std::string(kPrefix).size());
  }
  if (code == 128 + SIGKILL) {
    line = "killed; out of memory?";
  } else if (code > 128) {
    line = fmt::format("stopped by signal {}", code - 128);
  }
  return fmt::format("exit code {}{}{}", code, line.empty() ? "" : ": ", line);
}

}  // namespace

TrialRunner::TrialRunner(const SweepFolder& folder, RunnerOptions options)
    : folder_(folder),
      options_(std::move(options)),
      line_(options_.quiet),
      spent_before_s_(folder.spent_s()) {}

TrialRunner::~TrialRunner() {
  try {
    stop_all();
    save_spent_if_due(/*now=*/true);
  } catch (...) {  // a full disk; an exception is already on its way
  }
}

RunnerEnd TrialRunner::train(const std::vector<Trial>& trials) {
  std::vector<const Trial*> all;
  for (const Trial& trial : trials) {
    all.push_back(&trial);
  }
  return run(all, /*with_test=*/false);
}

RunnerEnd TrialRunner::test(const std::vector<Trial>& trials) {
  std::vector<const Trial*> all;
  for (const Trial& trial : trials) {
    all.push_back(&trial);
  }
  return run(all, /*with_test=*/true);
}

bool TrialRunner::is_done(const Trial& trial) const {
  const std::string run = folder_.run(trial.name);
  return with_test_ ? read_test(run).has_value()
                    : read_outcome(run, trial.epochs, options_.metric).has_value();
}

RunnerEnd TrialRunner::run(const std::vector<const Trial*>& trials, bool with_test) {
  with_test_ = with_test;
  num_trials_ = trials.size();
  pending_.clear();
  failed_once_.clear();
  for (const Trial* trial : trials) {
    if (!is_done(*trial)) {
      pending_.push_back(trial);
    }
  }
  num_ended_ = num_trials_ - pending_.size();
  if (num_ended_ > 0 && !pending_.empty()) {
    message(fmt::format("{} of {} trainings have ended before", num_ended_, num_trials_));
  }
  const StopSignals signals;
  while (!pending_.empty() || !running_.empty() || !failed_once_.empty()) {
    if (StopSignals::received() != 0) {
      stop_all();
      return RunnerEnd::kStopped;
    }
    const bool may_start = with_test || !out_of_budget();
    if (!may_start && running_.empty()) {
      return RunnerEnd::kOutOfBudget;
    }
    if (pending_.empty() && running_.empty()) {
      pending_.swap(failed_once_);
    }
    while (may_start && !pending_.empty() &&
           static_cast<std::int64_t>(running_.size()) < options_.jobs) {
      const Trial& trial = *pending_.front();
      pending_.pop_front();
      start(trial, !folder_.failure(trial.name).empty());
    }
    show_progress();
    std::this_thread::sleep_for(kPollInterval);
    collect();
    save_spent_if_due(/*now=*/false);
  }
  return StopSignals::received() != 0 ? RunnerEnd::kStopped : RunnerEnd::kDone;
}

void TrialRunner::start(const Trial& trial, bool again) {
  const std::string run = folder_.run(trial.name);
  std::vector<std::string> arguments{"train", "--out", run};
  if (has_run(run)) {
    arguments.insert(arguments.end(), {"--resume", "--epochs", fmt::format("{}", trial.epochs)});
  } else {
    const std::string config = folder_.config(trial.name);
    write_file_atomically(config, data::json_text(trial.config, 2) + "\n");
    arguments.insert(arguments.end(), {"--config", config});
  }
  if (!with_test_) {
    arguments.emplace_back("--no-test");
  }
  arguments.insert(arguments.end(), options_.flags.begin(), options_.flags.end());
  running_.push_back(
      {TrialProcess(
           arguments, options_.environment, folder_.log(trial.name), folder_.trials_lock()),
       &trial,
       again});
}

void TrialRunner::collect() {
  for (std::size_t i = 0; i < running_.size();) {
    const std::optional<int> code = running_[i].process.poll();
    if (!code) {
      ++i;
      continue;
    }
    const Running ended = std::move(running_[i]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    finish(ended, *code);
  }
}

void TrialRunner::finish(const Running& ended, int code) {
  const Trial& trial = *ended.trial;
  if (code == 0 && is_done(trial)) {
    folder_.set_failure(trial.name, "");
    ++num_ended_;
    if (with_test_) {
      message(fmt::format("{}{}: evaluated on the test", place(), trial.words));
    } else {
      const auto outcome = read_outcome(folder_.run(trial.name), trial.epochs, options_.metric);
      seconds_of_ended_ += outcome->seconds;
      ++num_timed_;
      message(fmt::format("{}{}: {} {:.4f} in epoch {}, {}",
                          place(),
                          trial.words,
                          options_.metric,
                          outcome->score,
                          outcome->best.epoch,
                          format_duration(outcome->seconds)));
    }
    return;
  }
  const std::string reason = reason_of(code, folder_.log(trial.name));
  folder_.set_failure(trial.name, reason);
  if (ended.again) {
    ++num_ended_;
    message(fmt::format("{}{}: failed, {}", place(), trial.words, reason));
  } else {
    failed_once_.push_back(&trial);
    message(fmt::format("{}: failed, {}; to be tried again", trial.words, reason));
  }
}

std::string TrialRunner::place() const {
  return fmt::format("{} of {}: ", num_ended_, num_trials_);
}

void TrialRunner::stop_all() {
  for (const Running& running : running_) {
    running.process.send(SIGTERM);
  }
  while (!running_.empty()) {
    std::this_thread::sleep_for(kPollInterval);
    std::erase_if(running_, [](Running& running) { return running.process.poll().has_value(); });
  }
}

void TrialRunner::show_progress() {
  if (!line_.due() || running_.empty()) {
    return;
  }
  std::string left;
  if (num_timed_ > 0 && !with_test_) {
    const double mean = seconds_of_ended_ / static_cast<double>(num_timed_);
    const auto trials = static_cast<double>(num_trials_ - num_ended_);
    left = ", left about " + format_duration(mean * trials / static_cast<double>(options_.jobs));
  }
  std::string words;
  for (const Running& running : running_) {
    words += (words.empty() ? "" : "; ") + running.trial->words;
  }
  line_.update(fmt::format("{} of {} trainings, {}{}; running: {}",
                           num_ended_,
                           num_trials_,
                           format_duration(spent_s()),
                           left,
                           words));
}

bool TrialRunner::out_of_budget() const {
  return options_.budget_s > 0.0 && spent_s() >= options_.budget_s;
}

double TrialRunner::spent_s() const {
  return spent_before_s_ + seconds_since(begin_);
}

void TrialRunner::save_spent_if_due(bool now) {
  if (now || Clock::now() - saved_ >= kSaveInterval) {
    saved_ = Clock::now();
    folder_.save_spent(spent_s());
  }
}

}  // namespace elastic::cli
