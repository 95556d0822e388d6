// Sampled candidates: ranks among a few negatives per user, the protocol of much of the literature.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/choice.h"
#include "data/split.h"

namespace elastic::eval {

/// A rule that draws `count` different items, uniformly or in proportion to their training events.
struct SamplingRule {
  enum class Kind { kUniform, kPopularity };
  Kind kind = Kind::kUniform;
  std::int64_t count = 0;
  /// "uni:100" or "pop:100".
  [[nodiscard]] std::string name() const;
  bool operator==(const SamplingRule&) const = default;
};
constexpr auto choices_of(SamplingRule::Kind) {
  using enum SamplingRule::Kind;
  return std::to_array<Choice<SamplingRule::Kind>>({{kUniform, "uni"}, {kPopularity, "pop"}});
}

/// Parses a list such as "uni:100,pop:100"; empty for "". Throws UsageError naming `source`.
std::vector<SamplingRule> parse_sampling(const std::string& text, const std::string& source);

/// Draws each user's negatives, as a function of seed, rule, data and user: they are the same for
/// every model, subset, batch and order.
class NegativeSampler {
 public:
  /// `split` must outlive the sampler.
  NegativeSampler(const data::Split& split, const SamplingRule& rule, std::uint64_t seed);

  [[nodiscard]] const SamplingRule& rule() const { return rule_; }
  /// The user's negatives, ascending; none occurs in any of the user's events. If fewer items than
  /// the rule's count are eligible (with kPopularity: have training events), these are all of them.
  [[nodiscard]] std::vector<std::int32_t> draw(std::int32_t user) const;
  /// The size of `draw(user)`.
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
  std::vector<std::int64_t> counts_;      // with kPopularity: [V + 1] training events by item
  std::vector<std::int64_t> cumulative_;  // with kPopularity: [V + 1] events of items 0..i
  std::int64_t num_with_events_ = 0;
};

}  // namespace elastic::eval
