// A step of several shards: its parts, its gradient, its masks, and runs of such steps.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "error_message.h"
#include "run_bits.h"
#include "tensor/tensor_values.h"
#include "tiny_run.h"
#include "train/epoch_plan.h"
#include "train/sharded_steps.h"
#include "train/training_step.h"

namespace elastic::train::shards_test {
namespace {

std::vector<std::int64_t> lengths_of(const data::Split& split) {
  std::vector<std::int64_t> lengths;
  for (std::int64_t user = 0; user < split.num_users(); ++user) {
    lengths.push_back(std::ssize(split.train_sequence(user)));
  }
  return lengths;
}

ExampleOptions example_options(const Model& model, const TrainConfig& config) {
  return {supervision_for(config.targets, model),
          config.targets.cuts,
          model.config().history_len(),
          model.config().window_len(),
          config.targets.window_targets,
          static_cast<std::uint64_t>(config.seed)};
}

TrainConfig sharded_config(std::int64_t shards, const std::string& loss = "softmax") {
  TrainConfig config = tiny_train_config();
  config.shards = shards;
  config.batch_size = 8;
  config.loss.kind = parse_choice<LossKind>(loss, "loss");
  if (config.loss.kind != LossKind::kSoftmax) {
    config.loss.negatives = 9;
  }
  return config;
}

// A model with all that its steps need.
struct Stepper {
  data::Split split = tiny_split();
  TrainConfig config;
  std::unique_ptr<Model> model;
  Optimizer optimizer;
  ExampleOptions options;
  PastEvents past;
  std::optional<SampledSteps> sampled;
  ShardedSteps steps;

  Stepper(const std::string& name, double dropout, const TrainConfig& train_config, DType dtype)
      : config(train_config),
        model(make_model(
            [&] {
              ModelConfig model_config = tiny_model_config(name);
              model_config.dropout = dropout;
              return model_config;
            }(),
            3,
            dtype,
            test_device())),
        optimizer(model->parameters(), config),
        options(example_options(*model, config)),
        past(split, test_device()),
        sampled(config.loss.kind == LossKind::kSoftmax
                    ? std::nullopt
                    : std::optional<SampledSteps>(std::in_place, *model, optimizer, split, config)),
        steps(*model,
              optimizer,
              split,
              options,
              {sampled ? &*sampled : nullptr, sampled ? nullptr : &past, nullptr}) {}

  // The gradients of a step, by its first moments: they are 0.1 of the gradients.
  [[nodiscard]] std::map<std::string, std::vector<double>> moments() const {
    std::map<std::string, std::vector<double>> result;
    for (const NamedTensor& moment : optimizer.state()) {
      if (moment.name.starts_with("adam.first.")) {
        result[moment.name] = to_doubles(moment.tensor);
      }
    }
    return result;
  }
};

ForwardMode first_step() {
  return {.training = true, .seed = 5, .step = 1};
}

// One step over the examples of all parts as a single batch.
double union_step(Stepper& stepper, const StepParts& parts) {
  std::vector<Example> examples;
  for (const auto& part : parts) {
    examples.insert(examples.end(), part.begin(), part.end());
  }
  HostBatch input = collect_batch(stepper.split, examples, stepper.options);
  if (stepper.sampled) {
    return to_doubles(
        stepper.sampled->run(input, examples, stepper.options.supervision, first_step(), 1e-2))[0];
  }
  input.past = stepper.past.before_targets(examples);
  return to_doubles(training_step(*stepper.model,
                                  stepper.optimizer,
                                  upload(input, test_device(), stepper.past.items()),
                                  stepper.options.supervision,
                                  first_step(),
                                  1e-2))[0];
}

TEST_CASE("shards: a step has the share of each shard's own users, in an order of its own") {
  const auto model = make_model(tiny_model_config("softmax"), 3, DType::kFloat32, test_device());
  const TrainConfig config = sharded_config(4);
  const std::vector<std::int64_t> lengths = lengths_of(tiny_split());
  const EpochPlan plan(lengths, example_options(*model, config), config, 1);
  std::multiset<std::int32_t> users;
  std::vector<std::int32_t> first_users;
  for (std::int64_t step = 0; step < plan.num_steps(); ++step) {
    const StepParts parts = plan.step(step);
    REQUIRE(parts.size() == 4);
    CHECK(count(parts).examples > 0);
    for (std::int32_t shard = 0; shard < 4; ++shard) {
      CHECK(parts[static_cast<std::size_t>(shard)].size() <= 2);
      for (const Example& example : parts[static_cast<std::size_t>(shard)]) {
        CHECK(example.user % 4 == shard);
        users.insert(example.user);
      }
    }
    first_users.push_back(parts[0].empty() ? -1 : parts[0][0].user);
  }
  TrainConfig whole = config;
  whole.shards = 1;
  const EpochPlan one(lengths, example_options(*model, whole), whole, 1);
  CHECK(one.counts().examples == plan.counts().examples);
  CHECK(one.counts().tokens == plan.counts().tokens);
  CHECK(one.counts().targets == plan.counts().targets);
  CHECK(std::ssize(users) == plan.counts().examples);
  CHECK(!std::is_sorted(first_users.begin(), first_users.end()));
}

TEST_CASE("shards: one shard has the examples and batches of a training without shards") {
  const auto model = make_model(tiny_model_config("softmax"), 3, DType::kFloat32, test_device());
  const TrainConfig config = tiny_train_config();
  const std::vector<std::int64_t> lengths = lengths_of(tiny_split());
  const ExampleOptions options = example_options(*model, config);
  const std::vector<Example> examples = epoch_examples(lengths, options, 2);
  const EpochPlan plan(lengths, options, config, 2);
  std::vector<Example> planned;
  for (std::int64_t step = 0; step < plan.num_steps(); ++step) {
    const StepParts parts = plan.step(step);
    REQUIRE(parts.size() == 1);
    planned.insert(planned.end(), parts[0].begin(), parts[0].end());
  }
  CHECK(planned == examples);
}

TEST_CASE("shards: a shard without examples gives nothing, and its step none for it") {
  const auto model = make_model(tiny_model_config("softmax"), 3, DType::kFloat32, test_device());
  TrainConfig config = sharded_config(4);
  const std::vector<std::int64_t> lengths{9, 1, 1, 20};  // users 1 and 2 have nothing to learn from
  config.targets.cuts = Cuts::parse("all", "cuts");
  config.targets.supervision = SupervisionChoice::kLast;
  const EpochPlan plan(lengths, example_options(*model, config), config, 0);
  CHECK(plan.num_steps() == 10);  // 19 examples of user 3, two a step
  CHECK(plan.step(0)[1].empty());
  CHECK(plan.step(3)[0].size() == 2);
  CHECK(plan.step(4)[0].empty());
  CHECK(plan.step(9)[3].size() == 1);
}

TEST_CASE("shards: without dropout, the gradient is that of one batch of all parts") {
  for (const std::string loss : {"softmax", "sampled-softmax", "gbce"}) {
    for (const std::string name : {"softmax", "elastic", "elastic-window", "gru"}) {
      if (test_is_brief() && name != "elastic") {
        continue;
      }
      CAPTURE(loss);
      CAPTURE(name);
      Stepper sharded(name, 0.0, sharded_config(8, loss), DType::kFloat64);
      Stepper whole(name, 0.0, sharded_config(8, loss), DType::kFloat64);
      TrainConfig cut = sharded_config(8, loss);
      cut.batch_size = 16;
      const std::vector<std::int64_t> lengths = lengths_of(sharded.split);
      const EpochPlan plan(lengths, sharded.options, cut, 0);
      const StepParts parts = plan.step(plan.num_steps() - 1);  // some shards have no more
      const double loss_of_parts = to_doubles(sharded.steps.run(parts, first_step(), 1e-2))[0];
      CHECK(loss_of_parts == doctest::Approx(union_step(whole, parts)).epsilon(1e-12));
      const auto expected = whole.moments();
      for (const auto& [key, values] : sharded.moments()) {
        CAPTURE(key);
        double worst = 0.0;
        for (std::size_t i = 0; i < values.size(); ++i) {
          worst = std::max(worst, std::abs(values[i] - expected.at(key)[i]));
        }
        CHECK(worst <= 1e-12);
      }
    }
  }
}

TEST_CASE("shards: the only part of a step gives the bits of a step without shards") {
  for (const std::string loss : {"softmax", "sampled-softmax"}) {
    Stepper sharded("elastic", 0.2, sharded_config(1, loss), DType::kFloat32);
    Stepper whole("elastic", 0.2, sharded_config(1, loss), DType::kFloat32);
    const EpochPlan plan(lengths_of(sharded.split), sharded.options, sharded_config(1, loss), 0);
    const StepParts parts = plan.step(0);
    CHECK(to_doubles(sharded.steps.run(parts, first_step(), 1e-2))[0] == union_step(whole, parts));
    CHECK(sharded.moments() == whole.moments());
  }
}

TEST_CASE("shards: each shard has dropout masks of its own") {
  Stepper first("elastic", 0.5, sharded_config(2), DType::kFloat32);
  Stepper second("elastic", 0.5, sharded_config(2), DType::kFloat32);
  const EpochPlan plan(lengths_of(first.split), first.options, sharded_config(2), 0);
  const StepParts parts = plan.step(0);
  // The same examples, once as the part of shard 0 and once as that of shard 1.
  const double as_first = to_doubles(first.steps.run({parts[0], {}}, first_step(), 1e-2))[0];
  const double as_second = to_doubles(second.steps.run({{}, parts[0]}, first_step(), 1e-2))[0];
  CHECK(as_first != as_second);
}

TEST_CASE("shards: a run repeats to the bit, with one thread or two") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config = sharded_config(8);
  run.train(folder.file("run"));
  run.train(folder.file("again"));
  run.config.threads = 2;
  run.train(folder.file("two"));
  check_same(folder.file("run"), folder.file("again"));
  check_same(folder.file("run"), folder.file("two"));
}

TEST_CASE("shards: an interrupted and resumed run equals the uninterrupted one, bit for bit") {
  for (const std::string loss : {"softmax", "sampled-softmax"}) {
    const TemporaryFolder folder;
    TinyRun whole;
    whole.config = sharded_config(4, loss);
    whole.train(folder.file("whole"));
    for (const std::int64_t stop : {1, 7}) {
      TinyRun part;
      part.config = whole.config;
      part.stop_after = stop;
      const std::string path = folder.file("part" + std::to_string(stop));
      REQUIRE(part.train(path).status == Status::kStopped);
      part.stop_after = 0;
      part.train(path, /*resume=*/true);
      check_same(folder.file("whole"), path);
    }
  }
}

TEST_CASE("shards: another number of them is another training, which no checkpoint continues") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config = sharded_config(4);
  run.stop_after = 2;
  run.train(folder.file("run"));
  run.config.shards = 2;
  CHECK_THROWS_WITH_AS(run.train(folder.file("run"), /*resume=*/true),
                       doctest::Contains("was started with shards = 4, it cannot continue with 2"),
                       CheckpointError);
}

TEST_CASE("shards: numbers without equal shares are refused") {
  const auto message = [](auto change) {
    TrainConfig config = sharded_config(1);
    change(config);
    return error_message<UsageError>([&] { check(config); });
  };
  CHECK(message([](TrainConfig& c) { c.shards = 3; }) ==
        "--shards: expected a power of two, got 3");
  CHECK(message([](TrainConfig& c) { c.shards = 16; }) ==
        "--shards: expected equal shares of --batch-size 8, got 16 shards; use --batch-size 16");
  CHECK(message([](TrainConfig& c) {
          c.batch_tokens = 301;
          c.shards = 2;
        }) ==
        "--shards: expected equal shares of --batch-tokens 301, got 2 shards; use --batch-tokens "
        "302");
  CHECK(message([](TrainConfig& c) {
          c.cuda_graphs = true;
          c.shards = 2;
        }).starts_with("--cuda-graphs: expected --shards 1, got 2"));
}

TEST_CASE("shards: models that learn from the statistics of a batch are refused") {
  const auto message = [](const std::string& name, auto change) {
    ModelConfig config = tiny_model_config(name);
    change(config);
    const auto model = make_model(config, 3, DType::kFloat32, test_device());
    return error_message<UsageError>([&] { check_shardable(sharded_config(2), *model); });
  };
  CHECK(message("routing", [](ModelConfig&) {
        }).starts_with("--shards: expected 1 with --model routing"));
  CHECK(message("elastic", [](ModelConfig& c) {
          c.retrieval.query_norm = QueryNorm::kCentred;
        }).starts_with("--shards: expected 1 with --query-norm centred"));
  CHECK(message("elastic", [](ModelConfig& c) {
          c.retrieval.balance = 0.01;
        }).starts_with("--shards: expected 1 with --expert-balance"));
  const auto model = make_model(tiny_model_config("routing"), 3, DType::kFloat32, test_device());
  CHECK_NOTHROW(check_shardable(sharded_config(1), *model));
}

}  // namespace
}  // namespace elastic::train::shards_test
