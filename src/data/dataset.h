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
  /// `times` [E] in whole seconds, empty for a log without times.
  Dataset(std::vector<std::int64_t> offsets,
          std::vector<std::int32_t> items,
          IdMap user_ids,
          IdMap item_ids,
          std::vector<std::int64_t> times = {});

  [[nodiscard]] std::int32_t num_users() const { return user_ids_.size(); }
  [[nodiscard]] std::int64_t num_items() const { return item_ids_.size(); }
  [[nodiscard]] std::int64_t num_events() const { return static_cast<std::int64_t>(items_.size()); }
  /// A user's items, oldest first.
  [[nodiscard]] std::span<const std::int32_t> sequence(std::int64_t user) const;

  [[nodiscard]] bool has_times() const { return !times_.empty(); }
  /// The times of a user's events in whole seconds, rounded down; only if has_times().
  [[nodiscard]] std::span<const std::int64_t> times(std::int64_t user) const;

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

  /// Hash of sequences and raw ids, without times: equal hashes mean equal sequences.
  [[nodiscard]] const std::string& hash() const { return hash_; }
  /// Hash of the times: computed by each call.
  [[nodiscard]] std::string times_hash() const;

 private:
  std::vector<std::int64_t> offsets_;
  std::vector<std::int32_t> items_;
  std::vector<std::int64_t> times_;
  IdMap user_ids_;
  IdMap item_ids_;
  std::vector<std::string> titles_;
  std::string hash_;
};

/// The events of a log, every id of which must occur, each user's in the given order.
Dataset build_dataset(Interactions log, const EventOrder& order);

}  // namespace elastic::data
