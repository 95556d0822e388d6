// The option --logits.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/abilities.h"
#include "model/fixed_weights.h"
#include "model/model_fixture.h"
#include "model/parameter_gradients.h"
#include "tensor/kernels/elementwise.h"

namespace elastic::logits_test {
namespace {

ModelConfig config_with(const std::string& model, LogitKind kind) {
  ModelConfig config = small_config(model);
  config.logits.kind = kind;
  return config;
}

const std::vector<std::string> kModels{"softmax", "elastic", "elastic-window", "lisa", "gru"};

// Each row of `values` without its mean, divided by its standard deviation.
std::vector<double> normalised(std::vector<double> values, std::size_t dim) {
  for (std::size_t begin = 0; begin < values.size(); begin += dim) {
    double mean = 0.0;
    double variance = 0.0;
    for (std::size_t j = begin; j < begin + dim; ++j) {
      mean += values[j] / static_cast<double>(dim);
    }
    for (std::size_t j = begin; j < begin + dim; ++j) {
      variance += (values[j] - mean) * (values[j] - mean) / static_cast<double>(dim);
    }
    for (std::size_t j = begin; j < begin + dim; ++j) {
      values[j] = (values[j] - mean) / std::sqrt(variance + 1e-5);
    }
  }
  return values;
}

TEST_CASE("logits cosine: scores are products of normalised states and items with a gain") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : kModels) {
    CAPTURE(name);
    const auto cosine = new_model(config_with(name, LogitKind::kCosine), 1, DType::kFloat64);
    const auto dot = new_model(config_with(name, LogitKind::kDot), 1, DType::kFloat64);
    const std::vector<double> gain = to_doubles(random_tensor({8}, 4, DType::kFloat64));
    const std::vector<double> bias = to_doubles(random_tensor({8}, 5, DType::kFloat64));
    cosine->parameters().find("final_norm.weight").mutable_value() = tensor_of(gain, {8});
    cosine->parameters().find("final_norm.bias").mutable_value() = tensor_of(bias, {8});
    // The dot model's final norm has neither gain nor bias yet.
    const Pass raw = dot->encode_last(batch, {});
    const std::vector<double> states = to_doubles(raw.states.value());
    const std::vector<double> items = normalised(to_doubles(raw.scored_items.value()), 8);
    const Pass pass = cosine->encode_last(batch, {});
    const std::vector<double> got_states = to_doubles(pass.states.value());
    const std::vector<double> got_items = to_doubles(pass.scored_items.value());
    REQUIRE(got_items.size() == items.size());
    for (std::size_t r = 0; r < states.size(); r += 8) {
      for (std::size_t v = 8; v < items.size(); v += 8) {
        double want = 0.0;
        double got = 0.0;
        for (std::size_t j = 0; j < 8; ++j) {
          want += (gain[j] * states[r + j] + bias[j]) * items[v + j];
          got += got_states[r + j] * got_items[v + j];
        }
        CHECK(std::abs(want - got) < 1e-9);
      }
    }
  }
}

TEST_CASE("logits cosine: starts at the scale, and only the final norm's weight differs") {
  ModelConfig config = config_with("softmax", LogitKind::kCosine);
  config.logits.scale = 12.0;
  const auto cosine = new_model(config);
  const auto dot = new_model(small_config("softmax"));
  for (const Parameter& parameter : dot->parameters().all()) {
    CAPTURE(parameter.name);
    const Tensor& value = cosine->parameters().find(parameter.name).value();
    if (parameter.name == "final_norm.weight") {
      CHECK(to_doubles(value) == std::vector<double>(8, 1.5));
    } else {
      CHECK(same_bits(value, parameter.variable.value()));
    }
  }
}

TEST_CASE("logits cosine: gradients match finite differences") {
  // Longer than the window of 7: the query of an empty prefix is 0, where the choice of experts
  // jumps.
  const data::Batch batch = batch_of({random_ids(9, 1, 40, 1), random_ids(8, 1, 40, 2)});
  for (const std::string name : {"softmax", "elastic-window"}) {
    CAPTURE(name);
    const auto model = new_model(config_with(name, LogitKind::kCosine), 1, DType::kFloat64);
    Tensor& table = model->item_table().mutable_value();
    run(kernels::Scale{table, 20.0, table});  // embeddings of length 1, so that steps are small
    check_parameter_gradients(*model, [&] {
      const Pass pass = model->encode_last(batch, {});
      return ops::linear_cross_entropy(pass.states, pass.scored_items, int_tensor({3, 40}));
    });
  }
}

TEST_CASE("logits cosine: the row of no item is zero and stays without a gradient") {
  const data::Batch batch = batch_of(ragged_histories());
  const auto model = new_model(config_with("softmax", LogitKind::kCosine));
  backward(training_loss(*model, batch, {}));
  const std::vector<double> none(8, 0.0);
  CHECK(to_doubles(model->scored_items().slice(0, 1)) == none);
  CHECK(to_doubles(model->item_table().grad().slice(0, 1)) == none);
}

TEST_CASE("logits cosine: a pass over some rows of the table normalises these rows alone") {
  const Threads one(1);
  const auto model = new_model(config_with("softmax", LogitKind::kCosine));
  const data::Batch batch = batch_of({{7, 3, 9}});
  const Tensor rows = int_tensor({0, 3, 7, 9, 12});
  ForwardMode mode;
  mode.items.table = ops::gather_rows(model->item_table(), rows);
  mode.items.tokens = int_tensor({2, 1, 3});
  const Pass part = model->encode(batch, mode);
  const Pass whole = model->encode(batch, {});
  CHECK(same_bits(part.states.value(), whole.states.value()));
  CHECK(same_bits(part.scored_items.value(), ops::gather_rows(whole.scored_items, rows).value()));
}

TEST_CASE("logits cosine: fixed weights normalise the table once, and change no bit") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of({{1, 2, 3, 2}, {7}});
  for (const std::string& name : kModels) {
    CAPTURE(name);
    const auto model = new_model(config_with(name, LogitKind::kCosine));
    REQUIRE(model->weight_cache() != nullptr);
    for (int round = 0; round < 2; ++round) {
      const Pass plain = model->encode_last(batch, {});
      {
        const FixedWeights fixed(*model);
        const Pass first = model->encode_last(batch, {});
        const Pass again = model->encode_last(batch, {});
        CHECK(same_bits(first.states.value(), plain.states.value()));
        CHECK(same_bits(first.scored_items.value(), plain.scored_items.value()));
        CHECK(again.scored_items.is(first.scored_items));
        CHECK(same_bits(model->scored_items(), plain.scored_items.value()));
      }
      Tensor& table = model->item_table().mutable_value();  // a step of training
      run(kernels::Add{table, random_tensor(table.shape(), 3, DType::kFloat32), table});
      CHECK_FALSE(same_bits(model->scored_items(), plain.scored_items.value()));
    }
  }
}

TEST_CASE("logits cosine: a stream's states are those of the whole history") {
  const NoGrad no_grad;
  ModelConfig config = config_with("elastic-causal", LogitKind::kCosine);
  config.position = PositionEmbedding::kNone;
  const auto model = new_model(config);
  StreamStates states = model->streaming()->new_streams(1);
  Tensor state;
  for (const std::int32_t item : {5, 2, 9, 2}) {
    state = model->streaming()->advance(batch_of({{item}}), states).value();
  }
  const Tensor whole = model->encode_last(batch_of({{5, 2, 9, 2}}), {}).states.value();
  CHECK(relative_error(to_doubles(whole), to_doubles(state)) < tolerance::kEqualFloat32);
}

TEST_CASE("logits: a scale without cosine is refused") {
  ModelConfig config = small_config("softmax");
  config.logits.scale = 5.0;
  CHECK_THROWS_WITH_AS(
      check(config),
      "--logit-scale: expected no value with --logits dot, which has no scale, got 5",
      UsageError);
  config.logits.kind = LogitKind::kCosine;
  CHECK_NOTHROW(check(config));
}

}  // namespace
}  // namespace elastic::logits_test
