#include "train/initial_weights.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "error_message.h"
#include "tiny_run.h"
#include "train/checkpoint.h"
#include "train/saved_model.h"

namespace elastic::train::initial_weights_test {
namespace {

const std::vector<ItemName> kFormer{{"a", ""}, {"b", ""}, {"c", ""}};
const std::vector<ItemName> kItems{{"new", ""}, {"c", ""}, {"a", ""}, {"newer", ""}};
const std::string kTable = "item_embedding.weight";

std::unique_ptr<Model> model_of(std::int64_t num_items, std::uint64_t seed) {
  ModelConfig config = tiny_model_config("elastic");
  config.num_items = num_items;
  return make_model(config, seed, DType::kFloat32, test_device());
}

Safetensors file_of(const Model& model) {
  Safetensors file;
  file.path = "RUN/model.safetensors";
  for (const NamedTensor& named : named_parameters(model.parameters(), "")) {
    const Tensor& tensor = named.tensor;
    file.tensors.push_back({named.name, Tensor::from(tensor.to_vector<float>(), tensor.shape())});
  }
  return file;
}

std::vector<float> row_of(const Tensor& table, std::int64_t row) {
  const std::vector<float> all = table.to_vector<float>();
  const auto begin = all.begin() + row * table.cols();
  return {begin, begin + table.cols()};
}

std::vector<float> values_of(const Model& model, const std::string& name) {
  return model.parameters().find(name).value().to_vector<float>();
}

}  // namespace

TEST_CASE("initial weights: rows are found by raw id") {
  const std::vector<std::int32_t> rows = former_rows(kFormer, kItems);
  CHECK(rows == std::vector<std::int32_t>{0, -1, 3, 1, -1});
  CHECK(num_known(rows) == 2);
}

TEST_CASE("initial weights: rows of known items and all other parameters are copied") {
  const auto former = model_of(3, 1);
  const auto model = model_of(4, 2);
  const auto fresh = model_of(4, 2);
  copy_weights(file_of(*former), former_rows(kFormer, kItems), *model);
  const Tensor& table = model->item_table().value();
  const Tensor& before = former->item_table().value();
  CHECK(row_of(table, 0) == row_of(before, 0));
  CHECK(row_of(table, 1) == row_of(fresh->item_table().value(), 1));
  CHECK(row_of(table, 2) == row_of(before, 3));
  CHECK(row_of(table, 3) == row_of(before, 1));
  CHECK(row_of(table, 4) == row_of(fresh->item_table().value(), 4));
  for (const Parameter& parameter : model->parameters().all()) {
    if (parameter.name != kTable) {
      CAPTURE(parameter.name);
      CHECK(values_of(*model, parameter.name) == values_of(*former, parameter.name));
    }
  }
}

TEST_CASE("initial weights: rows follow the ids when the number of items is the same") {
  const auto former = model_of(3, 1);
  const auto model = model_of(3, 2);
  const std::vector<ItemName> turned(kFormer.rbegin(), kFormer.rend());
  copy_weights(file_of(*former), former_rows(kFormer, turned), *model);
  CHECK(row_of(model->item_table().value(), 1) == row_of(former->item_table().value(), 3));
  CHECK(row_of(model->item_table().value(), 2) == row_of(former->item_table().value(), 2));
}

TEST_CASE("initial weights: moments of known items are copied, those of new ones are zero") {
  const auto former = model_of(3, 1);
  const auto model = model_of(4, 2);
  const TrainConfig config;
  const Optimizer source(former->parameters(), config);
  Safetensors file;
  file.path = "RUN/checkpoints/latest.safetensors";
  float next = 1.0F;
  for (const NamedTensor& moment : source.state()) {
    std::vector<float> values(static_cast<std::size_t>(moment.tensor.numel()));
    std::generate(values.begin(), values.end(), [&] { return next++; });
    file.tensors.push_back({moment.name, Tensor::from(values, moment.tensor.shape())});
  }
  Optimizer optimizer(model->parameters(), config);
  copy_moments(file, former_rows(kFormer, kItems), 70, *model, optimizer);
  CHECK(optimizer.num_steps() == 0);
  CHECK(optimizer.next_step(0.1).step == 71);  // bias corrections go on
  for (const NamedTensor& moment : optimizer.state()) {
    CAPTURE(moment.name);
    if (moment.name.ends_with(kTable)) {
      const Tensor& before = file.find(moment.name);
      CHECK(row_of(moment.tensor, 2) == row_of(before, 3));
      CHECK(row_of(moment.tensor, 3) == row_of(before, 1));
      const std::vector<float> zeros(static_cast<std::size_t>(before.cols()));
      CHECK(row_of(moment.tensor, 1) == zeros);
      CHECK(row_of(moment.tensor, 4) == zeros);
    } else {
      CHECK(moment.tensor.to_vector<float>() == file.find(moment.name).to_vector<float>());
    }
  }
}

TEST_CASE("initial weights: a checkpoint keeps the steps of the first moments") {
  const TemporaryFolder folder;
  const auto model = model_of(3, 1);
  const TrainConfig config;
  Optimizer optimizer(model->parameters(), config);
  Safetensors file;
  file.tensors = optimizer.state();
  optimizer.load(file, 0, 70);
  const std::string path = folder.file("latest.safetensors");
  TrainState state;
  state.num_steps = 5;
  save_checkpoint(path, *model, optimizer, config, "data", state, "run");
  Optimizer other(model->parameters(), config);
  load_checkpoint(path, *model, other, config, "data", "run");
  CHECK(other.num_steps() == 5);
  CHECK(other.next_step(0.1).step == 76);
  const SavedMoments moments = read_moments(path);
  CHECK(moments.num_steps == 75);
  CHECK(moments.run == "run");
}

TEST_CASE("initial weights: a file that lacks rows or a tensor is refused") {
  const auto former = model_of(2, 1);
  const auto model = model_of(4, 2);
  Safetensors file = file_of(*former);
  CHECK(error_message<CheckpointError>(
            [&] { copy_weights(file, former_rows(kFormer, kItems), *model); }) ==
        "RUN/model.safetensors: tensor 'item_embedding.weight': expected a row per item, at least "
        "[4, 16], got [3, 16]");
  file = file_of(*model_of(3, 1));
  file.tensors.erase(file.tensors.begin() + 1);
  CHECK_THROWS_AS(copy_weights(file, former_rows(kFormer, kItems), *model), CheckpointError);
}

}  // namespace elastic::train::initial_weights_test
