#include "eval/shared_ranking.h"

#include <algorithm>
#include <bit>

namespace elastic::eval {
namespace {

// Bounds the memory of an exchange, and its bytes, which MPI keeps in an int.
constexpr std::size_t kMostValues = std::size_t{1} << 22;

// The sum of the values of all ranks.
std::vector<std::int64_t> sum_over(dist::Communicator& ranks,
                                   std::span<const std::int64_t> values) {
  const std::size_t most = std::max<std::size_t>(1, kMostValues / ranks.size());
  std::vector<std::int64_t> sums(values.size(), 0);
  for (std::size_t begin = 0; begin < values.size(); begin += most) {
    const auto piece = values.subspan(begin, std::min(most, values.size() - begin));
    const std::vector<std::int64_t> all = dist::gather(ranks, piece);
    for (std::size_t i = 0; i < all.size(); ++i) {
      sums[begin + i % piece.size()] += all[i];
    }
  }
  return sums;
}

std::vector<double> gates_of(const Tensor& gates) {
  if (gates.dtype() == DType::kFloat64) {
    return gates.to_vector<double>();
  }
  const std::vector<float> values = gates.to_vector<float>();
  return {values.begin(), values.end()};
}

}  // namespace

bool SharedRanking::takes(std::size_t users) {
  begin_ = end_;
  end_ += users;
  const bool mine = batch_++ % ranks_.size() == ranks_.rank();
  if (mine) {
    taken_.emplace_back(begin_, end_);
  }
  return mine;
}

void SharedRanking::join_ranks(std::vector<std::int32_t>& ranks) const {
  std::vector<std::int64_t> values(order_.size(), 0);
  for (const auto& [begin, end] : taken_) {
    for (std::size_t i = begin; i < end; ++i) {
      values[i] = ranks[order_[i]];
    }
  }
  values = sum_over(ranks_, values);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    ranks[order_[i]] = static_cast<std::int32_t>(values[i]);
  }
}

void SharedRanking::join(Ranking& ranking) const {
  ranks_.describe("ranks of the users");
  join_ranks(ranking.ranks);
  for (SampledRanks& sampled : ranking.sampled) {
    join_ranks(sampled.ranks);
  }
  ranking.listed = sum_over(ranks_, ranking.listed);
  join_experts(ranking);
}

// Sums of gates depend on the order of the users, so every process adds those of all users.
void SharedRanking::join_experts(Ranking& ranking) const {
  std::int64_t per_user = retrieved_.empty() || !retrieved_.front().second.indices.defined()
                              ? 0
                              : retrieved_.front().second.indices.cols();
  const std::vector<std::int64_t> all = dist::gather(ranks_, {&per_user, 1});
  per_user = *std::max_element(all.begin(), all.end());
  if (per_user == 0) {
    return;
  }
  const std::size_t half = order_.size() * static_cast<std::size_t>(per_user);
  std::vector<std::int64_t> values(2 * half, 0);  // indices, then the bits of the gates
  for (const auto& [begin, retrieved] : retrieved_) {
    const std::vector<std::int32_t> indices = retrieved.indices.to_vector<std::int32_t>();
    const std::vector<double> gates = gates_of(retrieved.gates);
    const std::size_t first = begin * static_cast<std::size_t>(per_user);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      values[first + i] = indices[i];
      values[half + first + i] = std::bit_cast<std::int64_t>(gates[i]);
    }
  }
  values = sum_over(ranks_, values);
  std::vector<std::int32_t> indices(half);
  std::vector<double> gates(half);
  for (std::size_t i = 0; i < half; ++i) {
    indices[i] = static_cast<std::int32_t>(values[i]);
    gates[i] = std::bit_cast<double>(values[half + i]);
  }
  const Shape shape{std::ssize(order_), per_user};
  ranking.experts.add({Tensor::from(indices, shape), Tensor::from(gates, shape)});
}

}  // namespace elastic::eval
