#include "cli/serving/histogram.h"

#include <fmt/format.h>

#include <algorithm>

namespace elastic::cli {

void Histogram::add(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
  sum_.fetch_add(value);
}

std::string Histogram::text(const std::string& name, const std::string& labels) const {
  const std::string comma = labels.empty() ? "" : ",";
  const std::string in_braces = labels.empty() ? "" : "{" + labels + "}";
  std::string text;
  std::int64_t below = 0;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    below += counts_[i];
    const std::string bound = i < bounds_.size() ? fmt::format("{}", bounds_[i]) : "+Inf";
    text += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma, bound, below);
  }
  text += fmt::format("{}_sum{} {}\n", name, in_braces, sum_.load());
  text += fmt::format("{}_count{} {}\n", name, in_braces, below);
  return text;
}

}  // namespace elastic::cli
