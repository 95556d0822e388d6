#include "eval/expert_use.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

namespace elastic::eval {
namespace {

ModelConfig config_of(std::int64_t subkeys, std::int64_t experts, std::int64_t heads) {
  ModelConfig config;
  config.retrieval.pool_subkeys = subkeys;
  config.num_experts = experts;
  config.retrieval.heads = heads;
  return config;
}

RetrievedExperts retrieved(const std::vector<std::int32_t>& indices,
                           const std::vector<float>& gates,
                           std::int64_t experts) {
  const auto users = static_cast<std::int64_t>(indices.size()) / experts;
  return {Tensor::from(indices, {users, experts}), Tensor::from(gates, {users, experts})};
}

TEST_CASE("expert use: two users with two experts each, counted by hand") {
  ExpertUse use(config_of(2, 2, 1));
  use.add(retrieved({0, 1}, {1.5F, 0.5F}, 2));
  use.add(retrieved({0, 3}, {1.0F, 1.0F}, 2));
  CHECK(use.num_users() == 2);
  CHECK(use.pool_size() == 4);
  CHECK(use.num_used() == 3);
  // Shares of the gates: expert 0 (0.75 + 0.5) / 2, expert 1 0.125, expert 3 0.25.
  const double entropy =
      -(0.625 * std::log(0.625) + 0.125 * std::log(0.125) + 0.25 * std::log(0.25));
  CHECK(use.entropy() == doctest::Approx(entropy / std::log(4.0)));
  CHECK(use.effective_experts() == doctest::Approx(std::exp(entropy)));
  CHECK(use.mean_top_gate() == doctest::Approx((0.75 + 0.5) / 2));
  CHECK(use.histogram(10) == std::vector<std::int64_t>{2, 1, 1});
  CHECK(use.histogram(1) == std::vector<std::int64_t>{2});
}

TEST_CASE("expert use: the top gate is the largest of each head") {
  ExpertUse use(config_of(2, 4, 2));
  use.add(retrieved({0, 1, 2, 3}, {1.6F, 0.4F, 1.0F, 1.0F}, 4));
  CHECK(use.mean_top_gate() == doctest::Approx((0.8 + 0.5) / 2));
}

TEST_CASE("expert use: few experts for all users are a collapse if more could be chosen") {
  const auto use_of = [](std::int64_t subkeys, std::int32_t step) {
    ExpertUse use(config_of(subkeys, 2, 1));
    const auto pool = static_cast<std::int32_t>(subkeys * subkeys);
    for (std::int32_t user = 0; user < 48; ++user) {
      use.add(retrieved({user * step % pool, (user * step + 1) % pool}, {1.0F, 1.0F}, 2));
    }
    return use;
  };
  CHECK(use_of(4, 0).collapsed());
  CHECK(use_of(4, 0).entropy() == doctest::Approx(std::log(2.0) / std::log(16.0)));
  CHECK_FALSE(use_of(4, 1).collapsed());
  CHECK(use_of(4, 1).entropy() == doctest::Approx(1.0));
  CHECK_FALSE(use_of(2, 0).collapsed());  // two of four experts: half of the pool
  // One user is too few to tell.
  ExpertUse one(config_of(4, 2, 1));
  one.add(retrieved({0, 1}, {1.0F, 1.0F}, 2));
  CHECK_FALSE(one.collapsed());
}

TEST_CASE("expert use: a collapse has fewer than 1.5 k effective experts of at least 4 k") {
  // All users have the experts 0 and 1, or in turn those of `pairs` pairs.
  const auto collapsed = [](std::int32_t users, std::int32_t pairs) {
    ExpertUse use(config_of(4, 2, 1));
    for (std::int32_t user = 0; user < users; ++user) {
      const std::int32_t first = 2 * (user % pairs);
      use.add(retrieved({first, first + 1}, {1.0F, 1.0F}, 2));
    }
    return use.collapsed();
  };
  CHECK(collapsed(4, 1));  // four users may have eight experts
  CHECK_FALSE(collapsed(3, 1));
  CHECK_FALSE(collapsed(8, 2));  // four effective experts
  ExpertUse some(config_of(4, 2, 1));
  for (std::int32_t user = 0; user < 10; ++user) {
    some.add(retrieved({0, user == 0 ? 2 : 1}, {1.0F, 1.0F}, 2));
  }
  CHECK(some.effective_experts() > 2.0);
  CHECK(some.effective_experts() < 3.0);
  CHECK(some.collapsed());
}

TEST_CASE("expert use: JSON has every figure") {
  ExpertUse use(config_of(2, 2, 1));
  use.add(retrieved({0, 1}, {1.5F, 0.5F}, 2));
  use.add(retrieved({0, 3}, {1.0F, 1.0F}, 2));
  const auto json = to_json(use);
  CHECK(json["experts_used"] == 3);
  CHECK(json["experts_pool"] == 4);
  CHECK(json["experts_effective"] == doctest::Approx(2.460233));
  CHECK(json["expert_entropy"] == doctest::Approx(0.649397));
  CHECK(json["expert_gate_top"] == 0.625);
  CHECK(json["expert_collapse"] == false);
}

TEST_CASE("expert use: without experts there is nothing to report") {
  ExpertUse use(config_of(4, 2, 1));
  use.add({});
  CHECK(use.num_users() == 0);
  CHECK(to_json(use).empty());
  CHECK(to_json(ExpertUse()).empty());
}

}  // namespace
}  // namespace elastic::eval
