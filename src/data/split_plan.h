// The start of the held-out periods in each user's events, by the rule of the options.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/choice.h"
#include "data/event_order.h"
#include "data/interactions.h"

namespace elastic::data {

enum class SplitRule { kAuto, kLeaveOneOut, kTime, kRatio, kFiles, kNone };
constexpr auto choices_of(SplitRule) {
  using enum SplitRule;
  return std::to_array<Choice<SplitRule>>(
      {{kAuto, "auto", "files if given, else leave-one-out"},
       {kLeaveOneOut, "leave-one-out"},
       {kTime, "time", "events from a time on, the same for all users"},
       {kRatio, "ratio", "the last share of each user's events"},
       {kFiles, "files", "valid_data and test_data"},
       {kNone, "none", "no events; all are trained on"}});
}

/// The held-out events that a model is trained on too.
enum class Refit { kNone, kValidation, kAll };
constexpr auto choices_of(Refit) {
  return std::to_array<Choice<Refit>>({{Refit::kNone, "none"},
                                       {Refit::kValidation, "validation", "the validation events"},
                                       {Refit::kAll, "all", "the validation and the test events"}});
}

struct SplitOptions {
  SplitRule rule = SplitRule::kAuto;
  std::string valid_time = "";  ///< for time: start of the validation; "": by valid_ratio
  std::string test_time = "";   ///< for time: start of the test; "": by test_ratio
  double valid_ratio = 0.1;     ///< for time and ratio
  double test_ratio = 0.1;

  bool operator==(const SplitOptions&) const = default;
};

/// The rule of `options`, with auto resolved; `has_files` says whether held-out files are given.
/// Throws UsageError for values out of range, and options that the rule does not use.
SplitRule split_rule(const SplitOptions& options, bool has_files);

/// A user's events are, in order, those for training, those of the validation period and those of
/// the test period; each may be empty. For U users.
struct SplitPlan {
  SplitRule rule = SplitRule::kLeaveOneOut;  ///< not kAuto
  Refit refit = Refit::kNone;                ///< held-out events that count as training events
  std::string description;                   ///< for people, part of the protocol
  std::vector<std::int32_t> valid_begin;     ///< [U] number of training events
  std::vector<std::int32_t> test_begin;      ///< [U] number of events before the test period
};

/// Leave-one-out, from the lengths of the users' sequences [U]: the last event is the test, the one
/// before it the validation. Users with fewer than three events are for training only.
SplitPlan leave_one_out(const std::vector<std::int64_t>& lengths);

/// Splits by `rule`, as returned by split_rule. With kNone all events are training events. Throws
/// DataError if the log lacks the times to split by or a period is empty, UsageError if the
/// validation would begin after the test.
SplitPlan plan_split(const Interactions& log,
                     const EventOrder& order,
                     SplitRule rule,
                     const SplitOptions& options);

}  // namespace elastic::data
