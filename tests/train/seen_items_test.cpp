// Losses that leave out the items that the user had before the target.
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "eval/ranking_rules.h"
#include "run_bits.h"
#include "tensor/safetensors.h"
#include "tensor/tensor_values.h"
#include "tiny_run.h"
#include "tolerances.h"
#include "train/past_events.h"
#include "train/train_batch.h"
#include "train/train_seen.h"
#include "train/training_step.h"

namespace elastic::train::seen_items_test {
namespace {

// Users with the training events 1 2 1 4 3 | 5 | 2 6 4; the last two events are held out.
data::Split small_split() {
  data::IdMap users;
  data::IdMap items;
  for (const char* user : {"a", "b", "c"}) {
    users.add(user);
  }
  for (std::int32_t item = 1; item <= 8; ++item) {
    items.add(std::to_string(item));
  }
  return data::Split(std::make_shared<const data::Dataset>(
      std::vector<std::int64_t>{0, 7, 10, 15},
      std::vector<std::int32_t>{1, 2, 1, 4, 3, 7, 8, 5, 7, 8, 2, 6, 4, 7, 8},
      std::move(users),
      std::move(items)));
}

TEST_CASE("seen items: auto excludes them if rankings do and no user repeats an item") {
  using enum TrainSeen;
  const data::Split repeated = small_split();
  const data::Split plain = tiny_split();
  CHECK(num_repeats(repeated) == 1);
  CHECK(num_repeats(plain) == 0);
  CHECK(resolve(kAuto, /*filter_seen=*/true, plain) == kExclude);
  CHECK(resolve(kAuto, /*filter_seen=*/false, plain) == kKeep);
  CHECK(resolve(kAuto, /*filter_seen=*/true, repeated) == kKeep);
  for (const TrainSeen given : {kExclude, kKeep}) {
    CHECK(resolve(given, true, repeated) == given);
    CHECK(resolve(given, false, plain) == given);
  }
}

TEST_CASE("seen items: a target's past is all events of the user before it") {
  const PastEvents events(small_split(), test_device());
  CHECK(events.items().to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{1, 2, 1, 4, 3, 5, 2, 6, 4});
  // User 2's events 1 and 2 are predicted; user 0's events 3 and 4, read from event 2 on.
  const std::vector<Example> examples{{2, 0, 2, 2}, {0, 2, 4, 2}, {0, 0, 1, 1}};
  const PastLists past = events.before_targets(examples);
  CHECK(past.begins == std::vector<std::int32_t>{6, 6, 0, 0, 0});
  CHECK(past.counts == std::vector<std::int32_t>{1, 2, 3, 4, 1});
  CHECK(past.total() == 11.0);
}

/// Scores [R, V + 1] of a batch's states, by explicit products.
std::vector<std::vector<double>> scores_of(const Pass& pass) {
  const std::vector<double> states = to_doubles(pass.states.value());
  const std::vector<double> table = to_doubles(pass.scored_items.value());
  const auto dim = static_cast<std::size_t>(pass.scored_items.shape()[1]);
  std::vector<std::vector<double>> scores(states.size() / dim,
                                          std::vector<double>(table.size() / dim));
  for (std::size_t r = 0; r < scores.size(); ++r) {
    for (std::size_t v = 0; v < scores[r].size(); ++v) {
      for (std::size_t j = 0; j < dim; ++j) {
        scores[r][v] += states[r * dim + j] * table[v * dim + j];
      }
    }
  }
  return scores;
}

struct Target {
  std::int32_t item = 0;
  std::set<std::int32_t> left_out;  ///< of the comparison; never the target
};

/// The targets of an example with the items that the loss leaves out, from the split alone.
std::vector<Target> targets_of(const data::Split& split, const Example& example, bool exclude) {
  std::vector<Target> targets;
  const auto events = split.train_sequence(example.user);
  for (std::int32_t i = 0; i < example.num_targets; ++i) {
    const auto place = static_cast<std::size_t>(example.end - example.num_targets + 1 + i);
    Target target{events[place], {}};
    if (exclude) {
      target.left_out.insert(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(place));
      target.left_out.erase(target.item);
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

double softmax_loss(const std::vector<double>& scores, const Target& target) {
  double sum = 0.0;
  for (std::size_t v = 1; v < scores.size(); ++v) {
    sum += target.left_out.count(static_cast<std::int32_t>(v)) > 0 ? 0.0 : std::exp(scores[v]);
  }
  return std::log(sum) - scores[static_cast<std::size_t>(target.item)];
}

TinyRun run_of(const std::string& model) {
  TinyRun run;
  run.model_config = tiny_model_config(model);
  run.model_config.window = 4;
  run.model_config.dropout = 0.0;
  run.config.epochs = 1;
  run.config.batch_size = 1000;  // one step, so that all losses are those of the first weights
  return run;
}

/// The mean loss of the first epoch's targets, by the definition.
double expected_loss(const TinyRun& run, bool exclude) {
  const auto model = make_model(run.model_config,
                                static_cast<std::uint64_t>(run.config.seed),
                                DType::kFloat32,
                                test_device());
  ExampleOptions options{supervision_for(run.config.targets, *model),
                         {},
                         run.model_config.max_len,
                         run.model_config.window,
                         0,
                         static_cast<std::uint64_t>(run.config.seed)};
  std::vector<std::int64_t> lengths;
  for (std::int64_t user = 0; user < run.split.num_users(); ++user) {
    lengths.push_back(static_cast<std::int64_t>(run.split.train_sequence(user).size()));
  }
  const NoGrad no_grad;
  const std::vector<Example> examples = epoch_examples(lengths, options, 0);
  const auto scores =
      scores_of(supervised_pass(*model,
                                upload(collect_batch(run.split, examples, options), test_device()),
                                options.supervision,
                                {/*training=*/true, options.seed, 1}));
  double sum = 0.0;
  std::size_t row = 0;
  for (const Example& example : examples) {
    for (const Target& target : targets_of(run.split, example, exclude)) {
      sum += softmax_loss(scores.at(row), target);
      ++row;
    }
  }
  REQUIRE(row == scores.size());
  return sum / static_cast<double>(row);
}

double trained_loss(TinyRun& run) {
  const TemporaryFolder folder;
  double loss = 0.0;
  run.observer.epoch = [&](const EpochReport& report) { loss = report.loss; };
  run.train(folder.file("run"));
  return loss;
}

std::string seen_in_metrics(const std::string& run) {
  return nlohmann::json::parse(timeless_metrics(run).front())["train_seen"];
}

// One target a pass, one for each position, and a window of targets. Histories are longer than
// max_len, and with 14 events or more some targets were seen before.
TEST_CASE("seen items: the softmax loss of a run is the one over the items left") {
  const std::vector<std::string> models =
      test_is_brief()
          ? std::vector<std::string>{"elastic-window"}
          : std::vector<std::string>{"softmax", "elastic", "elastic-window", "elastic-causal"};
  for (const std::string& model : models) {
    for (const std::int32_t shortest : {4, 14}) {
      CAPTURE(model);
      CAPTURE(shortest);
      TinyRun run = run_of(model);
      run.split = tiny_split(shortest);
      const double excluded = expected_loss(run, true);
      const double kept = expected_loss(run, false);
      CHECK(kept > 1.1 * excluded);
      run.config.loss.train_seen = TrainSeen::kExclude;
      CHECK(trained_loss(run) == doctest::Approx(excluded).epsilon(1e-5));
      if (test_is_brief()) {
        continue;
      }
      run.config.loss.train_seen = TrainSeen::kKeep;
      CHECK(trained_loss(run) == doctest::Approx(kept).epsilon(1e-5));
      run.config.loss.train_seen = TrainSeen::kAuto;
      CHECK(trained_loss(run) == doctest::Approx(shortest == 4 ? excluded : kept).epsilon(1e-5));
      run.rules.filter_seen = false;
      CHECK(trained_loss(run) == doctest::Approx(kept).epsilon(1e-5));
    }
  }
}

TEST_CASE("seen items: the option reaches every loss, the metrics and the saved model") {
  for (const char* loss : {"softmax", "sampled-softmax", "bce", "gbce"}) {
    if (test_is_brief() && loss != std::string("softmax")) {
      continue;
    }
    CAPTURE(loss);
    std::vector<double> losses;
    for (const char* seen : {"keep", "exclude", "auto"}) {
      const TemporaryFolder folder;
      TinyRun run = run_of("softmax");
      run.config.loss.kind = parse_choice<LossKind>(loss, "loss");
      run.config.loss.negatives = loss == std::string("softmax") ? 256 : 6;
      run.config.loss.train_seen = parse_choice<TrainSeen>(seen, "seen");
      run.observer.epoch = [&](const EpochReport& report) { losses.push_back(report.loss); };
      run.train(folder.file("run"));
      const std::string resolved = seen == std::string("keep") ? "keep" : "exclude";
      CHECK(seen_in_metrics(folder.file("run")) == resolved);
      CHECK(read_model_info(folder.file("run/model.safetensors")).train_seen == resolved);
    }
    CHECK(losses[0] != losses[1]);
    CHECK(losses[1] == losses[2]);
  }
}

TEST_CASE("seen items: a run is not resumed with another choice; older files mean keep") {
  const TemporaryFolder folder;
  const auto run_with = [](TrainSeen seen) {
    TinyRun run;
    run.config.epochs = 2;
    run.config.loss.train_seen = seen;
    return run;
  };
  TinyRun whole = run_with(TrainSeen::kKeep);
  whole.train(folder.file("whole"));
  TinyRun part = run_with(TrainSeen::kKeep);
  part.stop_after = 2;
  part.train(folder.file("run"));
  part.stop_after = 0;
  const std::string path = folder.file("run/checkpoints/latest.safetensors");
  Safetensors old = read_safetensors(path);
  auto config = nlohmann::ordered_json::parse(old.metadata["config"]);
  REQUIRE(config.erase("train_seen") == 1);
  for (const bool has_key : {true, false}) {
    CAPTURE(has_key);
    if (!has_key) {
      old.metadata["config"] = config.dump();
      write_safetensors(path, old.tensors, old.metadata);
    }
    for (const TrainSeen other : {TrainSeen::kExclude, TrainSeen::kAuto}) {
      TinyRun changed = run_with(other);
      CHECK(message_of([&] { changed.train(folder.file("run"), /*resume=*/true); })
                .find("the run was started with train_seen = \"keep\", it cannot continue with "
                      "\"exclude\"") != std::string::npos);
    }
  }
  part.train(folder.file("run"), /*resume=*/true);
  check_same(folder.file("run"), folder.file("whole"));
}

}  // namespace
}  // namespace elastic::train::seen_items_test
