// Trainings of elastic-window with memory_len, expert_gate values and expert_balance.
#include "tensor/tensor_values.h"
#include "tiny_run.h"

namespace elastic::train::long_memory_training_test {
namespace {

ModelConfig long_config() {
  ModelConfig config = tiny_model_config("elastic-window");
  config.max_len = 4;
  config.memory_len = 12;
  config.window = 2;
  config.retrieval.gate = ExpertGate::kValues;
  config.retrieval.balance = 0.05;
  return config;
}

std::vector<std::vector<double>> saved_values(const Model& model) {
  std::vector<std::vector<double>> values;
  for (const Parameter& parameter : model.parameters().all()) {
    values.push_back(to_doubles(parameter.variable.value()));
  }
  return values;
}

TEST_CASE("long memory: a resumed training has the bits of an uninterrupted one") {
  const TemporaryFolder folder;
  TinyRun run;
  run.split = tiny_split(8);
  run.model_config = long_config();
  const TrainResult whole = run.train(folder.file("whole"));
  const auto values = saved_values(*run.model);
  for (const std::int64_t stop : {1, 7}) {
    const std::string path = folder.file("parts" + std::to_string(stop));
    run.stop_after = stop;
    CHECK(run.train(path).status == Status::kStopped);
    run.stop_after = 0;
    CHECK(run.train(path, /*resume=*/true).best_metric == whole.best_metric);
    CHECK(saved_values(*run.model) == values);
  }
}

// The weights after a training in which the first event of each user was replaced.
std::vector<std::vector<double>> trained(const ModelConfig& config, std::int32_t first_item) {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 1;
  run.config.targets.cuts = Cuts::parse("latest", "cuts");
  run.config.loss.train_seen = TrainSeen::kKeep;
  run.model_config = config;
  const data::Split usual = tiny_split(10);
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> items;
  data::IdMap users;
  data::IdMap item_ids;
  for (std::int32_t item = 1; item <= kTinyItems; ++item) {
    item_ids.add("item " + std::to_string(item));
  }
  for (std::int32_t user = 0; user < 24; ++user) {
    const auto events = usual.history(user, data::Subset::kTest);
    items.insert(items.end(), events.begin(), events.end());
    items[static_cast<std::size_t>(offsets.back())] = first_item;
    offsets.push_back(static_cast<std::int64_t>(items.size()));
    users.add("user " + std::to_string(user));
  }
  run.split = data::Split(std::make_shared<const data::Dataset>(
      std::move(offsets), std::move(items), std::move(users), std::move(item_ids)));
  run.train(folder.file("run"));
  return saved_values(*run.model);
}

TEST_CASE("long memory: training reads events before max_len, with it only") {
  ModelConfig config = long_config();
  config.memory_len = 20;
  CHECK(trained(config, 1) != trained(config, 2));
  config.memory_len = 0;
  CHECK(trained(config, 1) == trained(config, 2));
}

TEST_CASE("long memory: an evaluation reads events before max_len") {
  ModelConfig config = long_config();
  config.position = PositionEmbedding::kNone;
  config.retrieval.query_network = QueryPooling::kMean;
  const data::Split split = tiny_split(12);
  const auto model = make_model(config, 1, DType::kFloat32, test_device());
  config.memory_len = 0;
  const auto without = make_model(config, 1, DType::kFloat32, test_device());
  const eval::EvalOptions all_items{.rules = {.filter_seen = false}};
  CHECK(eval::rank_users(*model, split, data::Subset::kTest, all_items).ranks !=
        eval::rank_users(*without, split, data::Subset::kTest, all_items).ranks);
}

TEST_CASE("expert_balance: steps are not recorded") {
  TinyRun run;
  const TemporaryFolder folder;
  run.config.cuda_graphs = true;
  run.model_config = tiny_model_config("elastic");
  run.model_config.retrieval.balance = 0.1;
  CHECK(message_of([&] { run.train(folder.file("run")); }).find("--expert-balance 0") !=
        std::string::npos);
}

TEST_CASE("examples: targets of a window shorter than asked for stay within it") {
  ExampleOptions options;
  options.supervision = Supervision::kWindow;
  options.max_len = 12;
  options.window = 3;
  options.window_targets = 5;
  for (const Example& example : epoch_examples(std::vector<std::int64_t>{20}, options, 0)) {
    CHECK(example.num_targets <= 3);
  }
}

}  // namespace
}  // namespace elastic::train::long_memory_training_test
