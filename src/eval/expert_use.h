// Statistics of the experts that Interest Memory Retrieval selects for a set of users.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "model/model_config.h"
#include "model/pass.h"

namespace elastic::eval {

/// Each user retrieves k different experts of the pool, k/M for each of M heads, with gates that
/// sum to 1 within each head.
class ExpertUse {
 public:
  /// Empty: no users, `pool_size` 0.
  ExpertUse() = default;
  explicit ExpertUse(const ModelConfig& config);

  /// Adds a batch, which is copied from its device; does nothing if the model retrieves no experts.
  void add(const RetrievedExperts& retrieved);

  [[nodiscard]] std::int64_t num_users() const { return num_users_; }
  [[nodiscard]] std::int64_t pool_size() const { return pool_size_; }
  /// Number of experts that at least one user retrieved.
  [[nodiscard]] std::int64_t num_used() const;
  /// Entropy of the experts' shares of all gates, divided by its maximum for this number of users,
  /// log min(pool, users k). 1 if all experts matter equally, near 0 if one expert dominates.
  [[nodiscard]] double entropy() const;
  /// exp of that entropy before division: the effective number of experts.
  [[nodiscard]] double effective_experts() const;
  /// Mean over users and heads of the largest gate of a head: M/k for equal gates, at most 1.
  [[nodiscard]] double mean_top_gate() const;
  /// True if a few experts serve all users: fewer than 1.5 k effective experts, where pool and
  /// users would allow 4 k or more.
  [[nodiscard]] bool collapsed() const;
  /// Number of users of each used expert, in descending order, at most `limit` entries.
  [[nodiscard]] std::vector<std::int64_t> histogram(std::size_t limit) const;

 private:
  [[nodiscard]] std::int64_t reachable() const;

  std::int64_t pool_size_ = 0;
  std::int64_t num_experts_ = 0;  ///< k
  std::int64_t num_heads_ = 1;    ///< M
  std::int64_t num_users_ = 0;
  std::vector<std::int64_t> users_;  ///< [pool] number of users of each expert
  std::vector<double> gates_;        ///< [pool] sum of each expert's gates
  double top_gates_ = 0.0;           ///< sum of the largest gates of all heads
};

/// A flat object with experts_used, experts_pool, experts_effective, expert_entropy,
/// expert_gate_top and expert_collapse; empty if there are no users. See docs/models.md.
nlohmann::ordered_json to_json(const ExpertUse& use);

}  // namespace elastic::eval
