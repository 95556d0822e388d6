#include "model/attention_record.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>

#include "autograd/op_checks.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/segment_attention.h"
#include "model/abilities.h"
#include "model/dispatcher_mixer.h"
#include "model/model_fixture.h"

namespace elastic {
namespace {

TEST_CASE("AttentionRecord: the averaged weights of segment attention") {
  constexpr std::int64_t kDim = 8;
  constexpr std::int64_t kHeads = 2;
  constexpr std::int64_t kExperts = 3;
  const std::vector<std::int32_t> lengths{3, 1, 4};
  const Segments segments = segments_of(lengths);
  const Variable query(random_f64({3, kExperts, kDim}, 1));
  const Variable key(random_f64({segments.num_tokens(), kDim}, 2));
  // Token t of a sequence has the value 1 at place t of each head: the result holds the weights.
  std::vector<double> values(static_cast<std::size_t>(segments.num_tokens() * kDim), 0.0);
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::int64_t t = 0; t < segments.length(b); ++t) {
      for (std::int64_t head = 0; head < kHeads; ++head) {
        values[static_cast<std::size_t>((segments.begin(b) + t) * kDim + head * 4 + t)] = 1.0;
      }
    }
  }
  const Variable value(Tensor::from(values, {segments.num_tokens(), kDim}, test_device()));
  const Variable flat(query.value().reshape({3 * kExperts, kDim}));
  const std::vector<double> want =
      to_doubles(ops::segment_attention(flat,
                                        key,
                                        value,
                                        Segments::uniform(3, kExperts, test_device()),
                                        segments,
                                        {kHeads, /*causal=*/false})
                     .value());
  AttentionRecord record;
  record.add_layer(query, key, segments, kHeads);
  record.add_layer(query, key, segments, kHeads);  // the mean of two equal layers
  const auto weights = record.mean();
  REQUIRE(weights.size() == 3);
  for (std::size_t b = 0; b < 3; ++b) {
    const auto length = static_cast<std::size_t>(lengths[b]);
    REQUIRE(weights[b].size() == kExperts * length);
    for (std::size_t expert = 0; expert < kExperts; ++expert) {
      for (std::size_t t = 0; t < length; ++t) {
        const std::size_t row = (b * kExperts + expert) * kDim;
        const double mean = (want[row + t] + want[row + 4 + t]) / 2;
        CHECK(weights[b][expert * length + t] == doctest::Approx(mean).epsilon(1e-6));
      }
    }
  }
}

TEST_CASE("AttentionRecord: a dispatcher layer gathers by the recorded weights") {
  ModelConfig config;
  config.dim = 6;
  config.num_heads = 1;
  config.num_experts = 3;
  ParameterStore store(1, DType::kFloat64, test_device());
  const DispatcherMixer mixer(store, "layers.0", config);
  const Segments segments = segments_of({5, 1});
  const Variable x(random_f64({6, 6}, 1));
  const Variable experts(random_f64({2, 3, 6}, 2));
  AttentionRecord record;
  ExpertState state{experts, {}, &record};
  const Variable gathered = mixer.gather(x, segments, state);

  // P' = LN(P + sum_t w_t z_t Wv Wo + b), with the weights as recorded.
  const std::vector<double> z = to_doubles(ops::layer_norm(x, mixer.norm()).value());
  const auto weights = record.mean();
  std::vector<double> pooled(2 * 3 * 6, 0.0);
  for (std::size_t b = 0; b < 2; ++b) {
    const std::size_t length = b == 0 ? 5 : 1;
    for (std::size_t i = 0; i < 3 * length * 6; ++i) {
      const std::size_t expert = i / (length * 6);
      const std::size_t t = i / 6 % length;
      pooled[(b * 3 + expert) * 6 + i % 6] +=
          weights[b][expert * length + t] * z[(5 * b + t) * 6 + i % 6];
    }
  }
  const Variable mixed = ops::linear(Variable(Tensor::from(pooled, {2, 3, 6}, test_device())),
                                     store.find("layers.0.aggregate.value.weight"));
  const Variable sum = ops::linear_residual(mixed,
                                            store.find("layers.0.aggregate.output.weight"),
                                            store.find("layers.0.aggregate.output.bias"),
                                            experts,
                                            Dropout{});
  const Variable want = ops::layer_norm(
      sum, {store.find("layers.0.expert_norm.weight"), store.find("layers.0.expert_norm.bias")});
  CHECK(relative_error(to_doubles(gathered.value()), to_doubles(want.value())) < 1e-6);
}

TEST_CASE("explain: every expert's weights add up to 1 over its tokens") {
  for (const std::string& name : models_with_experts()) {
    CAPTURE(name);
    const auto model = new_model(small_config(name));
    const data::Batch batch = batch_of(ragged_histories());
    REQUIRE(model->explaining() != nullptr);
    const ExpertAttention attention = model->explaining()->explain(batch);
    CHECK(attention.retrieved.indices.defined() == (name != "lda"));
    REQUIRE(attention.weights.size() == static_cast<std::size_t>(batch.size()));
    for (std::int64_t b = 0; b < batch.size(); ++b) {
      const auto& weights = attention.weights[static_cast<std::size_t>(b)];
      const std::int64_t window = name == "elastic-window" ? model->config().window : 0;
      const auto read =
          static_cast<std::size_t>(std::max<std::int64_t>(0, batch.segments.length(b) - window));
      REQUIRE(weights.size() == read * static_cast<std::size_t>(model->config().num_experts));
      for (std::size_t i = 0; i < weights.size(); i += read) {
        CHECK(std::accumulate(weights.begin() + static_cast<std::ptrdiff_t>(i),
                              weights.begin() + static_cast<std::ptrdiff_t>(i + read),
                              0.0) == doctest::Approx(1.0));
      }
    }
  }
}

TEST_CASE("explain: supported by models with experts, and no others") {
  const std::vector<std::string> names = models_with_experts();
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const bool has_experts = std::find(names.begin(), names.end(), name) != names.end();
    CHECK((new_model(small_config(name))->explaining() != nullptr) == has_experts);
  }
}

}  // namespace
}  // namespace elastic
