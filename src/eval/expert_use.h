// How a set of users shares the experts that Interest Memory Retrieval gives them.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "model/model_config.h"
#include "model/pass.h"

namespace elastic::eval {

/// Each user retrieves k different experts of the pool, k/M for each of M heads, with gates that
/// sum to 1 within a head.
class ExpertUse {
 public:
  /// Nothing is counted, and `pool_size` is 0.
  ExpertUse() = default;
  explicit ExpertUse(const ModelConfig& config);

  /// Adds a batch: reads it from its device. Does nothing for a model that retrieves none.
  void add(const RetrievedExperts& retrieved);

  [[nodiscard]] std::int64_t num_users() const { return num_users_; }
  [[nodiscard]] std::int64_t pool_size() const { return pool_size_; }
  /// Experts that at least one user retrieved.
  [[nodiscard]] std::int64_t num_used() const;
  /// Entropy of the experts' shares in all gates, divided by the largest that so many users can
  /// reach: log min(pool, users k). 1: all experts matter alike; near 0: one matters to everybody.
  [[nodiscard]] double entropy() const;
  /// exp of that entropy, undivided: so many experts, if they mattered alike.
  [[nodiscard]] double effective_experts() const;
  /// The largest gate of a head, mean over users and heads: M/k if gates are even, at most 1.
  [[nodiscard]] double mean_top_gate() const;
  /// Whether a few experts serve everybody: fewer effective ones than 1.5 times what a single user
  /// gets, where the pool and the users would allow four times as many.
  [[nodiscard]] bool collapsed() const;
  /// Users of each expert, most used first, at most `limit` of those with any.
  [[nodiscard]] std::vector<std::int64_t> histogram(std::size_t limit) const;

 private:
  [[nodiscard]] std::int64_t reachable() const;

  std::int64_t pool_size_ = 0;
  std::int64_t num_experts_ = 0;  ///< k
  std::int64_t num_heads_ = 1;    ///< M
  std::int64_t num_users_ = 0;
  std::vector<std::int64_t> users_;  ///< of each expert
  std::vector<double> gates_;        ///< their sum, of each expert
  double top_gates_ = 0.0;           ///< their sum
};

/// Flat: experts_used, experts_pool, experts_effective, expert_entropy, expert_gate_top,
/// expert_collapse; an empty object where nothing was counted. See docs/models.md.
nlohmann::ordered_json to_json(const ExpertUse& use);

}  // namespace elastic::eval
