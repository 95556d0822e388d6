#include "train/learned_rows.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/item_vectors.h"
#include "run_bits.h"
#include "tensor/tensor_values.h"
#include "tiny_run.h"
#include "train/saved_model.h"

namespace elastic::train::learned_rows_test {
namespace {

constexpr std::int64_t kWidth = 3;

// Features of the tiny items; the item 5 has none.
std::vector<float> tiny_features() {
  std::vector<float> features;
  for (std::int32_t item = 1; item <= kTinyItems; ++item) {
    for (std::int32_t j = 0; j < kWidth; ++j) {
      features.push_back(item == 5 ? 0.0F : static_cast<float>((item * (j + 2)) % 5) - 1.5F);
    }
  }
  return features;
}

TinyRun run_with(double id_dropout) {
  TinyRun run;
  run.model_config.num_item_features = kWidth;
  run.item_features = tiny_features();
  run.config.vectors = {"features.csv", id_dropout};
  return run;
}

// The tiny split with an item 12 that only one user has, as the last event.
data::Split split_with_cold_item() {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> items;
  data::IdMap users;
  data::IdMap item_ids;
  for (std::int32_t item = 1; item <= kTinyItems; ++item) {
    item_ids.add("item " + std::to_string(item));
  }
  for (std::int32_t user = 0; user < 24; ++user) {
    for (std::int32_t i = 0; i < 6; ++i) {
      items.push_back(1 + (user + i) % (kTinyItems - 1));
    }
    if (user == 0) {
      items.back() = kTinyItems;
    }
    offsets.push_back(std::ssize(items));
    users.add("user " + std::to_string(user));
  }
  return data::Split(std::make_shared<const data::Dataset>(
      std::move(offsets), std::move(items), std::move(users), std::move(item_ids)));
}

std::unique_ptr<Model> model_of(const TinyRun& run) {
  auto model = make_model(run.model_config, 1, DType::kFloat32, test_device());
  set_item_features(*model, run.item_features);
  return model;
}

std::vector<std::int32_t> rows_of(const LearnedRows& learned, std::uint32_t step) {
  const Tensor rows = learned.of(step);
  return rows.defined() ? rows.to_vector<std::int32_t>() : std::vector<std::int32_t>{-1};
}

TEST_CASE("learned rows: without a share and cold items, all rows count") {
  const TinyRun run = run_with(0.0);
  CHECK_FALSE(LearnedRows(*model_of(run), run.split, 0.0, 1).of(1).defined());
  const auto plain = make_model(tiny_model_config("gru"), 1, DType::kFloat32, test_device());
  CHECK_FALSE(LearnedRows(*plain, split_with_cold_item(), 0.5, 1).of(1).defined());
}

TEST_CASE("learned rows: a step leaves out a share of the items with a vector, by seed and step") {
  const TinyRun run = run_with(0.25);
  const auto model = model_of(run);
  const LearnedRows learned(*model, run.split, 0.25, 7);
  const LearnedRows again(*model, run.split, 0.25, 7);
  const LearnedRows other(*model, run.split, 0.25, 8);
  double kept = 0.0;
  bool by_step = false;
  bool by_seed = false;
  for (std::uint32_t step = 1; step <= 400; ++step) {
    const std::vector<std::int32_t> rows = rows_of(learned, step);
    CHECK(rows == rows_of(again, step));
    by_step = by_step || rows != rows_of(learned, 1);
    by_seed = by_seed || rows != rows_of(other, step);
    CHECK(std::count(rows.begin(), rows.end(), 5) == 1);  // it has no vector
    CHECK(std::is_sorted(rows.begin(), rows.end()));
    kept += static_cast<double>(rows.size() - 1) / (400.0 * 11.0);
  }
  CHECK(by_step);
  CHECK(by_seed);
  CHECK(kept == doctest::Approx(0.75).epsilon(0.03));
  CHECK(rows_of(LearnedRows(*model, run.split, 1.0, 7), 3) == std::vector<std::int32_t>{5});
}

TEST_CASE("learned rows: an item without a training event is its vector, in training and after") {
  const TemporaryFolder folder;
  for (const double share : {0.0, 0.5}) {
    TinyRun run = run_with(share);
    run.split = split_with_cold_item();
    REQUIRE(run.split.num_cold_items() == 1);
    const std::string path = folder.file(share == 0.0 ? "none" : "half");
    run.train(path);
    const Tensor row = run.model->item_table().value().slice(kTinyItems, kTinyItems + 1);
    CHECK(to_doubles(row) == std::vector<double>(16, 0.0));
    const Tensor scored = run.model->scored_items().slice(kTinyItems, kTinyItems + 1);
    CHECK(to_doubles(scored) != std::vector<double>(16, 0.0));
  }
}

TEST_CASE("learned rows: a resumed run has the bits of an uninterrupted one") {
  const TemporaryFolder folder;
  TinyRun whole = run_with(0.5);
  whole.train(folder.file("whole"));
  TinyRun part = run_with(0.5);
  part.stop_after = 3;
  part.train(folder.file("run"));
  part.stop_after = 0;
  part.train(folder.file("run"), /*resume=*/true);
  check_same(folder.file("run"), folder.file("whole"));
  TinyRun none = run_with(0.0);
  none.train(folder.file("none"));
  CHECK(checkpoint_of(folder.file("none")) != checkpoint_of(folder.file("whole")));
}

TEST_CASE("learned rows: the saved model has the features") {
  const TemporaryFolder folder;
  TinyRun run = run_with(0.5);
  run.train(folder.file("run"));
  const SavedModel saved = load_saved_model(folder.file("run"), test_device());
  CHECK(saved.model->config().num_item_features == kWidth);
  const std::vector<double> features = to_doubles(item_features(*saved.model));
  const std::vector<float> want = tiny_features();
  CHECK(std::vector<double>(features.begin() + kWidth, features.end()) ==
        std::vector<double>(want.begin(), want.end()));
}

TEST_CASE("learned rows: every loss trains with item vectors") {
  const TemporaryFolder folder;
  for (const LossKind kind : {LossKind::kSampledSoftmax, LossKind::kBce, LossKind::kGbce}) {
    TinyRun run = run_with(0.5);
    run.config.loss.kind = kind;
    run.config.loss.negatives = 4;
    run.config.epochs = 1;
    CHECK(run.train(folder.file(choice_name(kind))).num_epochs == 1);
  }
}

}  // namespace
}  // namespace elastic::train::learned_rows_test
