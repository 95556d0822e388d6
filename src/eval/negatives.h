// Sampled candidates: the few negatives that a held-out item is ranked among, where someone asks
// for the numbers that much of the literature reports.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/choice.h"
#include "data/split.h"

namespace elastic::eval {

/// How negatives are drawn: `count` different items, uniformly or in proportion to their training
/// events.
struct SamplingRule {
  enum class Kind { kUniform, kPopularity };
  Kind kind = Kind::kUniform;
  std::int64_t count = 0;
  /// "uni:100", "pop:100".
  [[nodiscard]] std::string name() const;
  bool operator==(const SamplingRule&) const = default;
};
constexpr auto choices_of(SamplingRule::Kind) {
  using enum SamplingRule::Kind;
  return std::to_array<Choice<SamplingRule::Kind>>({{kUniform, "uni"}, {kPopularity, "pop"}});
}

/// Reads "uni:100,pop:100"; nothing for "". Throws UsageError naming `source` and what is expected.
std::vector<SamplingRule> parse_sampling(const std::string& text, const std::string& source);

/// Draws each user's negatives. They are a function of seed, rule, data and user: the same for
/// every model, subset, batch and order.
class NegativeSampler {
 public:
  /// The split must outlive it.
  NegativeSampler(const data::Split& split, const SamplingRule& rule, std::uint64_t seed);

  [[nodiscard]] const SamplingRule& rule() const { return rule_; }
  /// Ascending, none of them among the user's own events anywhere in the data. Fewer than the rule
  /// asks for where no more are left; then these are all there are (with kPopularity: all that have
  /// training events).
  [[nodiscard]] std::vector<std::int32_t> draw(std::int32_t user) const;
  /// How many `draw` gives.
  [[nodiscard]] std::int64_t num_drawn(std::int32_t user) const;

 private:
  [[nodiscard]] std::vector<std::int32_t> own_items(std::int32_t user) const;
  [[nodiscard]] std::vector<std::int32_t> draw_uniformly(
      std::int32_t user, const std::vector<std::int32_t>& own) const;
  [[nodiscard]] std::vector<std::int32_t> draw_by_popularity(
      std::int32_t user, const std::vector<std::int32_t>& own) const;

  const data::Split& split_;
  SamplingRule rule_;
  std::uint64_t seed_;
  std::vector<std::int64_t> counts_;      // with kPopularity: training events by item
  std::vector<std::int64_t> cumulative_;  // with kPopularity: of items 0..i
  std::int64_t num_with_events_ = 0;
};

}  // namespace elastic::eval
