// Values of JSON that may be missing.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "profile/spread.h"

namespace elastic::profile {

inline nlohmann::ordered_json or_null(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

inline nlohmann::ordered_json low_of(const std::optional<Interval>& interval) {
  return interval ? nlohmann::ordered_json(interval->low) : nlohmann::ordered_json();
}

inline nlohmann::ordered_json high_of(const std::optional<Interval>& interval) {
  return interval ? nlohmann::ordered_json(interval->high) : nlohmann::ordered_json();
}

}  // namespace elastic::profile
