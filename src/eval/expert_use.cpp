#include "eval/expert_use.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/rounding.h"

namespace elastic::eval {
namespace {

constexpr int kDigits = 6;
constexpr double kCollapse = 1.5;  // times k; with fewer effective experts there is hardly a choice
constexpr std::int64_t kChoice = 4;

std::vector<double> numbers_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::kFloat64) {
    return tensor.to_vector<double>();
  }
  const std::vector<float> values = tensor.to_vector<float>();
  return {values.begin(), values.end()};
}

}  // namespace

ExpertUse::ExpertUse(const ModelConfig& config)
    : pool_size_(config.retrieval.pool_subkeys * config.retrieval.pool_subkeys),
      num_experts_(config.num_experts),
      num_heads_(config.retrieval.heads),
      users_(static_cast<std::size_t>(pool_size_), 0),
      gates_(static_cast<std::size_t>(pool_size_), 0.0) {}

void ExpertUse::add(const RetrievedExperts& retrieved) {
  if (!retrieved.indices.defined() || pool_size_ == 0) {
    return;
  }
  const std::vector<std::int32_t> indices = retrieved.indices.to_vector<std::int32_t>();
  const std::vector<double> gates = numbers_of(retrieved.gates);
  const auto per_head = static_cast<std::size_t>(num_experts_ / num_heads_);
  for (std::size_t begin = 0; begin < indices.size(); begin += per_head) {
    double top = 0.0;
    for (std::size_t i = begin; i < begin + per_head; ++i) {
      const double gate = gates[i] / static_cast<double>(per_head);  // gates have mean 1
      const auto expert = static_cast<std::size_t>(indices[i]);
      ++users_[expert];
      gates_[expert] += gate;
      top = std::max(top, gate);
    }
    top_gates_ += top;
  }
  num_users_ += retrieved.indices.rows();
}

std::int64_t ExpertUse::num_used() const {
  return static_cast<std::int64_t>(users_.size()) -
         std::count(users_.begin(), users_.end(), std::int64_t{0});
}

std::int64_t ExpertUse::reachable() const {
  return std::min(pool_size_, num_users_ * num_experts_);
}

double ExpertUse::effective_experts() const {
  const double sum = std::accumulate(gates_.begin(), gates_.end(), 0.0);
  double entropy = 0.0;
  for (const double gate : gates_) {
    if (gate > 0.0) {
      entropy -= gate / sum * std::log(gate / sum);
    }
  }
  return std::exp(entropy);
}

double ExpertUse::entropy() const {
  return reachable() < 2
             ? 0.0
             : std::log(effective_experts()) / std::log(static_cast<double>(reachable()));
}

double ExpertUse::mean_top_gate() const {
  return num_users_ == 0 ? 0.0 : top_gates_ / static_cast<double>(num_users_ * num_heads_);
}

bool ExpertUse::collapsed() const {
  return reachable() >= kChoice * num_experts_ &&
         effective_experts() < kCollapse * static_cast<double>(num_experts_);
}

std::vector<std::int64_t> ExpertUse::histogram(std::size_t limit) const {
  std::vector<std::int64_t> result = users_;
  std::sort(result.begin(), result.end(), std::greater<>());
  result.resize(std::min(limit, static_cast<std::size_t>(num_used())));
  return result;
}

nlohmann::ordered_json to_json(const ExpertUse& use) {
  if (use.num_users() == 0) {
    return nlohmann::ordered_json::object();
  }
  return {{"experts_used", use.num_used()},
          {"experts_pool", use.pool_size()},
          {"experts_effective", round_to_digits(use.effective_experts(), kDigits)},
          {"expert_entropy", round_to_digits(use.entropy(), kDigits)},
          {"expert_gate_top", round_to_digits(use.mean_top_gate(), kDigits)},
          {"expert_collapse", use.collapsed()}};
}

}  // namespace elastic::eval
