#include "model/item_vectors.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/abilities.h"
#include "model/fixed_weights.h"
#include "model/mean_model.h"
#include "model/model_fixture.h"
#include "model/parameter_gradients.h"
#include "tensor/kernels/elementwise.h"

namespace elastic::item_vectors_test {
namespace {

constexpr std::int64_t kWidth = 3;

ModelConfig config_with(const std::string& model) {
  ModelConfig config = small_config(model);
  config.num_item_features = kWidth;
  return config;
}

std::vector<float> features_for(std::int64_t items, std::uint64_t seed = 6) {
  const std::vector<double> values =
      to_doubles(random_tensor({items, kWidth}, seed, DType::kFloat64));
  return {values.begin(), values.end()};
}

std::unique_ptr<Model> model_with(const ModelConfig& config, DType dtype = DType::kFloat32) {
  auto model = new_model(config, 1, dtype);
  set_item_features(*model, features_for(config.num_items));
  return model;
}

const Tensor& projection(const Model& model) {
  return model.parameters().find("item_vectors.projection.weight").value();
}

// E + X P^T, with only the `learned` rows of E.
std::vector<double> effective(const Model& model, const std::vector<std::int32_t>& learned) {
  const std::vector<double> rows = to_doubles(model.item_table().value());
  const std::vector<double> features = to_doubles(item_features(model));
  const std::vector<double> weight = to_doubles(projection(model));
  std::vector<double> items(rows.size());
  for (const std::int32_t item : learned) {
    for (std::size_t d = 0; d < 8; ++d) {
      items[static_cast<std::size_t>(item) * 8 + d] = rows[static_cast<std::size_t>(item) * 8 + d];
    }
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (std::size_t j = 0; j < kWidth; ++j) {
      items[i] += features[i / 8 * kWidth + j] * weight[i % 8 * kWidth + j];
    }
  }
  return items;
}

std::vector<std::int32_t> all_items() {
  std::vector<std::int32_t> items;
  for (std::int32_t item = 0; item <= 40; ++item) {
    items.push_back(item);
  }
  return items;
}

const std::vector<std::string> kModels{"softmax", "elastic", "elastic-window", "lisa", "hstu"};

TEST_CASE("item vectors: every model reads and scores the projected features and learned rows") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = model_with(config_with(name), DType::kFloat64);
    // A model without vectors whose table has the sums.
    const auto plain = new_model(small_config(name), 1, DType::kFloat64);
    plain->parameters().find("item_embedding.weight").mutable_value() =
        tensor_of(effective(*model, all_items()), {41, 8});
    const Pass want = plain->encode_last(batch, {});
    const Pass got = model->encode_last(batch, {});
    CHECK(relative_error(to_doubles(want.states.value()), to_doubles(got.states.value())) < 1e-9);
    CHECK(relative_error(to_doubles(want.scored_items.value()),
                         to_doubles(got.scored_items.value())) < 1e-9);
    CHECK(same_bits(model->scored_items(), got.scored_items.value()));
    CHECK_FALSE(model->reads_item_rows());
  }
}

TEST_CASE("item vectors: the other weights start as without them") {
  for (const std::string& name : kModels) {
    CAPTURE(name);
    const auto with = new_model(config_with(name));
    const auto without = new_model(small_config(name));
    CHECK(with->parameters().all().size() == without->parameters().all().size() + 2);
    for (const Parameter& parameter : without->parameters().all()) {
      CHECK(same_bits(with->parameters().find(parameter.name).value(), parameter.variable.value()));
    }
    CHECK(to_doubles(item_features(*with)) == std::vector<double>(41 * kWidth));
  }
  CHECK_FALSE(item_features(*new_model(small_config("gru"))).defined());
}

TEST_CASE("item vectors: gradients match finite differences") {
  const data::Batch batch = batch_of({random_ids(9, 1, 40, 1), random_ids(8, 1, 40, 2)});
  for (const std::string name : {"softmax", "elastic-window"}) {
    for (const LogitKind kind : {LogitKind::kDot, LogitKind::kCosine}) {
      CAPTURE(name);
      ModelConfig config = config_with(name);
      config.logits.kind = kind;
      const auto model = model_with(config, DType::kFloat64);
      for (const char* large : {"item_embedding.weight", "item_vectors.projection.weight"}) {
        Tensor& table = model->parameters().find(large).mutable_value();
        run(kernels::Scale{table, 20.0, table});  // so that steps are small
      }
      ForwardMode mode;
      std::vector<std::int32_t> learned;
      for (std::int32_t item = 1; item <= 40; item += 1 + item % 3) {
        learned.push_back(item);
      }
      mode.learned_rows = int_tensor(learned);
      check_parameter_gradients(*model, [&] {
        const Pass pass = model->encode_last(batch, mode);
        return ops::linear_cross_entropy(pass.states, pass.scored_items, int_tensor({3, 40}));
      });
    }
  }
}

TEST_CASE(
    "item vectors: an item without its learned row is its vector, and its row gets no gradient") {
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : kModels) {
    CAPTURE(name);
    const auto model = model_with(config_with(name), DType::kFloat64);
    ForwardMode mode;
    mode.learned_rows = int_tensor({2, 3, 39});
    backward(training_loss(*model, batch, mode));
    const std::vector<double> grad = to_doubles(model->item_table().grad());
    for (std::size_t i = 0; i < grad.size(); ++i) {
      const std::size_t item = i / 8;
      const bool learned = item == 2 || item == 3 || item == 39;
      CHECK((grad[i] != 0.0) == learned);
    }
    if (name != "lisa") {
      CHECK(relative_error(effective(*model, {2, 3, 39}),
                           to_doubles(model->encode_last(batch, mode).scored_items.value())) <
            1e-12);
    }
  }
}

TEST_CASE("item vectors: all items may be known by their vectors alone") {
  const data::Batch batch = batch_of(ragged_histories());
  const auto model = model_with(config_with("softmax"), DType::kFloat64);
  ForwardMode mode;
  mode.learned_rows = Tensor({0}, DType::kInt32, test_device());
  backward(training_loss(*model, batch, mode));
  for (const double value : to_doubles(model->item_table().grad())) {
    CHECK(value == 0.0);
  }
  CHECK(to_doubles(model->scored_items().slice(0, 1)) == std::vector<double>(8, 0.0));
}

TEST_CASE("item vectors: fixed weights compute the items once, and change no bit") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of({{1, 2, 3, 2}, {7}});
  for (const std::string& name : kModels) {
    CAPTURE(name);
    const auto model = model_with(config_with(name));
    REQUIRE(model->weight_cache() != nullptr);
    const Pass plain = model->encode_last(batch, {});
    {
      const FixedWeights fixed(*model);
      const Pass first = model->encode_last(batch, {});
      CHECK(same_bits(first.states.value(), plain.states.value()));
      CHECK(same_bits(first.scored_items.value(), plain.scored_items.value()));
      CHECK(model->encode_last(batch, {}).scored_items.is(first.scored_items));
    }
    Tensor& table = model->item_table().mutable_value();  // a step of training
    run(kernels::Add{table, random_tensor(table.shape(), 3, DType::kFloat32), table});
    CHECK_FALSE(same_bits(model->scored_items(), plain.scored_items.value()));
  }
}

TEST_CASE("item vectors: a stream's states are those of the whole history") {
  const NoGrad no_grad;
  ModelConfig config = config_with("elastic-causal");
  config.position = PositionEmbedding::kNone;
  const auto model = model_with(config);
  StreamStates states = model->streaming()->new_streams(1);
  Tensor state;
  for (const std::int32_t item : {5, 2, 9, 2}) {
    state = model->streaming()->advance(batch_of({{item}}), states).value();
  }
  const Tensor whole = model->encode_last(batch_of({{5, 2, 9, 2}}), {}).states.value();
  CHECK(relative_error(to_doubles(whole), to_doubles(state)) < tolerance::kEqualFloat32);
}

TEST_CASE("item vectors: new items have their vector alone, and change nothing for the others") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : kModels) {
    CAPTURE(name);
    const auto model = model_with(config_with(name));
    const std::vector<float> features = features_for(2, 9);
    const auto wider = with_new_items(*model, features);
    CHECK(wider->config().num_items == 42);
    const Pass before = model->encode_last(batch, {});
    const Pass after = wider->encode_last(batch, {});
    CHECK(same_numbers(before.states.value(), after.states.value()));
    CHECK(same_numbers(before.scored_items.value(), after.scored_items.value().slice(0, 41)));
    const std::vector<double> items = to_doubles(after.scored_items.value().slice(41, 43));
    const std::vector<double> weight = to_doubles(projection(*model));
    for (std::size_t i = 0; name != "lisa" && i < items.size(); ++i) {
      double want = 0.0;
      for (std::size_t j = 0; j < kWidth; ++j) {
        want += double{features[i / 8 * kWidth + j]} * weight[i % 8 * kWidth + j];
      }
      CHECK(items[i] == doctest::Approx(want).epsilon(1e-4));
    }
    CHECK_NOTHROW(wider->encode_last(batch_of({{41, 3, 42}}), {}));
  }
  CHECK(with_new_items(*model_with(config_with("gru")), {})->config().num_items == 40);
}

TEST_CASE("item vectors: a mean of models scores with the vectors of each") {
  const NoGrad no_grad;
  std::vector<std::unique_ptr<Model>> members;
  members.push_back(model_with(config_with("gru")));
  members.push_back(new_model(small_config("softmax")));
  const Tensor first = members.front()->scored_items();
  MeanModel mean(std::move(members));
  CHECK(mean.config().num_item_features == 0);
  const std::vector<double> items = to_doubles(mean.scored_items());
  const std::vector<double> own = to_doubles(first);
  CHECK(items[16 * 5 + 3] == own[8 * 5 + 3]);
}

TEST_CASE("item vectors: features of another size are refused") {
  const auto model = new_model(config_with("gru"));
  CHECK_THROWS_WITH_AS(set_item_features(*model, std::vector<float>(7)),
                       "item vectors: expected 40 x 3 features, got 7",
                       ShapeError);
  CHECK_THROWS_AS(with_new_items(*model, std::vector<float>(7)), ShapeError);
  CHECK_THROWS_AS(with_new_items(*new_model(small_config("gru")), {}), ShapeError);
}

}  // namespace
}  // namespace elastic::item_vectors_test
