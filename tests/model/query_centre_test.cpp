// Retrieval by centred queries.
#include <set>

#include "autograd/op_checks.h"
#include "model/interest_memory.h"
#include "model/model_fixture.h"

namespace elastic {
namespace {

ModelConfig centred_config(const std::string& model = "elastic") {
  ModelConfig config = small_config(model);
  config.retrieval.query_norm = QueryNorm::kCentred;
  return config;
}

TEST_CASE("query centre: training updates the mean after the batch has used it") {
  ParameterStore store(1, DType::kFloat64, test_device());
  const QueryCentre centre(store, "mean", 2);
  const Variable queries(
      Tensor::from(std::vector<double>{1.0, 2.0, 3.0, 6.0}, {2, 2}, test_device()));
  const std::vector<double> whole = to_doubles(queries.value());
  CHECK(to_doubles(centre.subtract(queries, true).value()) == whole);
  const Tensor& mean = store.find("mean").value();
  CHECK(to_doubles(mean)[0] == doctest::Approx(0.02));
  CHECK(to_doubles(mean)[1] == doctest::Approx(0.04));
  const std::vector<double> next = to_doubles(centre.subtract(queries, false).value());
  CHECK(next[0] == doctest::Approx(0.98));
  CHECK(next[3] == doctest::Approx(5.96));
  CHECK(to_doubles(mean)[0] == doctest::Approx(0.02));
  for (int pass = 0; pass < 2000; ++pass) {
    (void)centre.subtract(queries, true);
  }
  CHECK(to_doubles(mean)[0] == doctest::Approx(2.0));
  CHECK(to_doubles(mean)[1] == doctest::Approx(4.0));
}

TEST_CASE("query centre: without a name it changes nothing") {
  const Variable queries(random_f64({3, 4}, 1));
  CHECK(QueryCentre().subtract(queries, true).is(queries));
}

TEST_CASE(
    "query_norm centred: a training pass moves the mean, evaluation reads it, alone as in a "
    "batch") {
  const Threads one(1);
  const std::vector<History> histories = ragged_histories();
  const data::Batch batch = batch_of(histories);
  for (const char* name : {"elastic", "elastic-window"}) {
    CAPTURE(name);
    const auto model = new_model(centred_config(name));
    const Tensor& mean = model->parameters().find("imr.query.mean").value();
    const Tensor before = model->encode_last(batch, {}).states.value();
    CHECK(to_doubles(mean) == std::vector<double>(12, 0.0));
    backward(training_loss(*model, batch, {true, 5, 3}));
    const std::vector<double> moved = to_doubles(mean);
    CHECK(moved != std::vector<double>(12, 0.0));
    const NoGrad no_grad;
    const Tensor last = model->encode_last(batch, {}).states.value();
    CHECK(to_doubles(mean) == moved);
    CHECK_FALSE(same_numbers(last, before));
    for (std::int64_t b = 0; b < batch.size(); ++b) {
      const data::Batch alone = batch_of({histories[static_cast<std::size_t>(b)]});
      CHECK(same_numbers(model->encode_last(alone, {}).states.value(), last.slice(b, b + 1)));
    }
  }
}

TEST_CASE("query_norm centred: gradients match finite differences") {
  const ModelConfig config = centred_config();
  const data::Batch batch = batch_of({random_ids(5, 1, 40, 1), random_ids(1, 1, 40, 2)});
  ParameterStore store(1, DType::kFloat64, test_device());
  InterestMemory memory(store, config);
  fill(store.find("imr.query.mean").mutable_value(), 0.3);
  check_function(
      [&](const auto& in) {
        return memory.initial_experts(in[0], batch.segments, batch.ids, false).experts;
      },
      {random_f64({6, config.dim}, 3)});
}

// Histories that differ a little: their queries are nearly equal.
std::size_t experts_of_similar_users(QueryNorm query_norm) {
  ModelConfig config = centred_config();
  config.retrieval.query_norm = query_norm;
  config.retrieval.pool_subkeys = 16;
  const data::Batch batch = batch_of(std::vector<History>(64, History(3, 1)));
  std::vector<double> tokens = to_doubles(random_f64({batch.num_tokens(), config.dim}, 5));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = 0.02 * tokens[i] + static_cast<double>(i % 8) / 4.0 - 1.0;
  }
  const Variable x(Tensor::from(tokens, {batch.num_tokens(), config.dim}, test_device()));
  ParameterStore store(1, DType::kFloat64, test_device());
  InterestMemory memory(store, config);
  const NoGrad no_grad;
  InitialExperts latest;
  for (int pass = 0; pass < 1000; ++pass) {
    latest = memory.initial_experts(x, batch.segments, batch.ids, true);
  }
  const std::vector<std::int32_t> indices = latest.retrieved.indices.to_vector<std::int32_t>();
  return std::set<std::int32_t>(indices.begin(), indices.end()).size();
}

TEST_CASE("query_norm centred: similar users retrieve different experts") {
  CHECK(4 * experts_of_similar_users(QueryNorm::kLayer) <
        experts_of_similar_users(QueryNorm::kCentred));
}

}  // namespace
}  // namespace elastic
