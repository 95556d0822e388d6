#include "data/items_first.h"

#include <cstdint>
#include <utility>

#include "data/id_map.h"

namespace elastic::data {

Dataset with_items_first(const Dataset& dataset, const std::vector<std::string>& ids) {
  IdMap items;
  for (const std::string& raw : ids) {
    items.add(raw);
  }
  std::vector<std::int32_t> numbers{0};
  for (std::int64_t item = 1; item <= dataset.num_items(); ++item) {
    numbers.push_back(items.add(dataset.item_id(item)) + 1);
  }
  IdMap users;
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> sequence;
  std::vector<std::int64_t> times;
  for (std::int32_t user = 0; user < dataset.num_users(); ++user) {
    users.add(dataset.user_id(user));
    for (const std::int32_t item : dataset.sequence(user)) {
      sequence.push_back(numbers[static_cast<std::size_t>(item)]);
    }
    offsets.push_back(std::ssize(sequence));
    if (dataset.has_times()) {
      const auto more = dataset.times(user);
      times.insert(times.end(), more.begin(), more.end());
    }
  }
  return {std::move(offsets),
          std::move(sequence),
          std::move(users),
          std::move(items),
          std::move(times)};
}

}  // namespace elastic::data
