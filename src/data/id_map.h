// Maps raw ids to dense numbers, in the order of first appearance.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

class IdMap {
 public:
  /// The number of `raw`, which is added if it is new. Throws DataError beyond 2147483646 ids.
  std::int32_t add(std::string_view raw);
  [[nodiscard]] std::optional<std::int32_t> find(std::string_view raw) const;
  [[nodiscard]] const std::string& raw(std::int32_t number) const {
    return names_[static_cast<std::size_t>(number)];
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(names_.size()); }

 private:
  // An open-addressing table takes a quarter of a node-based map's memory, and one cache miss for
  // most look-ups, which dominate the time of reading a log.
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t number = -1;  ///< -1: free
  };
  /// Index of the slot that holds `raw`, or of the free one to put it in.
  [[nodiscard]] std::size_t slot_of(std::string_view raw, std::uint32_t hash) const;
  void grow();

  std::vector<Slot> slots_;  ///< empty, or of a size that is a power of two, at most half full
  std::vector<std::string> names_;
  std::int32_t latest_ = -1;  ///< the latest result: logs are often grouped by user
};

}  // namespace elastic::data
