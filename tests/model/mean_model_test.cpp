#include "model/mean_model.h"

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "model/fixed_weights.h"
#include "model/model_fixture.h"
#include "tensor/shape.h"

namespace elastic::mean_model_test {

std::unique_ptr<Model> member(const char* name, std::int64_t dim, std::int64_t max_len) {
  ModelConfig config = small_config(name);
  config.dim = dim;
  config.max_len = max_len;
  return new_model(config, static_cast<std::uint64_t>(dim + max_len));
}

// The scores [B, V + 1] of the latest `max_len` events of each history.
std::vector<double> scores_of(Model& model, std::span<const std::vector<std::int32_t>> histories) {
  data::BatchBuilder builder;
  for (const auto& history : histories) {
    builder.add(history, model.config().max_len);
  }
  const NoGrad no_grad;
  const Pass pass = model.encode_last(builder.build(test_device()), {});
  const std::vector<float> states = pass.states.value().to_vector<float>();
  const std::vector<float> items = pass.scored_items.value().to_vector<float>();
  const auto rows = static_cast<std::size_t>(pass.scored_items.value().rows());
  const auto dim = static_cast<std::size_t>(pass.states.value().cols());
  std::vector<double> scores;
  for (std::size_t b = 0; b < histories.size(); ++b) {
    for (std::size_t v = 0; v < rows; ++v) {
      double sum = 0.0;
      for (std::size_t d = 0; d < dim; ++d) {
        sum += double{states[b * dim + d]} * double{items[v * dim + d]};
      }
      scores.push_back(sum);
    }
  }
  return scores;
}

TEST_CASE("mean model: scores are the mean of the members' scores") {
  const std::vector<std::vector<std::int32_t>> histories{{1, 2, 3, 4, 5, 6}, {7}, {8, 9, 10}};
  std::vector<std::unique_ptr<Model>> members;
  members.push_back(member("softmax", 8, 6));
  members.push_back(member("gru", 12, 4));
  members.push_back(member("lisa", 16, 5));
  std::vector<double> expected(histories.size() * 41);  // of small_config, and row 0
  for (const auto& member : members) {
    const std::vector<double> scores = scores_of(*member, histories);
    for (std::size_t i = 0; i < scores.size(); ++i) {
      expected[i] += scores[i] / 3.0;
    }
  }
  MeanModel mean(std::move(members));
  CHECK(mean.config().max_len == 6);
  CHECK(mean.config().model == "softmax + gru + lisa");
  const auto check = [&] {
    const std::vector<double> scores = scores_of(mean, histories);
    REQUIRE(scores.size() == expected.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      CHECK(std::abs(scores[i] - expected[i]) < 1e-5);
    }
  };
  check();
  {
    const FixedWeights fixed(mean);
    check();
    const Tensor first = mean.scored_items();
    CHECK(mean.scored_items().data<float>() == first.data<float>());  // computed once
  }
  const Tensor first = mean.scored_items();
  CHECK(mean.scored_items().data<float>() != first.data<float>());
}

TEST_CASE("mean model: it neither streams nor explains, and needs models of the same items") {
  std::vector<std::unique_ptr<Model>> members;
  members.push_back(member("gru", 8, 6));
  members.push_back(member("gru", 8, 6));
  MeanModel mean(std::move(members));
  CHECK(mean.streaming() == nullptr);
  CHECK(mean.explaining() == nullptr);

  ModelConfig other = small_config("gru");
  ++other.num_items;
  std::vector<std::unique_ptr<Model>> unequal;
  unequal.push_back(member("gru", 8, 6));
  unequal.push_back(new_model(other));
  CHECK_THROWS_AS(MeanModel{std::move(unequal)}, ShapeError);
}

}  // namespace elastic::mean_model_test
