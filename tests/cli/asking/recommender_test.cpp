#include "cli/asking/recommender.h"

#include <doctest/doctest.h>

#include "model/registry.h"
#include "tensor/kernel_book.h"

namespace elastic::cli::recommender_test {
namespace {

constexpr std::int64_t kDim = 64;

Recommender recommender_of(std::int64_t num_items) {
  ModelConfig config;
  config.model = "gru";
  config.num_items = num_items;
  config.dim = kDim;
  std::vector<train::ItemName> names;
  for (std::int64_t i = 1; i <= num_items; ++i) {
    names.push_back({std::to_string(i), ""});
  }
  return {make_model(config, 1), std::move(names), {}};
}

struct Answered {
  std::vector<RecommendedItem> items;
  bool by_codes;
};

Answered ask(Recommender& recommender, const Request& request) {
  const KernelBook book(Device::kCpu, /*with_calls=*/true);
  Answered answered{recommender.recommend({request}).front(), false};
  for (const KernelCall& call : book.calls()) {
    for (const OperandShape& operand : call.shapes) {
      answered.by_codes = answered.by_codes || operand.name == "codes.words";
    }
  }
  return answered;
}

bool same(const std::vector<RecommendedItem>& a, const std::vector<RecommendedItem>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.id == y.id && x.score == y.score;
  });
}

TEST_CASE("recommender: a large catalogue is encoded once it pays, with the same answers") {
  const std::vector<std::int32_t> history{5, 77, 16000};
  const Request request{.history = history};
  Recommender counted = recommender_of(16384);
  const Answered first = ask(counted, request);
  CHECK(first.items.size() == 10);
  CHECK_FALSE(first.by_codes);
  for (int pass = 2; pass < 8; ++pass) {
    CHECK_FALSE(ask(counted, request).by_codes);
  }
  const Answered later = ask(counted, request);
  CHECK(later.by_codes);
  CHECK(same(later.items, first.items));

  Recommender prepared = recommender_of(16384);
  prepared.expect_many_questions();
  const Answered at_once = ask(prepared, request);
  CHECK(at_once.by_codes);
  CHECK(same(at_once.items, first.items));

  const std::vector<std::int32_t> candidates{1, 2, 3};
  CHECK_FALSE(ask(prepared, {.history = history, .candidates = &candidates}).by_codes);
  CHECK_FALSE(ask(prepared, {.history = {}, .item = 5}).by_codes);  // other vectors: cosines
}

TEST_CASE("recommender: a small catalogue is not encoded") {
  const std::vector<std::int32_t> history{5, 77};
  Recommender small = recommender_of(1000);
  small.expect_many_questions();
  CHECK_FALSE(ask(small, {.history = history}).by_codes);
}

}  // namespace
}  // namespace elastic::cli::recommender_test
