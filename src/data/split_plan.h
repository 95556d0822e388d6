// Where in each user's events the held-out periods begin, by the rule that the options name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/choice.h"
#include "data/event_order.h"
#include "data/interactions.h"

namespace elastic::data {

enum class SplitRule { kAuto, kLeaveOneOut, kTime, kRatio, kFiles };
constexpr auto choices_of(SplitRule) {
  using enum SplitRule;
  return std::to_array<Choice<SplitRule>>({{kAuto, "auto", "files where given, else leave-one-out"},
                                           {kLeaveOneOut, "leave-one-out"},
                                           {kTime, "time", "from a moment on, for all users"},
                                           {kRatio, "ratio", "of each user the last"},
                                           {kFiles, "files", "valid_data and test_data"}});
}

struct SplitOptions {
  SplitRule rule = SplitRule::kAuto;
  std::string valid_time = "";  ///< of time: where the validation begins; "": by valid_ratio
  std::string test_time = "";   ///< of time: where the test begins; "": by test_ratio
  double valid_ratio = 0.1;     ///< of time and ratio
  double test_ratio = 0.1;

  bool operator==(const SplitOptions&) const = default;
};

/// The rule that `options` name, never kAuto; `has_files`: held-out files are given. Throws
/// UsageError for values out of range, and options that the rule does not use.
SplitRule split_rule(const SplitOptions& options, bool has_files);

/// A user's events are, in their order, those trained on, those of the validation period, those of
/// the test period; each period may be empty. U users.
struct SplitPlan {
  SplitRule rule = SplitRule::kLeaveOneOut;  ///< not kAuto
  std::string description;                   ///< in words, for the protocol
  std::vector<std::int32_t> valid_begin;     ///< [U] as many events does a user train on
  std::vector<std::int32_t> test_begin;      ///< [U] events before the test period
};

/// From the lengths of the users' sequences [U]: the last event is the test, the one before the
/// validation. Users of fewer than three events train only.
SplitPlan leave_one_out(const std::vector<std::int64_t>& lengths);

/// `rule` as split_rule gives it. Throws DataError when the log has no times to split by, or when a
/// period is empty; UsageError when the validation would begin after the test.
SplitPlan plan_split(const Interactions& log,
                     const EventOrder& order,
                     SplitRule rule,
                     const SplitOptions& options);

}  // namespace elastic::data
