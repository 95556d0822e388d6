// Leave-one-out: which events of a user are trained on, which are held out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace elastic::data {

/// The held-out event: kValidation the one before the last, kTest the last.
enum class Subset { kValidation, kTest };
const char* name_of(Subset subset);

/// A user's last event is the test target, the one before it the validation target, all before
/// these are for training. A user of fewer than three events trains only, with all of them.
class Split {
 public:
  explicit Split(std::shared_ptr<const Dataset> dataset);

  [[nodiscard]] const Dataset& dataset() const { return *dataset_; }
  [[nodiscard]] std::int32_t num_users() const { return dataset_->num_users(); }
  [[nodiscard]] std::int64_t num_items() const { return dataset_->num_items(); }

  /// Items 1..V, oldest first.
  [[nodiscard]] std::span<const std::int32_t> train_sequence(std::int64_t user) const;
  /// What a model may read before it is asked for the target: the training events, and for the test
  /// target the validation event too. Only for users of eval_users().
  [[nodiscard]] std::span<const std::int32_t> history(std::int64_t user, Subset subset) const;
  [[nodiscard]] std::int32_t target(std::int64_t user, Subset subset) const;
  /// Users with held-out events, ascending; the same for both subsets.
  [[nodiscard]] std::span<const std::int32_t> eval_users(Subset /*subset*/) const {
    return eval_users_;
  }
  /// How often each item occurs in the histories of the subset: [V + 1], index 0 unused.
  [[nodiscard]] std::vector<std::int64_t> popularity(Subset subset) const;
  [[nodiscard]] std::int64_t num_train_events() const;

  /// Of the data and the rule: equal hashes mean equal splits.
  [[nodiscard]] std::string hash() const;
  static const char* rule() { return "leave-one-out"; }

 private:
  std::shared_ptr<const Dataset> dataset_;
  std::vector<std::int32_t> eval_users_;
};

}  // namespace elastic::data
