#include "eval/cutoffs.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/split_list.h"

namespace elastic::eval {

Cutoffs Cutoffs::parse(const std::string& text, const std::string& source) {
  Cutoffs cutoffs;
  cutoffs.values_ = {10};
  for (const std::string& part : split_list(text)) {
    int k = 0;
    const char* const end = part.data() + part.size();
    const auto [stop, error] = std::from_chars(part.data(), end, k);
    if (error != std::errc{} || stop != end || k < 1 || k > kMax) {
      throw UsageError(
          source, ": expected numbers from 1 to ", kMax, " between commas, got '", text, "'");
    }
    cutoffs = cutoffs.with(k);
  }
  return cutoffs;
}

std::string Cutoffs::text() const {
  std::string text;
  for (const int k : values_) {
    text += concat(text.empty() ? "" : ",", k);
  }
  return text;
}

Cutoffs Cutoffs::with(int k) const {
  Cutoffs more = *this;
  const auto place = std::lower_bound(more.values_.begin(), more.values_.end(), k);
  if (place == more.values_.end() || *place != k) {
    more.values_.insert(place, k);
  }
  return more;
}

}  // namespace elastic::eval
