#include "train/trainer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <numbers>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "error_message.h"
#include "eval/evaluator.h"
#include "eval/repeats.h"
#include "kernel_probe.h"
#include "run_bits.h"
#include "tensor/kernels/adam.h"
#include "tensor/threads.h"
#include "tiny_run.h"
#include "train/saved_model.h"

using namespace elastic;
using namespace elastic::train;
namespace fs = std::filesystem;

namespace {

std::vector<std::vector<float>> weights_of(const Model& model) {
  std::vector<std::vector<float>> result;
  for (const Parameter& parameter : model.parameters().all()) {
    result.push_back(parameter.variable.value().to_vector<float>());
  }
  return result;
}

bool contains(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CAPTURE(part);
  const bool found = text.find(part) != std::string::npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("trainer: a run saves its best model, state and metrics") {
  const TemporaryFolder folder;
  TinyRun run;
  std::vector<EpochReport> epochs;
  std::vector<EvaluationReport> evaluations;
  std::vector<Progress> reports;
  run.report_every_s = 0.0;
  run.observer.epoch = [&](const EpochReport& report) { epochs.push_back(report); };
  run.observer.evaluation = [&](const EvaluationReport& report) { evaluations.push_back(report); };
  run.observer.progress = [&](const Progress& report) { reports.push_back(report); };
  const TrainResult result = run.train(folder.file("run"));

  CHECK(result.status == Status::kFinished);
  CHECK(result.num_epochs == 3);
  REQUIRE(epochs.size() == 3);
  REQUIRE(evaluations.size() == 3);
  CHECK(epochs[2].loss < epochs[0].loss);
  CHECK(result.num_steps == epochs[0].num_steps + epochs[1].num_steps + epochs[2].num_steps);
  CHECK(static_cast<std::int64_t>(reports.size()) == result.num_steps);
  CHECK(reports.back().step == reports.back().steps_per_epoch);
  CHECK(reports.back().epoch_eta_s == 0.0);
  CHECK(reports.front().run_eta_s > reports.front().epoch_eta_s);
  CHECK(reports.back().memory.current_of(Memory::kOptimizer) > 0);
  CHECK(evaluations[0].best);
  CHECK(fs::exists(folder.file("run/checkpoints/latest.safetensors")));

  const auto lines = timeless_metrics(folder.file("run"));
  REQUIRE(lines.size() == 6);
  contains(lines[0], "{\"event\":\"epoch\",\"epoch\":1,");
  contains(lines[5], "{\"event\":\"evaluation\",\"epoch\":3,");
  contains(lines[5], "\"NDCG@10\":");
  std::int64_t steps = 0;
  std::int64_t tokens = 0;
  std::int64_t targets = 0;
  for (std::size_t i = 0; i < epochs.size(); ++i) {
    steps += epochs[i].num_steps;
    tokens += epochs[i].num_tokens;
    targets += epochs[i].num_targets;
    const auto line = nlohmann::json::parse(lines[2 * i]);
    CHECK(line["epoch_steps"] == epochs[i].num_steps);
    CHECK(line["epoch_examples"] == line["examples"]);
    CHECK(line["epoch_tokens"] == line["tokens"]);
    CHECK(line["epoch_targets"] == epochs[i].num_targets);
    for (const auto& event : {line, nlohmann::json::parse(lines[2 * i + 1])}) {
      CHECK(event["total_steps"] == steps);
      CHECK(event["total_tokens"] == tokens);
      CHECK(event["total_targets"] == targets);
    }
  }
  CHECK(targets > 0);

  const SavedModel saved = read_model(folder.file("run/model.safetensors"));
  CHECK(saved.info.epoch == result.best_epoch);
  CHECK(saved.info.metric == "NDCG@10");
  CHECK(saved.info.metric_value == result.best_metric);
  CHECK(saved.info.data_hash == "tiny");
  CHECK(saved.model->config() == run.model->config());
  if (result.best_epoch == 3) {
    CHECK(weights_of(*saved.model) == weights_of(*run.model));
  }
}

TEST_CASE("trainer: an interrupted and resumed run equals the uninterrupted one, bit for bit") {
  for (const char* model : {"softmax", "elastic", "routing"}) {  // the last model has buffers
    for (const char* cuts : {"all", "2"}) {
      CAPTURE(model);
      CAPTURE(cuts);
      const TemporaryFolder folder;
      TinyRun run;
      run.model_config = tiny_model_config(model);
      run.config.targets.cuts = Cuts::parse(cuts, "cuts");
      run.config.optimizer.schedule = Schedule::kCosine;
      run.config.optimizer.clip_norm = 1.0;
      std::vector<std::int64_t> steps;  // of each epoch
      run.observer.epoch = [&](const EpochReport& report) { steps.push_back(report.num_steps); };
      const TrainResult whole = run.train(folder.file("whole"));
      const auto weights = weights_of(*run.model);
      REQUIRE(steps.size() == 3);
      REQUIRE(steps[1] >= 4);
      // Interrupted twice each: within the first epoch, at its end, within the second.
      for (const std::int64_t stop :
           {std::int64_t{1}, steps[0], steps[0] + 2, steps[0] + steps[1]}) {
        CAPTURE(stop);
        const std::string path = folder.file("parts" + std::to_string(stop));
        TinyRun part;
        part.model_config = run.model_config;
        part.config = run.config;
        part.report_every_s = 0.0;  // the times of reading losses must not matter
        part.stop_after = stop;
        CHECK(part.train(path).status == Status::kStopped);
        part.stop_after = stop + 1;
        CHECK(part.train(path, /*resume=*/true).status == Status::kStopped);
        part.stop_after = 0;
        const TrainResult result = part.train(path, /*resume=*/true);
        CHECK(result.status == Status::kFinished);
        CHECK(result.num_steps == whole.num_steps);
        CHECK(result.best_metric == whole.best_metric);
        CHECK(weights_of(*part.model) == weights);
        check_same(path, folder.file("whole"));
      }
    }
  }
}

TEST_CASE("trainer: resuming a finished run changes nothing; more epochs continue it") {
  const TemporaryFolder folder;
  TinyRun run;
  run.train(folder.file("a"));
  const std::string before = bytes_of(folder.file("a/metrics.jsonl"));
  CHECK(run.train(folder.file("a"), /*resume=*/true).num_epochs == 3);
  CHECK(bytes_of(folder.file("a/metrics.jsonl")) == before);

  run.config.epochs = 5;
  run.train(folder.file("a"), /*resume=*/true);
  run.train(folder.file("b"));
  check_same(folder.file("a"), folder.file("b"));
}

TEST_CASE("trainer: one thread and two give the same weights, bit for bit") {
  for (const char* model : {"softmax", "elastic"}) {
    CAPTURE(model);
    std::vector<std::vector<std::vector<float>>> weights;
    for (const std::int64_t threads : {1, 2}) {
      const TemporaryFolder folder;
      TinyRun run;
      run.model_config = tiny_model_config(model);
      run.model_config.dim = 64;
      run.config.threads = threads;
      run.config.batch_size = 64;
      run.config.epochs = 100;
      run.stop_after = 20;
      CHECK(run.train(folder.file("run")).num_steps == 20);
      CHECK(num_threads() == threads);
      weights.push_back(weights_of(*run.model));
    }
    CHECK(weights[0] == weights[1]);
  }
}

TEST_CASE("trainer: a tiny data set is learned to a hit rate of 1") {
  for (const char* model : {"softmax", "elastic"}) {
    CAPTURE(model);
    const TemporaryFolder folder;
    TinyRun run;
    run.model_config = tiny_model_config(model);
    run.model_config.dropout = 0.0;
    run.split = tiny_split(/*shortest=*/10);
    run.config.epochs = 60;
    run.config.limits.patience = 60;
    double best_hit_at_1 = 0.0;
    run.observer.evaluation = [&](const EvaluationReport& report) {
      best_hit_at_1 = std::max(best_hit_at_1, eval::value_of(report.metrics, "HR@1"));
    };
    run.train(folder.file("run"));
    CHECK(best_hit_at_1 == 1.0);
  }
}

TEST_CASE("trainer: a loss that is not finite stops the run, and saved files stay") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  TinyRun run;
  run.config.epochs = 1;
  const TrainResult first = run.train(path);
  const std::string checkpoint = bytes_of(path + "/checkpoints/latest.safetensors");
  const std::string model = bytes_of(path + "/model.safetensors");

  run.config.epochs = 2;
  run.observer.step = [&](std::int64_t step) {
    if (step == first.num_steps + 1) {
      Tensor bias = run.model->parameters().find("final_norm.bias").value();
      fill(bias, std::numeric_limits<double>::quiet_NaN());
    }
  };
  const std::string message =
      error_message<NotANumberError>([&] { run.train(path, /*resume=*/true); });
  contains(message, "is not finite at step " + std::to_string(first.num_steps + 2) + ";");
  const bool same_checkpoint = bytes_of(path + "/checkpoints/latest.safetensors") == checkpoint;
  const bool same_model = bytes_of(path + "/model.safetensors") == model;
  CHECK(same_checkpoint);
  CHECK(same_model);

  run.observer.step = nullptr;
  CHECK(run.train(path, /*resume=*/true).num_epochs == 2);
}

TEST_CASE("trainer: training stops when the metric stops improving, and keeps the best epoch") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 100;
  run.config.limits.patience = 2;
  run.config.optimizer.learning_rate =
      1e-12;  // weights hardly change, so the first evaluation stays the best
  const TrainResult result = run.train(folder.file("run"));
  CHECK(result.status == Status::kEarlyStopped);
  CHECK(result.num_epochs == 3);
  CHECK(result.best_epoch == 1);
  CHECK(run.train(folder.file("run"), /*resume=*/true).status == Status::kEarlyStopped);
}

TEST_CASE("trainer: without patience training goes on to the last epoch") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 4;
  run.config.limits.patience = 0;
  run.config.optimizer.learning_rate = 1e-12;
  const TrainResult result = run.train(folder.file("run"));
  CHECK(result.status == Status::kFinished);
  CHECK(result.num_epochs == 4);
  CHECK(result.best_epoch == 1);
}

TEST_CASE("trainer: the metric of choice selects the epoch") {
  for (const char* metric : {"NDCG@10", "HR@1", "MRR@50"}) {
    CAPTURE(metric);
    const TemporaryFolder folder;
    TinyRun run;
    run.config.epochs = 6;
    run.config.limits.stop_metric = metric;
    std::vector<double> values;
    run.observer.evaluation = [&](const EvaluationReport& report) {
      CHECK(report.metric == metric);
      values.push_back(eval::value_of(report.metrics, metric));
    };
    const TrainResult result = run.train(folder.file("run"));
    const auto best = std::max_element(values.begin(), values.end());
    CHECK(result.best_metric == *best);
    CHECK(result.best_epoch == 1 + (best - values.begin()));
    const SavedModelInfo info = read_model_info(folder.file("run/model.safetensors"));
    CHECK(info.metric == metric);
    CHECK(info.metric_value == *best);
  }
}

TEST_CASE("trainer: a better epoch gives the run its whole patience again") {
  const TemporaryFolder folder;
  TinyRun learned;
  learned.config.epochs = 8;
  learned.train(folder.file("learned"));
  TinyRun run;
  run.config.epochs = 100;
  run.config.limits.patience = 2;
  run.config.optimizer.learning_rate = 1e-12;
  run.observer.epoch = [&](const EpochReport& report) {
    if (report.epoch == 3) {  // the evaluation that follows is better than the first
      for (const Parameter& parameter : learned.model->parameters().all()) {
        copy(parameter.variable.value(),
             run.model->parameters().find(parameter.name).mutable_value());
      }
    }
  };
  const TrainResult result = run.train(folder.file("run"));
  CHECK(result.status == Status::kEarlyStopped);
  CHECK(result.best_epoch == 3);
  CHECK(result.num_epochs == 5);
}

TEST_CASE("trainer: each step has the learning rate of the schedule, also after a resume") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 3;
  run.config.optimizer.warmup_steps = 4;
  run.config.optimizer.schedule = Schedule::kCosine;
  std::vector<double> applied;
  const KernelProbe<kernels::AdamStep> probe(
      [&](const kernels::AdamStep& step) { applied.push_back(step.options.learning_rate); });
  std::vector<double> expected;
  run.report_every_s = 0.0;  // a report for each step
  run.observer.progress = [&](const Progress& report) {
    const double in_epoch =
        static_cast<double>(report.step - 1) / static_cast<double>(report.steps_per_epoch);
    const double done = (static_cast<double>(report.epoch - 1) + in_epoch) / 3.0;
    const double warm = std::min(1.0, static_cast<double>(applied.size()) / 4.0);
    expected.push_back(1e-2 * warm * 0.5 * (1.0 + std::cos(std::numbers::pi * done)));
    CHECK(report.learning_rate == applied.back());
  };
  run.observer.epoch = [&](const EpochReport& report) {
    CHECK(report.learning_rate == applied.back());
  };
  run.stop_after = 2;
  run.train(folder.file("run"));
  run.stop_after = 0;
  const TrainResult result = run.train(folder.file("run"), /*resume=*/true);
  REQUIRE(result.num_steps == static_cast<std::int64_t>(applied.size()));
  REQUIRE(expected.size() == applied.size());
  for (std::size_t i = 0; i < applied.size(); ++i) {
    CHECK(applied[i] == doctest::Approx(expected[i]).epsilon(1e-12));
  }
}

TEST_CASE("trainer: the loss of an epoch is the mean of its own steps, also after a resume") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.targets.supervision = SupervisionChoice::kLast;
  run.report_every_s = 0.0;
  std::vector<double> losses;  // of the steps of the epoch
  std::int64_t epochs = 0;
  run.observer.progress = [&](const Progress& report) { losses.push_back(report.loss); };
  run.observer.epoch = [&](const EpochReport& report) {
    ++epochs;
    CHECK(report.num_targets == report.num_examples);  // one target each
    REQUIRE(static_cast<std::int64_t>(losses.size()) == report.num_steps);
    double sum = 0.0;
    for (std::size_t i = 0; i < losses.size(); ++i) {
      const std::int64_t before = static_cast<std::int64_t>(i) * run.config.batch_size;
      const std::int64_t size = std::min(run.config.batch_size, report.num_examples - before);
      sum += losses[i] * static_cast<double>(size);
    }
    CHECK(report.loss == doctest::Approx(sum / static_cast<double>(report.num_examples)));
    losses.clear();
  };
  run.stop_after = 2;
  run.train(folder.file("run"));
  run.stop_after = 0;
  run.train(folder.file("run"), /*resume=*/true);
  CHECK(epochs == run.config.epochs);
}

TEST_CASE("trainer: evaluations take place every eval_every epochs and at the end") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 5;
  run.config.limits.eval_every = 2;
  std::vector<std::int64_t> epochs;
  run.observer.evaluation = [&](const EvaluationReport& report) { epochs.push_back(report.epoch); };
  run.train(folder.file("run"));
  CHECK(epochs == std::vector<std::int64_t>{2, 4, 5});
}

TEST_CASE("trainer: at max_time_s it evaluates, saves and can be resumed") {
  const TemporaryFolder folder;
  TinyRun run;
  run.train(folder.file("whole"));
  run.config.limits.max_time_s = 1e-9;
  std::int64_t evaluations = 0;
  run.observer.evaluation = [&](const EvaluationReport&) { ++evaluations; };
  const TrainResult result = run.train(folder.file("parts"));
  CHECK(result.status == Status::kOutOfTime);
  CHECK(result.num_steps == 1);
  CHECK(result.best_epoch == 1);
  CHECK(evaluations == 1);
  CHECK(read_model(folder.file("parts/model.safetensors")).info.epoch == 1);
  run.config.limits.max_time_s = 0.0;
  CHECK(run.train(folder.file("parts"), /*resume=*/true).status == Status::kFinished);
  check_same(folder.file("parts"), folder.file("whole"));
}

TEST_CASE("trainer: at max_tokens it evaluates, saves and can be resumed") {
  const TemporaryFolder folder;
  TinyRun run;
  run.train(folder.file("whole"));
  std::vector<std::int64_t> tokens;
  for (const std::string& line : timeless_metrics(folder.file("whole"))) {
    tokens.push_back(nlohmann::json::parse(line)["tokens_read"].get<std::int64_t>());
  }
  const std::int64_t epoch = tokens.front();
  CHECK(epoch > 2);
  CHECK(tokens.back() == epoch * run.config.epochs);
  run.config.limits.max_tokens = epoch + 1;  // reached by the first step of the second epoch
  const TrainResult result = run.train(folder.file("parts"));
  CHECK(result.status == Status::kOutOfTokens);
  CHECK(result.num_epochs == 1);
  const auto last = nlohmann::json::parse(timeless_metrics(folder.file("parts")).back());
  CHECK(last["event"] == "evaluation");
  CHECK(last["epoch"] == 2);
  CHECK(last["tokens_read"] > epoch);
  CHECK(last["tokens_read"] < 2 * epoch);
  run.config.limits.max_tokens = 0;
  CHECK(run.train(folder.file("parts"), /*resume=*/true).status == Status::kFinished);
  check_same(folder.file("parts"), folder.file("whole"));
}

TEST_CASE("trainer: the reported rates do not include evaluations") {
  constexpr double kEvaluation_s = 0.5;
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 2;
  run.report_every_s = 0.0;  // a report for each step
  bool evaluated = false;
  double rate = 0.0;
  run.observer.evaluation = [&](const EvaluationReport&) {
    evaluated = true;
    std::this_thread::sleep_for(std::chrono::duration<double>(kEvaluation_s));
  };
  run.observer.progress = [&](const Progress& progress) {
    rate = evaluated && rate == 0.0 ? progress.examples_per_s : rate;
  };
  run.train(folder.file("run"));
  CHECK(rate > static_cast<double>(run.config.batch_size) / kEvaluation_s);
}

TEST_CASE("trainer: progress names the step, and its rates are those of the steps since the last") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 2;
  run.report_every_s = 0.0;
  std::int64_t steps = 0;
  std::int64_t epoch = 1;
  double examples = 0.0;
  double tokens = 0.0;
  run.observer.progress = [&](const Progress& progress) {
    CHECK(progress.epoch == epoch);
    CHECK(progress.num_epochs == 2);
    CHECK(progress.step == ++steps);
    CHECK(progress.examples_per_s > 0.0);
    // The times of the steps differ, but a step's rates are both over the same time.
    const double size = progress.step < progress.steps_per_epoch ? 7.0 : 0.0;
    if (size > 0.0) {
      examples += size;
      tokens += size * progress.tokens_per_s / progress.examples_per_s;
    }
  };
  run.observer.epoch = [&](const EpochReport& report) {
    CHECK(report.num_steps == steps);
    const double rest = static_cast<double>(report.num_examples) - examples;
    CHECK(rest > 0.0);
    CHECK(rest <= 7.0);
    const double rest_tokens = static_cast<double>(report.num_tokens) - tokens;
    CHECK(rest_tokens > 0.5);
    CHECK(rest_tokens < rest * 6.0 + 0.5);  // max_len
    CHECK(rest_tokens == doctest::Approx(std::round(rest_tokens)));
    steps = 0;
    ++epoch;
    examples = 0.0;
    tokens = 0.0;
  };
  run.train(folder.file("run"));
  CHECK(epoch == 3);
}

TEST_CASE("trainer: times of steps and evaluations add up to that of the run") {
  constexpr double kStep_s = 0.01;
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 2;
  run.observer.step = [&](std::int64_t) {
    std::this_thread::sleep_for(std::chrono::duration<double>(kStep_s));
  };
  double seconds = 0.0;
  run.observer.epoch = [&](const EpochReport& report) {
    CHECK(report.seconds > kStep_s * static_cast<double>(report.num_steps - 1));
    seconds += report.seconds;
  };
  run.observer.evaluation = [&](const EvaluationReport& report) {
    CHECK(report.seconds > 0.0);
    seconds += report.seconds;
  };
  CHECK(run.train(folder.file("run")).elapsed_s >= seconds);
  run.config.epochs = 3;  // the time of the first two is kept
  const TrainResult resumed = run.train(folder.file("run"), /*resume=*/true);
  CHECK(resumed.elapsed_s >= seconds);
}

TEST_CASE("trainer: evaluations follow the rules for seen items and repeated targets") {
  const data::Split split = tiny_split(12);  // most users go through all 12 items before
  const eval::TargetCounts targets = eval::count_targets(split, data::Subset::kValidation);
  REQUIRE(targets.repeated > 0);
  REQUIRE(targets.repeated < targets.all);
  const std::vector<eval::RankingRules> variants{{true, eval::Repeats::kCount},
                                                 {false, eval::Repeats::kCount},
                                                 {false, eval::Repeats::kMiss},
                                                 {false, eval::Repeats::kDrop},
                                                 {false, eval::Repeats::kOnly}};
  std::vector<nlohmann::json> events;
  for (const eval::RankingRules& rules : variants) {
    const TemporaryFolder folder;
    TinyRun run;
    run.split = split;
    run.rules = rules;
    run.config.epochs = 1;
    run.train(folder.file("run"));
    events.push_back(nlohmann::json::parse(timeless_metrics(folder.file("run")).back()));
    // The weights are those of the first epoch in every case.
    const eval::Ranking ranking =
        eval::rank_users(*run.model, split, data::Subset::kValidation, {.rules = rules});
    for (const eval::MetricValue& metric : eval::all_metrics(ranking.ranks)) {
      CHECK(events.back()[metric.name] == metric.value);
    }
    for (const eval::MetricValue& metric : eval::metrics_by_repeat(ranking)) {
      CHECK(events.back()[metric.name] == metric.value);
    }
    CHECK(events.back()["repeated_targets"] == targets.repeated);
  }
  CHECK(events[0]["MRR@50"] > events[1]["MRR@50"]);
  CHECK(events[2]["HR@10[repeated]"] == 0.0);
  CHECK(events[2]["HR@10[new]"] == events[1]["HR@10[new]"]);
  CHECK(events[3]["HR@10"] == events[1]["HR@10[new]"]);
  CHECK_FALSE(events[3].contains("HR@10[repeated]"));
  CHECK(events[4]["HR@10"] == events[1]["HR@10[repeated]"]);
  CHECK_FALSE(events[4].contains("HR@10[new]"));
}

TEST_CASE("trainer: evaluations report the use of experts for models with experts") {
  for (const char* model : {"elastic", "softmax"}) {
    const TemporaryFolder folder;
    TinyRun run;
    run.model_config = tiny_model_config(model);
    run.config.epochs = 1;
    run.train(folder.file("run"));
    const auto event = nlohmann::json::parse(timeless_metrics(folder.file("run")).back());
    REQUIRE(event["event"] == "evaluation");
    CHECK(event.contains("experts_used") == (std::string(model) == "elastic"));
    if (event.contains("experts_used")) {
      CHECK(event["experts_pool"] == 16);
      CHECK(event["experts_used"] >= 4);
      CHECK(event["experts_used"] <= 16);
      CHECK(event["expert_gate_top"] >= 0.25);
      CHECK(event["expert_gate_top"] <= 1.0);
    }
  }
}

TEST_CASE("trainer: max_tokens of one epoch trains one epoch") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.epochs = 1;
  run.train(folder.file("whole"));
  const auto event = nlohmann::json::parse(timeless_metrics(folder.file("whole")).front());
  run.config.epochs = 5;
  run.config.limits.max_tokens = event["tokens_read"].get<std::int64_t>();
  const TrainResult result = run.train(folder.file("limited"));
  CHECK(result.status == Status::kOutOfTokens);
  CHECK(result.num_epochs == 1);
  CHECK(timeless_metrics(folder.file("limited")) == timeless_metrics(folder.file("whole")));
}

TEST_CASE("trainer: a cosine schedule ends with the last epoch, so no more can follow") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  TinyRun run;
  run.config.optimizer.schedule = Schedule::kCosine;
  run.config.epochs = 2;
  run.train(path);
  run.config.epochs = 3;
  const std::string message =
      error_message<CheckpointError>([&] { run.train(path, /*resume=*/true); });
  contains(message, "epochs = 2, it cannot continue with 3 (the cosine schedule ends");
  contains(message, "--init-from");
}

TEST_CASE("trainer: a run is resumed only with its own options and data") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  TinyRun run;
  run.stop_after = 2;
  run.train(path);
  const auto refusal = [&](const std::function<void(TinyRun&)>& change) {
    TinyRun changed;
    change(changed);
    return error_message<CheckpointError>([&] { changed.train(path, /*resume=*/true); });
  };
  contains(refusal([](TinyRun& r) { r.config.optimizer.learning_rate = 0.5; }),
           "the run was started with learning_rate = 0.01, it cannot continue with 0.5;");
  contains(refusal([](TinyRun& r) { r.model_config.dim = 32; }), "started with dim = 16");
  contains(refusal([](TinyRun& r) { r.config.optimizer.schedule = Schedule::kCosine; }),
           "started with schedule = \"constant\"");
  contains(refusal([](TinyRun& r) { r.model_config.model = "elastic"; }), "model = \"softmax\"");
  contains(refusal([](TinyRun& r) { r.data_hash = "other"; }),
           "the run was started on other data (hash tiny, now other)");
  CHECK(refusal([](TinyRun& r) {
          r.config.limits.patience = 3;
          r.config.epochs = 2;
          r.config.threads = 2;
        }).empty());
  TinyRun other;
  other.config.seed = 3;
  other.train(folder.file("other"));
  fs::copy_file(folder.file("other/model.safetensors"),
                path + "/model.safetensors",
                fs::copy_options::overwrite_existing);
  contains(refusal([](TinyRun&) {}), "the run's checkpoint refers to epoch");
  fs::remove(path + "/model.safetensors");
  contains(refusal([](TinyRun&) {}), "model.safetensors: no such file");
}

TEST_CASE("trainer: with a cosine schedule, a run is resumed only with its own number of epochs") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.optimizer.schedule = Schedule::kCosine;
  run.stop_after = 2;
  run.train(folder.file("run"));
  run.stop_after = 0;
  run.config.epochs = 4;
  contains(error_message<CheckpointError>([&] { run.train(folder.file("run"), /*resume=*/true); }),
           "the run was started with epochs = 3, it cannot continue with 4");
  run.config.epochs = 3;
  run.config.limits.patience = 7;
  CHECK(run.train(folder.file("run"), /*resume=*/true).status == Status::kFinished);
}

TEST_CASE("trainer: supervision all is refused for a bidirectional model, with the reason") {
  const TemporaryFolder folder;
  TinyRun run;
  run.model_config = tiny_model_config("elastic");
  run.config.targets.supervision = SupervisionChoice::kAll;
  contains(error_message<UsageError>([&] { run.train(folder.file("run")); }),
           "--supervision: expected last or auto with --model elastic, got 'all': the model is "
           "bidirectional");
}

TEST_CASE("trainer: a causal model may be supervised at the last position only") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.targets.supervision = SupervisionChoice::kLast;
  run.config.epochs = 1;
  std::int64_t examples = 0;
  run.observer.epoch = [&](const EpochReport& report) { examples = report.num_examples; };
  run.train(folder.file("run"));
  std::int64_t expected = 0;
  for (std::int64_t user = 0; user < run.split.num_users(); ++user) {
    expected += static_cast<std::int64_t>(run.split.train_sequence(user).size()) - 1;
  }
  CHECK(examples == expected);
}

TEST_CASE("trainer: sub-keys and query network of elastic learn from the first step on") {
  const TemporaryFolder folder;
  TinyRun run;
  run.model_config = tiny_model_config("elastic");
  // Histories long enough for several groups at each level with attention: the gradient of
  // attention to one group is zero, or rounding.
  run.split = tiny_split(10);
  run.model_config.max_len = 8;
  run.config.targets.cuts.kind = Cuts::Kind::kLatest;
  run.stop_after = 1;
  run.train(folder.file("run"));
  const Safetensors state = read_safetensors(folder.file("run/checkpoints/latest.safetensors"));
  std::int64_t checked = 0;
  for (const NamedTensor& item : state.tensors) {
    if (item.name.starts_with("adam.second.imr.")) {
      CAPTURE(item.name);
      const std::vector<float> moment = item.tensor.to_vector<float>();
      CHECK(std::any_of(moment.begin(), moment.end(), [](float value) { return value > 0.0F; }));
      ++checked;
    }
  }
  CHECK(checked >= 5);
}
