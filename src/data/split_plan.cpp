#include "data/split_plan.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>

#include "base/error.h"
#include "data/log_times.h"
#include "data/time_option.h"

namespace elastic::data {
namespace {

constexpr std::int64_t kMinEvents = 3;  // one each for training, validation and test

std::string percent(double share) {
  return concat(std::round(share * 1e6) / 1e4, " %");
}

// For each user, the index of the first event for which `is_later` holds; it must hold for all
// later events too.
template <class IsLater>
std::vector<std::int32_t> first_of_each(const Interactions& log,
                                        const EventOrder& order,
                                        const IsLater& is_later) {
  std::vector<std::int32_t> begins;
  begins.reserve(order.offsets.size() - 1);
  for (std::size_t user = 0; user + 1 < order.offsets.size(); ++user) {
    const auto begin = order.positions.begin() + order.offsets[user];
    const auto end = order.positions.begin() + order.offsets[user + 1];
    const auto found = std::partition_point(begin, end, [&](std::int32_t position) {
      return !is_later(log.events[static_cast<std::size_t>(position)]);
    });
    begins.push_back(static_cast<std::int32_t>(found - begin));
  }
  return begins;
}

// The moment at or after which `share` of all events lie; slightly more if several events share it.
Moment quantile(const Interactions& log, double share) {
  std::vector<Moment> moments;
  moments.reserve(log.events.size());
  for (const Event& event : log.events) {
    moments.push_back(moment_of(event));
  }
  const auto held_out = static_cast<std::size_t>(share * static_cast<double>(moments.size()));
  const auto at = moments.end() - static_cast<std::ptrdiff_t>(std::max<std::size_t>(held_out, 1));
  std::nth_element(moments.begin(), at, moments.end());
  return *at;
}

SplitPlan split_by_time(const Interactions& log,
                        const EventOrder& order,
                        const SplitOptions& options) {
  if (!log.has_timestamp) {
    throw DataError(
        "data: ", log.path, ": --split time needs a timestamp column, but there is none");
  }
  const std::int64_t unit = time_unit(log);
  const Moment test =
      options.test_time.empty()
          ? quantile(log, options.test_ratio)
          : resolve_time("--test-time", options.test_time, unit, log.format.time_format).moment;
  const auto is_tested = [&](const Event& event) { return moment_of(event) >= test; };
  // valid_ratio is a share of all events, which ends where the test begins.
  double before = options.valid_ratio;
  if (options.valid_time.empty()) {
    const auto num_test = std::count_if(log.events.begin(), log.events.end(), is_tested);
    before += static_cast<double>(num_test) / static_cast<double>(log.events.size());
    if (before >= 1.0) {
      throw DataError("data: ",
                      log.path,
                      ": --split time: ",
                      num_test,
                      " of ",
                      log.events.size(),
                      " events are in the test; with --valid-ratio ",
                      options.valid_ratio,
                      " none would be left to train on");
    }
  }
  const Moment valid =
      options.valid_time.empty()
          ? quantile(log, before)
          : resolve_time("--valid-time", options.valid_time, unit, log.format.time_format).moment;
  if (valid > test) {
    throw UsageError("--valid-time: expected a time before the test's, ",
                     describe_time(test, unit),
                     ", got ",
                     describe_time(valid, unit));
  }
  SplitPlan plan;
  plan.valid_begin =
      first_of_each(log, order, [&](const Event& event) { return moment_of(event) >= valid; });
  plan.test_begin = first_of_each(log, order, is_tested);
  plan.description = concat("time: the test begins at ",
                            describe_time(test, unit),
                            ", the validation at ",
                            describe_time(valid, unit),
                            ", for all users; of each user the first event of either is ranked");
  return plan;
}

SplitPlan split_by_ratio(const EventOrder& order, const SplitOptions& options) {
  SplitPlan plan;
  for (std::size_t user = 0; user + 1 < order.offsets.size(); ++user) {
    const std::int64_t length = order.offsets[user + 1] - order.offsets[user];
    std::int64_t valid = 0;
    std::int64_t test = 0;
    if (length >= kMinEvents) {
      const auto part = [&](double share) {
        return std::max<std::int64_t>(
            1, static_cast<std::int64_t>(share * static_cast<double>(length)));
      };
      valid = std::min(part(options.valid_ratio), length - 2);
      test = std::min(part(options.test_ratio), length - 1 - valid);
    }
    plan.valid_begin.push_back(static_cast<std::int32_t>(length - valid - test));
    plan.test_begin.push_back(static_cast<std::int32_t>(length - test));
  }
  plan.description = concat("ratio: of each user the last ",
                            percent(options.test_ratio),
                            " of the events are the test, the ",
                            percent(options.valid_ratio),
                            " before them the validation; the first event of either is ranked");
  return plan;
}

SplitPlan split_by_files(const Interactions& log, const EventOrder& order) {
  SplitPlan plan;
  plan.valid_begin =
      first_of_each(log, order, [](const Event& event) { return event.part != LogPart::kTrain; });
  plan.test_begin =
      first_of_each(log, order, [](const Event& event) { return event.part == LogPart::kTest; });
  plan.description =
      "files: validation and test events are those of files of their own; of each user the first "
      "event of either is ranked";
  return plan;
}

SplitPlan hold_out_nothing(const EventOrder& order) {
  SplitPlan plan;
  plan.rule = SplitRule::kNone;
  for (std::size_t user = 0; user + 1 < order.offsets.size(); ++user) {
    plan.valid_begin.push_back(
        static_cast<std::int32_t>(order.offsets[user + 1] - order.offsets[user]));
  }
  plan.test_begin = plan.valid_begin;
  plan.description = "none: all events are trained on";
  return plan;
}

void check_periods(const Interactions& log, const EventOrder& order, const SplitPlan& plan) {
  std::int64_t train = 0;
  std::int64_t valid = 0;
  std::int64_t test = 0;
  for (std::size_t user = 0; user < plan.valid_begin.size(); ++user) {
    const std::int64_t length = order.offsets[user + 1] - order.offsets[user];
    train += plan.valid_begin[user];
    valid += plan.test_begin[user] - plan.valid_begin[user];
    test += length - plan.test_begin[user];
  }
  if (train == 0 || valid == 0 || test == 0) {
    throw DataError("data: ",
                    log.path,
                    ": --split ",
                    choice_name(plan.rule),
                    ": expected events to train on, to validate and to test with, got ",
                    train,
                    ", ",
                    valid,
                    " and ",
                    test);
  }
}

void refuse_unused(bool given, const char* option, SplitRule rule, const char* needs) {
  if (given) {
    throw UsageError(
        option, ": has no effect with --split ", choice_name(rule), "; expected ", needs);
  }
}

}  // namespace

SplitRule split_rule(const SplitOptions& options, bool has_files) {
  const SplitRule rule = options.rule != SplitRule::kAuto ? options.rule
                         : has_files                      ? SplitRule::kFiles
                                                          : SplitRule::kLeaveOneOut;
  if (rule == SplitRule::kFiles && !has_files) {
    throw UsageError("--split files: expected --valid-data FILE and --test-data FILE");
  }
  refuse_unused(rule != SplitRule::kFiles && has_files,
                "--valid-data and --test-data",
                rule,
                "--split files");
  const SplitOptions unset;
  refuse_unused(rule != SplitRule::kTime && !options.valid_time.empty(),
                "--valid-time",
                rule,
                "--split time");
  refuse_unused(
      rule != SplitRule::kTime && !options.test_time.empty(), "--test-time", rule, "--split time");
  for (const auto& [option, share, default_share, time] :
       {std::tuple("--valid-ratio", options.valid_ratio, unset.valid_ratio, &options.valid_time),
        std::tuple("--test-ratio", options.test_ratio, unset.test_ratio, &options.test_time)}) {
    const bool is_set = share != default_share;
    refuse_unused(is_set && rule != SplitRule::kTime && rule != SplitRule::kRatio,
                  option,
                  rule,
                  "--split time or ratio");
    if (is_set && !time->empty()) {
      throw UsageError(
          option, ": the start of that period is also given as a time; leave out one of the two");
    }
  }
  if (options.valid_ratio + options.test_ratio >= 1.0) {
    throw UsageError("--valid-ratio and --test-ratio: expected less than 1 together, got ",
                     options.valid_ratio,
                     " and ",
                     options.test_ratio);
  }
  return rule;
}

SplitPlan leave_one_out(const std::vector<std::int64_t>& lengths) {
  SplitPlan plan;
  plan.rule = SplitRule::kLeaveOneOut;
  plan.description =
      "leave-one-out: a user's last event is the test, the one before the validation";
  for (const std::int64_t length : lengths) {
    const bool held_out = length >= kMinEvents;
    plan.valid_begin.push_back(static_cast<std::int32_t>(held_out ? length - 2 : length));
    plan.test_begin.push_back(static_cast<std::int32_t>(held_out ? length - 1 : length));
  }
  return plan;
}

SplitPlan plan_split(const Interactions& log,
                     const EventOrder& order,
                     SplitRule rule,
                     const SplitOptions& options) {
  if (rule == SplitRule::kLeaveOneOut) {
    std::vector<std::int64_t> lengths;
    for (std::size_t user = 0; user + 1 < order.offsets.size(); ++user) {
      lengths.push_back(order.offsets[user + 1] - order.offsets[user]);
    }
    return leave_one_out(lengths);
  }
  if (rule == SplitRule::kNone) {
    return hold_out_nothing(order);
  }
  SplitPlan plan = rule == SplitRule::kTime    ? split_by_time(log, order, options)
                   : rule == SplitRule::kRatio ? split_by_ratio(order, options)
                                               : split_by_files(log, order);
  plan.rule = rule;
  check_periods(log, order, plan);
  return plan;
}

}  // namespace elastic::data
