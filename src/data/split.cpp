#include "data/split.h"

#include <utility>

#include "base/error.h"
#include "data/content_hash.h"

namespace elastic::data {
namespace {

constexpr std::size_t kMinEvents = 3;  // one to train on, one to validate, one to test

}  // namespace

const char* name_of(Subset subset) {
  return subset == Subset::kTest ? "test" : "valid";
}

Split::Split(std::shared_ptr<const Dataset> dataset) : dataset_(std::move(dataset)) {
  for (std::int32_t user = 0; user < num_users(); ++user) {
    if (dataset_->sequence(user).size() >= kMinEvents) {
      eval_users_.push_back(user);
    }
  }
}

std::span<const std::int32_t> Split::train_sequence(std::int64_t user) const {
  const auto sequence = dataset_->sequence(user);
  return sequence.size() >= kMinEvents ? sequence.first(sequence.size() - 2) : sequence;
}

std::span<const std::int32_t> Split::history(std::int64_t user, Subset subset) const {
  const auto sequence = dataset_->sequence(user);
  ELASTIC_CHECK(sequence.size() >= kMinEvents, "user ", user, " has nothing held out");
  return sequence.first(sequence.size() - (subset == Subset::kTest ? 1 : 2));
}

std::int32_t Split::target(std::int64_t user, Subset subset) const {
  return dataset_->sequence(user)[history(user, subset).size()];
}

std::vector<std::int64_t> Split::popularity(Subset subset) const {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(num_items()) + 1, 0);
  for (std::int32_t user = 0; user < num_users(); ++user) {
    const bool held_out = dataset_->sequence(user).size() >= kMinEvents;
    for (const std::int32_t item : held_out ? history(user, subset) : train_sequence(user)) {
      ++counts[static_cast<std::size_t>(item)];
    }
  }
  return counts;
}

std::int64_t Split::num_train_events() const {
  return dataset_->num_events() - 2 * static_cast<std::int64_t>(eval_users_.size());
}

std::string Split::hash() const {
  ContentHash hash;
  hash.add(dataset_->hash());
  hash.add(std::string_view(rule()));
  return hash.hex();
}

}  // namespace elastic::data
