// The events of all users, ordered, as one array.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/event_order.h"
#include "data/id_map.h"
#include "data/interactions.h"

namespace elastic::data {

/// U users, V items with internal ids 1..V, E events. Immutable except for the titles.
class Dataset {
 public:
  /// `offsets` [U+1] into `items` [E] (1..V); `user_ids` [U] and `item_ids` [V] hold the raw ids.
  Dataset(std::vector<std::int64_t> offsets,
          std::vector<std::int32_t> items,
          IdMap user_ids,
          IdMap item_ids);

  [[nodiscard]] std::int32_t num_users() const { return user_ids_.size(); }
  [[nodiscard]] std::int64_t num_items() const { return item_ids_.size(); }
  [[nodiscard]] std::int64_t num_events() const { return static_cast<std::int64_t>(items_.size()); }
  /// A user's items, oldest first.
  [[nodiscard]] std::span<const std::int32_t> sequence(std::int64_t user) const;

  [[nodiscard]] const std::string& user_id(std::int64_t user) const {
    return user_ids_.raw(static_cast<std::int32_t>(user));
  }
  /// Raw id of `item` in 1..V.
  [[nodiscard]] const std::string& item_id(std::int64_t item) const {
    return item_ids_.raw(static_cast<std::int32_t>(item - 1));
  }
  [[nodiscard]] std::optional<std::int32_t> find_user(std::string_view raw) const {
    return user_ids_.find(raw);
  }
  /// The internal id, 1..V, of a raw id.
  [[nodiscard]] std::optional<std::int32_t> find_item(std::string_view raw) const;

  /// Empty if unknown.
  [[nodiscard]] const std::string& title(std::int64_t item) const {
    return titles_[static_cast<std::size_t>(item - 1)];
  }
  void set_title(std::int32_t item, std::string title) {
    titles_[static_cast<std::size_t>(item - 1)] = std::move(title);
  }

  /// Hash of sequences and raw ids: equal hashes mean equal data.
  [[nodiscard]] const std::string& hash() const { return hash_; }

 private:
  std::vector<std::int64_t> offsets_;
  std::vector<std::int32_t> items_;
  IdMap user_ids_;
  IdMap item_ids_;
  std::vector<std::string> titles_;
  std::string hash_;
};

/// The events of a log, every id of which must occur, each user's in the given order.
Dataset build_dataset(Interactions log, const EventOrder& order);

}  // namespace elastic::data
