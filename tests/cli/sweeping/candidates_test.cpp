#include "cli/sweeping/candidates.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "cli/options/model_flags.h"
#include "cli/sweeping/sweep_plan.h"
#include "train/train_config.h"

namespace elastic::cli {
namespace candidates_test {

struct Options {
  ModelConfig model;
  train::TrainConfig train;
  std::int64_t min_item_events = 5;
  OptionTable table;

  Options() {
    table.begin_group("Data");
    table.add("min_item_events", &min_item_events, "").within(Range{});
    declare_model(table, model);
    table.begin_group("Training");
    table.add_all(train);
  }
  Candidates candidates() {
    return {table, [this] {
              check(model);
              train::check(train);
            }};
  }
};

std::vector<std::string> words(const std::vector<Candidate>& all) {
  std::vector<std::string> texts;
  for (const Candidate& one : all) {
    texts.push_back(words_of(one.settings));
  }
  return texts;
}

TEST_CASE("candidates: values are those of the options, equal ones occur once") {
  Options options;
  const auto all =
      options.candidates().grid(parse_space({"learning_rate=1e-3,0.001,0.01", "dim=64"}));
  CHECK(words(all) ==
        std::vector<std::string>{"learning_rate 0.001, dim 64", "learning_rate 0.01, dim 64"});
  CHECK(all[0].epochs == 100);
  CHECK(all[0].resumable);
  CHECK(options.train == train::TrainConfig{});  // the table keeps its values
  CHECK_FALSE(options.candidates().grid(parse_space({"schedule=cosine"}))[0].resumable);
}

TEST_CASE("candidates: a model without the option is trained once") {
  Options options;
  CHECK(
      words(options.candidates().grid(parse_space({"model=softmax,elastic", "num_experts=4,8"}))) ==
      std::vector<std::string>{
          "model softmax", "model elastic, num_experts 4", "model elastic, num_experts 8"});
}

TEST_CASE("candidates: a random search has the asked number of different ones, if there are") {
  Options options;
  auto candidates = options.candidates();
  CHECK(candidates.random(parse_space({"dropout=uniform:0:0.5"}), 1, 12).size() == 12);
  CHECK(candidates.random(parse_space({"num_layers=int:1:3"}), 1, 12).size() == 3);
  const auto few = words(candidates.random(parse_space({"dropout=uniform:0:0.5"}), 1, 3));
  const auto more = words(candidates.random(parse_space({"dropout=uniform:0:0.5"}), 1, 6));
  CHECK(few == std::vector<std::string>(more.begin(), more.begin() + 3));
}

TEST_CASE("candidates: names and values are refused with the nearest") {
  Options options;
  auto candidates = options.candidates();
  CHECK_THROWS_WITH_AS(
      candidates.check_space(parse_space({"learnin_rate=1"})),
      doctest::Contains("--set learnin_rate: unknown option; did you mean learning_rate?"),
      UsageError);
  CHECK_THROWS_WITH_AS(
      candidates.check_space(parse_space({"seed=1"})), doctest::Contains("--seeds"), UsageError);
  CHECK_THROWS_WITH_AS(candidates.check_space(parse_space({"min_item_events=1"})),
                       doctest::Contains("would not be comparable"),
                       UsageError);
  CHECK_THROWS_WITH_AS(candidates.make({{"schedule", "cosin"}}),
                       doctest::Contains("did you mean cosine?"),
                       UsageError);
  CHECK_THROWS_WITH_AS(
      candidates.make({{"dim", "x"}}), "--set dim: expected an integer, got \"x\"", UsageError);
  CHECK_THROWS_WITH_AS(candidates.make({{"weight_decay", "0.1"}}),
                       doctest::Contains("(--set weight_decay=0.1)"),
                       UsageError);
  CHECK(options.train == train::TrainConfig{});
}

TEST_CASE("trial names: safe for file systems, different for different trials") {
  CHECK(trial_name({{"dim", 64}, {"learning_rate", 0.001}}, 0, 1) ==
        "dim=64_learning-rate=0.001_seed=1");
  CHECK(trial_name({{"dim", 64}}, 12, 3) == "dim=64_epochs=12_seed=3");
  const std::string odd = trial_name({{"a", "x/y"}}, 0, 1);
  CHECK(odd.starts_with("a=x-y_seed=1_"));
  CHECK(odd != trial_name({{"a", "x-y"}}, 0, 1));
  CHECK(odd != trial_name({{"a", "x:y"}}, 0, 1));
  const std::string text(300, 'x');
  CHECK(trial_name({{"a", text}}, 0, 1).size() == 200);
  CHECK(trial_name({{"a", text}}, 0, 1) != trial_name({{"a", text}}, 0, 2));
}

TEST_CASE("sweep plans: the same or a larger plan continues a sweep, another one does not") {
  SweepPlan plan;
  plan.search = Search::kGrid;
  plan.sets = {"dim=64,128", "dropout=0"};
  plan.seeds = {1, 2};
  plan.options = {{"learning_rate", 0.001}};
  plan.data_hash = "x";
  const nlohmann::ordered_json before = to_json(plan);
  CHECK_NOTHROW(check_continues("out", before, plan));
  const auto with = [&plan](auto change) {
    SweepPlan changed = plan;
    change(changed);
    return changed;
  };
  CHECK_NOTHROW(check_continues("out", before, with([](auto& p) { p.seeds = {2, 1, 3}; })));
  CHECK_NOTHROW(check_continues("out", before, with([](auto& p) { p.sets[0] = "dim=32-256*2"; })));
  const auto refuse = [&](auto change, const char* option) {
    CHECK_THROWS_WITH_AS(
        check_continues("out", before, with(change)), doctest::Contains(option), UsageError);
  };
  refuse([](auto& p) { p.seeds = {1}; }, "--seeds 1,2, not 1");
  refuse([](auto& p) { p.sets[0] = "dim=64,256"; }, "--set dim=64,128, not dim=64,256");
  refuse([](auto& p) { p.sets.pop_back(); }, "--set dropout=0");
  refuse([](auto& p) { p.sets.emplace_back("num_layers=1"); }, "--set");
  refuse([](auto& p) { p.search = Search::kRandom; }, "--search grid, not random");
  refuse([](auto& p) { p.options["learning_rate"] = 0.01; }, "--learning-rate 0.001, not 0.01");
  CHECK_THROWS_AS(check_continues("out", before, with([](auto& p) { p.data_hash = "y"; })),
                  CheckpointError);
  CHECK_THROWS_AS(check_continues("out", {{"format", 1}}, plan), CheckpointError);
}

TEST_CASE("sweep plans: a random search may grow, a halving may not") {
  SweepPlan plan;
  plan.search = Search::kRandom;
  plan.sets = {"dropout=uniform:0:0.5"};
  plan.seeds = {1};
  plan.trials = 4;
  plan.options = nlohmann::ordered_json::object();
  nlohmann::ordered_json before = to_json(plan);
  plan.trials = 6;
  CHECK_NOTHROW(check_continues("out", before, plan));
  plan.trials = 3;
  CHECK_THROWS_AS(check_continues("out", before, plan), UsageError);
  plan.search = Search::kHalving;
  before = to_json(plan);
  plan.trials = 6;
  CHECK_THROWS_AS(check_continues("out", before, plan), UsageError);
}

TEST_CASE("sweep plans: seeds are different whole numbers") {
  CHECK(parse_seeds("1,2,30") == std::vector<std::int64_t>{1, 2, 30});
  for (const char* text : {"", "1,", "a", "-1", "1.5", "1,1"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_seeds(text), UsageError);
  }
}

}  // namespace candidates_test
}  // namespace elastic::cli
