// A profile beside an earlier one: ratios of time and memory, row by row.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "profile/spread.h"

namespace elastic::profile {

struct Report;

/// The output of an earlier `elastic profile -o json`.
struct EarlierProfile {
  std::string file;
  nlohmann::ordered_json json;
};

/// Throws CheckpointError that names the file and the reason if it cannot be read, or is not such
/// an output.
EarlierProfile read_profile(const std::string& file);

/// A row relative to the earlier row of the same work.
struct Change {
  bool has_partner = false;
  std::string status_before;           ///< of the partner: ok, oom, failed
  std::optional<Ratio> time;           ///< if both were measured
  std::optional<double> memory;        ///< of the bytes at the peak, likewise
  std::optional<double> ms_before;     ///< median, likewise
  std::optional<double> bytes_before;  ///< at the peak, likewise
};

struct Comparison {
  std::string file;                               ///< of the earlier profile
  std::vector<Change> changes;                    ///< of the report's rows, in their order
  std::vector<nlohmann::ordered_json> unmatched;  ///< earlier rows without a partner
  /// Facts that differ besides the rows, such as "threads: 2, before 1".
  std::vector<std::string> differences;
};

/// Rows are partners if they agree in model, phase, length, batch, supervision, shortcut, the
/// swept options of both profiles, and in being imported.
Comparison compare_with(const EarlierProfile& earlier, const Report& report);

/// Rows that are slower than `limit` times the earlier ones beyond the noise (the interval's lower
/// end is above it), whose peak memory is above `limit` times the earlier peak, or that ran before
/// and do not any more; in words. The report needs a comparison.
std::vector<std::string> regressions(const Report& report, double limit);

/// The comparison's keys of row number `row` of the report, for its JSON: earlier_status, null
/// without a partner, earlier_ms_median, time_ratio, time_ratio_low, time_ratio_high,
/// earlier_peak_bytes and memory_ratio.
nlohmann::ordered_json change_to_json(const Change& change);

/// Keys file, differences and unmatched.
nlohmann::ordered_json comparison_to_json(const Comparison& comparison);

/// A table of the ratios, the rows without a partner and the differences.
std::string comparison_to_markdown(const Report& report);

}  // namespace elastic::profile
