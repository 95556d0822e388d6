#include "data/split.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.h"
#include "data/content_hash.h"

namespace elastic::data {
namespace {

std::vector<std::int64_t> lengths_of(const Dataset& dataset) {
  std::vector<std::int64_t> lengths;
  for (std::int32_t user = 0; user < dataset.num_users(); ++user) {
    lengths.push_back(static_cast<std::int64_t>(dataset.sequence(user).size()));
  }
  return lengths;
}

}  // namespace

Split::Split(std::shared_ptr<const Dataset> dataset)
    : Split(dataset, leave_one_out(lengths_of(*dataset))) {}

Split::Split(std::shared_ptr<const Dataset> dataset, SplitPlan plan)
    : dataset_(std::move(dataset)), plan_(std::move(plan)) {
  const auto users = static_cast<std::size_t>(num_users());
  ELASTIC_CHECK(plan_.valid_begin.size() == users && plan_.test_begin.size() == users,
                "the plan is of other users");
  for (std::int32_t user = 0; user < num_users(); ++user) {
    for (const Subset subset : {Subset::kValidation, Subset::kTest}) {
      const std::size_t begin = period_begin(user, subset);
      ELASTIC_CHECK(begin <= period_end(user, subset), "the periods of user ", user, " overlap");
      if (begin < period_end(user, subset)) {
        Targets& targets = subset == Subset::kTest ? test_ : validation_;
        (begin > 0 ? targets.users : targets.cold_users).push_back(user);
      }
    }
  }
}

Split Split::refitted(Refit refit) const {
  if (refit == Refit::kNone) {
    return *this;
  }
  ELASTIC_CHECK(rule() != SplitRule::kNone && plan_.refit == Refit::kNone,
                "no held-out events to train on");
  SplitPlan plan = plan_;
  plan.refit = refit;
  if (refit == Refit::kAll) {
    for (std::int32_t user = 0; user < num_users(); ++user) {
      plan.test_begin[static_cast<std::size_t>(user)] =
          static_cast<std::int32_t>(dataset_->sequence(user).size());
    }
  }
  plan.valid_begin = plan.test_begin;
  plan.description +=
      refit == Refit::kAll ? "; trained on all of them" : "; trained on the validation events too";
  return Split(dataset_, std::move(plan));
}

bool Split::holds_out(Subset subset) const {
  if (rule() == SplitRule::kNone || plan_.refit == Refit::kAll) {
    return false;
  }
  return plan_.refit == Refit::kNone || subset == Subset::kTest;
}

std::size_t Split::period_begin(std::int64_t user, Subset subset) const {
  const auto& begins = subset == Subset::kTest ? plan_.test_begin : plan_.valid_begin;
  return static_cast<std::size_t>(begins[static_cast<std::size_t>(user)]);
}

std::size_t Split::period_end(std::int64_t user, Subset subset) const {
  return subset == Subset::kTest ? dataset_->sequence(user).size()
                                 : period_begin(user, Subset::kTest);
}

std::span<const std::int32_t> Split::train_sequence(std::int64_t user) const {
  return history(user, Subset::kValidation);
}

std::span<const std::int32_t> Split::history(std::int64_t user, Subset subset) const {
  return dataset_->sequence(user).first(period_begin(user, subset));
}

HistoryTimes Split::history_times(std::int64_t user, Subset subset) const {
  const std::span<const std::int64_t> times = dataset_->times(user);
  const std::size_t begin = period_begin(user, subset);
  HistoryTimes result{times.first(begin)};
  if (begin < times.size()) {
    result.asked = times[begin];
  }
  return result;
}

std::span<const std::int64_t> Split::train_times(std::int64_t user) const {
  return dataset_->times(user).first(train_sequence(user).size());
}

std::int32_t Split::target(std::int64_t user, Subset subset) const {
  const std::size_t position = period_begin(user, subset);
  ELASTIC_CHECK(position < period_end(user, subset), "user ", user, " has nothing held out");
  return dataset_->sequence(user)[position];
}

std::vector<std::int64_t> Split::popularity(Subset subset) const {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(num_items()) + 1, 0);
  for (std::int32_t user = 0; user < num_users(); ++user) {
    for (const std::int32_t item : history(user, subset)) {
      ++counts[static_cast<std::size_t>(item)];
    }
  }
  return counts;
}

std::int64_t Split::num_train_events() const {
  return std::accumulate(plan_.valid_begin.begin(), plan_.valid_begin.end(), std::int64_t{0});
}

std::int64_t Split::num_cold_items() const {
  const std::vector<std::int64_t> counts = popularity(Subset::kValidation);
  return std::count(counts.begin() + 1, counts.end(), 0);
}

std::string Split::hash() const {
  ContentHash hash;
  hash.add(dataset_->hash());
  hash.add(std::string_view(choice_name(plan_.rule)));
  if (plan_.refit != Refit::kNone) {
    hash.add(std::string_view(choice_name(plan_.refit)));
  }
  if (plan_.rule != SplitRule::kLeaveOneOut) {  // leave-one-out follows from the data
    hash.add_values<std::int32_t>(plan_.valid_begin);
    hash.add_values<std::int32_t>(plan_.test_begin);
  }
  return hash.hex();
}

const char* Split::history_words(Subset subset) const {
  if (rule() != SplitRule::kLeaveOneOut) {
    return "all events before the ranked one";
  }
  return subset == Subset::kTest ? "training and validation events" : "training events";
}

}  // namespace elastic::data
