// Raw ids to dense numbers, in the order of first appearance.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace elastic::data {

class IdMap {
 public:
  /// The number of `raw`, a new one if it was not seen yet.
  std::int32_t add(std::string_view raw);
  [[nodiscard]] std::optional<std::int32_t> find(std::string_view raw) const;
  [[nodiscard]] const std::string& raw(std::int32_t number) const {
    return names_[static_cast<std::size_t>(number)];
  }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] std::int32_t size() const { return static_cast<std::int32_t>(names_.size()); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> numbers_;
  std::vector<std::string> names_;
  std::int32_t latest_ = -1;  ///< logs are often grouped by user
};

}  // namespace elastic::data
