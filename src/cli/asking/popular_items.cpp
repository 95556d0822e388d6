#include "cli/asking/popular_items.h"

#include <algorithm>
#include <numeric>

namespace elastic::cli {
namespace {

bool contains(const std::vector<std::int32_t>& sorted, std::int32_t item) {
  return std::binary_search(sorted.begin(), sorted.end(), item);
}

}  // namespace

PopularItems::PopularItems(KnownUsers& users, const Recommender& recommender)
    : recommender_(recommender) {
  const auto num_items = static_cast<std::size_t>(recommender.config().num_items);
  events_.resize(num_items + 1);
  for (std::int32_t user = 0; user < users.num_users(); ++user) {
    for (const std::int32_t item : users.history(user).items) {
      ++events_[static_cast<std::size_t>(item)];
    }
  }
  ordered_.resize(num_items);
  std::iota(ordered_.begin(), ordered_.end(), 1);
  std::stable_sort(ordered_.begin(), ordered_.end(), [this](std::int32_t a, std::int32_t b) {
    return events_[static_cast<std::size_t>(a)] > events_[static_cast<std::size_t>(b)];
  });
}

void PopularItems::answer(Question& question) const {
  if (!question.lacks_history) {
    return;
  }
  Answer& answer = question.answer;
  const Request request = question.request();
  const std::vector<std::int32_t> excluded = recommender_.excluded_items(request);
  const std::vector<std::int32_t>* candidates = recommender_.candidates_of(request);
  const auto k = static_cast<std::size_t>(recommender_.top_k_of(request));
  for (const std::int32_t item : ordered_) {
    if (answer.items.size() == k) {
      break;
    }
    if (!contains(excluded, item) && (candidates == nullptr || contains(*candidates, item))) {
      const train::ItemName& names = recommender_.name(item);
      answer.items.push_back(
          {names.raw_id, names.title, static_cast<float>(events_[static_cast<std::size_t>(item)])});
    }
  }
  answer.fallback_reason = std::move(answer.error);
  answer.error.clear();
  question.lacks_history = false;
}

}  // namespace elastic::cli
