#include "base/option_range.h"

#include <algorithm>

namespace elastic {

std::string Range::text() const {
  return high == std::numeric_limits<std::int64_t>::max() ? concat(low, " or more")
                                                          : concat(low, " to ", high);
}

std::string RealRange::text() const {
  const std::string from = open_low ? concat("above ", low) : concat(low, " or more");
  if (high == std::numeric_limits<double>::max()) {
    return from;
  }
  if (!open_low && !open_high) {
    return concat(low, " to ", high);
  }
  return concat(from, " and ", open_high ? "less than " : "at most ", high);
}

std::string flag_of(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return "--" + key;
}

}  // namespace elastic
