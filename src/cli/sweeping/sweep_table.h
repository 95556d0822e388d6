// The results of a sweep as a table for people, as separated values and as JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/sweeping/sweep_result.h"

namespace elastic::cli {

/// The test of the chosen configuration.
struct SweepTest {
  std::vector<std::pair<std::string, Average>> metrics;  ///< over the seeds, by name
  std::string failure;              ///< the reason, if it failed; there are no metrics then
  std::vector<std::string> others;  ///< configurations that an earlier call has tested, in words
};

/// All that is reported about a sweep.
struct SweepResult {
  std::string search;  ///< "grid", "random" or "halving"
  const TrialGrid* grid = nullptr;
  std::vector<std::string> keys;         ///< the varied options
  std::vector<CandidateResult> results;  ///< as ranked_results
  std::optional<SweepTest> test;         ///< none if no configuration is complete

  [[nodiscard]] bool has_choice() const { return !results.empty() && results.front().complete(); }
  [[nodiscard]] const Candidate& candidate(const CandidateResult& one) const {
    return grid->candidates()[one.candidate];
  }
  /// Trials that have neither ended nor failed.
  [[nodiscard]] std::size_t num_left_out() const;
};

/// The state of a configuration: "best", "trained", "dropped", "failed" or "left out".
std::string state_of(const SweepResult& sweep, std::size_t place);

/// Texts in rows and columns, the first row being the head.
using TextTable = std::vector<std::vector<std::string>>;
/// The rows of the table; `exact` writes all digits and seconds instead of 4:05.
TextTable table_rows(const SweepResult& sweep, bool exact);
/// A value of an option: "0.001"; "" for null.
std::string setting_text(const nlohmann::ordered_json& settings, const std::string& key);

std::string to_text(const SweepResult& sweep);
std::string to_csv(const SweepResult& sweep);
nlohmann::ordered_json to_json(const SweepResult& sweep);

}  // namespace elastic::cli
