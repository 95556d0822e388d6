// The division of each user's events: training events, held-out events, and the ranked ones.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/split_plan.h"
#include "data/token_times.h"

namespace elastic::data {

enum class Subset { kValidation, kTest };
constexpr auto choices_of(Subset) {
  return std::to_array<Choice<Subset>>({{Subset::kTest, "test"}, {Subset::kValidation, "valid"}});
}

/// A user's events are, in order, those for training, those of the validation period, and those of
/// the test period; the plan gives the start of the periods. The target of a subset is the first
/// event of its period; its history is all events before that period.
class Split {
 public:
  /// Splits by leave-one-out.
  explicit Split(std::shared_ptr<const Dataset> dataset);
  /// `plan` must be for the users of `dataset`.
  Split(std::shared_ptr<const Dataset> dataset, SplitPlan plan);

  /// The same split with the held-out events that `refit` names among the training events. The
  /// rule must hold out events, and this split must not be refitted already.
  [[nodiscard]] Split refitted(Refit refit) const;

  [[nodiscard]] const Dataset& dataset() const { return *dataset_; }
  [[nodiscard]] std::int32_t num_users() const { return dataset_->num_users(); }
  [[nodiscard]] std::int64_t num_items() const { return dataset_->num_items(); }

  /// The user's training events: items 1..V, oldest first; empty if all events are held out.
  [[nodiscard]] std::span<const std::int32_t> train_sequence(std::int64_t user) const;
  /// The items of the events before the subset's period, oldest first: the input of a model that
  /// predicts the target. Also defined for users without a target.
  [[nodiscard]] std::span<const std::int32_t> history(std::int64_t user, Subset subset) const;
  /// The times of history(), in whole seconds, and of the event after it if it is known: only for
  /// data with times.
  [[nodiscard]] HistoryTimes history_times(std::int64_t user, Subset subset) const;
  /// The times of train_sequence().
  [[nodiscard]] std::span<const std::int64_t> train_times(std::int64_t user) const;
  /// The item 1..V to predict; only for users of eval_users() and cold_users().
  [[nodiscard]] std::int32_t target(std::int64_t user, Subset subset) const;
  /// Users with a target and a history, ascending.
  [[nodiscard]] std::span<const std::int32_t> eval_users(Subset subset) const {
    return of(subset).users;
  }
  /// Users with a target but no history, ascending. Leave-one-out has none.
  [[nodiscard]] std::span<const std::int32_t> cold_users(Subset subset) const {
    return of(subset).cold_users;
  }
  /// Occurrences of each item in the histories of the subset: [V + 1], index 0 unused.
  [[nodiscard]] std::vector<std::int64_t> popularity(Subset subset) const;
  [[nodiscard]] std::int64_t num_train_events() const;
  /// Number of items without a training event, about which a model has learned nothing.
  [[nodiscard]] std::int64_t num_cold_items() const;

  /// Hash of the data and the split: equal hashes mean equal splits.
  [[nodiscard]] std::string hash() const;
  /// Never kAuto.
  [[nodiscard]] SplitRule rule() const { return plan_.rule; }
  [[nodiscard]] Refit refit() const { return plan_.refit; }
  /// False if the events of the subset's period are training events, or there is no such period: no
  /// evaluation on them is honest.
  [[nodiscard]] bool holds_out(Subset subset) const;
  /// A description of the rule, for people.
  [[nodiscard]] const std::string& description() const { return plan_.description; }
  /// A description of the events in the subset's histories, for people.
  [[nodiscard]] const char* history_words(Subset subset) const;

 private:
  struct Targets {
    std::vector<std::int32_t> users;
    std::vector<std::int32_t> cold_users;
  };
  [[nodiscard]] const Targets& of(Subset subset) const {
    return subset == Subset::kTest ? test_ : validation_;
  }
  [[nodiscard]] std::size_t period_begin(std::int64_t user, Subset subset) const;
  [[nodiscard]] std::size_t period_end(std::int64_t user, Subset subset) const;

  std::shared_ptr<const Dataset> dataset_;
  SplitPlan plan_;
  Targets validation_;
  Targets test_;
};

}  // namespace elastic::data
