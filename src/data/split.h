// Which events of a user are trained on, which are held out, which of these are ranked.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/split_plan.h"

namespace elastic::data {

enum class Subset { kValidation, kTest };
constexpr auto choices_of(Subset) {
  return std::to_array<Choice<Subset>>({{Subset::kTest, "test"}, {Subset::kValidation, "valid"}});
}

/// A user's events are those to train on, then those of the validation period, then those of the
/// test period; where the periods begin is the plan's. The target of a subset is the first event of
/// its period, its history is everything before.
class Split {
 public:
  /// Leave-one-out.
  explicit Split(std::shared_ptr<const Dataset> dataset);
  /// The plan is of the same users.
  Split(std::shared_ptr<const Dataset> dataset, SplitPlan plan);

  [[nodiscard]] const Dataset& dataset() const { return *dataset_; }
  [[nodiscard]] std::int32_t num_users() const { return dataset_->num_users(); }
  [[nodiscard]] std::int64_t num_items() const { return dataset_->num_items(); }

  /// Items 1..V, oldest first; empty for a user who comes with a held-out event only.
  [[nodiscard]] std::span<const std::int32_t> train_sequence(std::int64_t user) const;
  /// The events before the subset's period: what a model may read before it is asked for the
  /// target, and what was known of a user who has no target.
  [[nodiscard]] std::span<const std::int32_t> history(std::int64_t user, Subset subset) const;
  /// Only for users of eval_users() and cold_users().
  [[nodiscard]] std::int32_t target(std::int64_t user, Subset subset) const;
  /// Users with a target and a history, ascending.
  [[nodiscard]] std::span<const std::int32_t> eval_users(Subset subset) const {
    return of(subset).users;
  }
  /// Users with a target before which nothing is known of them, ascending. Leave-one-out has none.
  [[nodiscard]] std::span<const std::int32_t> cold_users(Subset subset) const {
    return of(subset).cold_users;
  }
  /// How often each item occurs in the histories of the subset: [V + 1], index 0 unused.
  [[nodiscard]] std::vector<std::int64_t> popularity(Subset subset) const;
  [[nodiscard]] std::int64_t num_train_events() const;
  /// Items without a training event: a model has learned nothing of them.
  [[nodiscard]] std::int64_t num_cold_items() const;

  /// Of the data and the split: equal hashes mean equal splits.
  [[nodiscard]] std::string hash() const;
  /// Never kAuto.
  [[nodiscard]] SplitRule rule() const { return plan_.rule; }
  /// The rule in words.
  [[nodiscard]] const std::string& description() const { return plan_.description; }
  /// Which events the subset's histories hold, in words.
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
