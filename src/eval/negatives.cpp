#include "eval/negatives.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "base/random.h"
#include "eval/item_popularity.h"

namespace elastic::eval {
namespace {

// Draws by popularity per requested negative, with those rejected as the user's own or drawn
// before, until a weighted pass over all remaining items takes over.
constexpr std::int64_t kTriesPerItem = 32;

RandomStream stream_of(std::uint64_t seed, const SamplingRule& rule, std::int32_t user) {
  const auto kind = static_cast<std::uint64_t>(rule.kind);
  return {seed, RandomPurpose::kEvalNegatives, kind << 32 | static_cast<std::uint32_t>(user)};
}

bool contains(const std::vector<std::int32_t>& sorted, std::int32_t item) {
  return std::binary_search(sorted.begin(), sorted.end(), item);
}

SamplingRule parse_rule(const std::string& text, const std::string& source) {
  const std::size_t colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  const auto known = find_choice<SamplingRule::Kind>(kind);
  if (!known) {
    throw UsageError(source,
                     ": expected uni:N or pop:N, N negatives drawn uniformly or by popularity, got "
                     "\"",
                     text,
                     "\"",
                     did_you_mean(kind, {"uni", "pop"}));
  }
  SamplingRule rule;
  rule.kind = *known;
  const std::string number = colon == std::string::npos ? "" : text.substr(colon + 1);
  const char* end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, rule.count);
  if (error != std::errc() || stop != end || rule.count < 1 || rule.count > 1000000) {
    throw UsageError(
        source, ": expected ", kind, ":N with N from 1 to 1000000, got \"", text, "\"");
  }
  return rule;
}

}  // namespace

std::string SamplingRule::name() const {
  return concat(choice_name(kind), ":", count);
}

std::vector<SamplingRule> parse_sampling(const std::string& text, const std::string& source) {
  std::vector<SamplingRule> rules;
  for (std::size_t begin = 0; !text.empty() && begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const SamplingRule rule = parse_rule(text.substr(begin, end - begin), source);
    if (std::find(rules.begin(), rules.end(), rule) != rules.end()) {
      throw UsageError(source, ": ", rule.name(), " is given twice");
    }
    rules.push_back(rule);
    begin = end + 1;
  }
  return rules;
}

NegativeSampler::NegativeSampler(const data::Split& split,
                                 const SamplingRule& rule,
                                 std::uint64_t seed)
    : split_(split), rule_(rule), seed_(seed) {
  if (rule.kind == SamplingRule::Kind::kPopularity) {
    counts_ = training_counts(split);
    cumulative_.resize(counts_.size());
    std::partial_sum(counts_.begin(), counts_.end(), cumulative_.begin());
    num_with_events_ =
        std::count_if(counts_.begin(), counts_.end(), [](std::int64_t count) { return count > 0; });
  }
}

std::vector<std::int32_t> NegativeSampler::own_items(std::int32_t user) const {
  const auto events = split_.dataset().sequence(user);
  std::vector<std::int32_t> own(events.begin(), events.end());
  std::sort(own.begin(), own.end());
  own.erase(std::unique(own.begin(), own.end()), own.end());
  return own;
}

std::int64_t NegativeSampler::num_drawn(std::int32_t user) const {
  const std::vector<std::int32_t> own = own_items(user);
  if (rule_.kind == SamplingRule::Kind::kUniform) {
    return std::min(rule_.count, split_.num_items() - static_cast<std::int64_t>(own.size()));
  }
  const auto own_with_events = std::count_if(own.begin(), own.end(), [&](std::int32_t item) {
    return counts_[static_cast<std::size_t>(item)] > 0;
  });
  return std::min<std::int64_t>(rule_.count, num_with_events_ - own_with_events);
}

std::vector<std::int32_t> NegativeSampler::draw(std::int32_t user) const {
  const std::vector<std::int32_t> own = own_items(user);
  std::vector<std::int32_t> drawn = rule_.kind == SamplingRule::Kind::kUniform
                                        ? draw_uniformly(user, own)
                                        : draw_by_popularity(user, own);
  std::sort(drawn.begin(), drawn.end());
  return drawn;
}

// Draws numbers in 0..left-1, which count the items that are not the user's own, by Floyd's
// algorithm (as many draws as items).
std::vector<std::int32_t> NegativeSampler::draw_uniformly(
    std::int32_t user, const std::vector<std::int32_t>& own) const {
  const std::int64_t left = split_.num_items() - static_cast<std::int64_t>(own.size());
  std::vector<std::int64_t> numbers;
  if (left <= rule_.count) {
    numbers.resize(static_cast<std::size_t>(left));
    std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  } else {
    RandomStream random = stream_of(seed_, rule_, user);
    std::unordered_set<std::int64_t> taken;
    for (std::int64_t last = left - rule_.count; last < left; ++last) {
      const auto number =
          static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(last) + 1));
      numbers.push_back(taken.insert(number).second ? number : last);
      taken.insert(numbers.back());
    }
    std::sort(numbers.begin(), numbers.end());
  }
  // Number m means item m + 1, plus one for each of the user's own items before it.
  std::vector<std::int32_t> items;
  std::size_t before = 0;
  for (const std::int64_t number : numbers) {
    while (before < own.size() && own[before] <= number + 1 + static_cast<std::int64_t>(before)) {
      ++before;
    }
    items.push_back(static_cast<std::int32_t>(number + 1 + static_cast<std::int64_t>(before)));
  }
  return items;
}

// Draws items one after the other, each in proportion to the training events of the remaining
// items. If the remaining items are too rare for rejection sampling, exponential keys give the same
// distribution in one pass over all items (Efraimidis and Spirakis 2006).
std::vector<std::int32_t> NegativeSampler::draw_by_popularity(
    std::int32_t user, const std::vector<std::int32_t>& own) const {
  RandomStream random = stream_of(seed_, rule_, user);
  const auto count = static_cast<std::size_t>(rule_.count);
  std::vector<std::int32_t> items;
  std::unordered_set<std::int32_t> taken;
  const std::int64_t events = cumulative_.back();
  const bool may_suffice = num_with_events_ - static_cast<std::int64_t>(own.size()) > rule_.count;
  for (std::int64_t tries = may_suffice ? kTriesPerItem * rule_.count : 0;
       tries > 0 && items.size() < count;
       --tries) {
    const auto event = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(events)));
    const auto place = std::upper_bound(cumulative_.begin(), cumulative_.end(), event);
    const auto item = static_cast<std::int32_t>(place - cumulative_.begin());
    if (!contains(own, item) && taken.insert(item).second) {
      items.push_back(item);
    }
  }
  if (items.size() == count) {
    return items;
  }
  std::vector<std::pair<double, std::int32_t>> keys;
  for (std::size_t i = 1; i < counts_.size(); ++i) {
    const auto item = static_cast<std::int32_t>(i);
    if (counts_[i] > 0 && !contains(own, item) && !taken.contains(item)) {
      const double wait = -std::log1p(-random.uniform());
      keys.emplace_back(wait / static_cast<double>(counts_[i]), item);
    }
  }
  const std::size_t wanted = std::min(count - items.size(), keys.size());
  std::partial_sort(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(wanted), keys.end());
  for (std::size_t i = 0; i < wanted; ++i) {
    items.push_back(keys[i].second);
  }
  return items;
}

}  // namespace elastic::eval
