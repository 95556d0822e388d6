// Whole runs with sampled losses.
#include "tensor/tensor_values.h"
#include "tiny_run.h"
#include "train/saved_model.h"

namespace elastic::train {
namespace {

TinyRun run_of(const std::string& loss, const std::string& model) {
  TinyRun run;
  run.model_config = tiny_model_config(model);
  run.model_config.window = 3;
  run.config.loss.kind = parse_choice<LossKind>(loss, "loss");
  run.config.loss.negatives = 6;
  run.config.loss.negative_sampling =
      loss == "gbce" ? NegativeSampling::kUniform : NegativeSampling::kPopularity;
  run.config.optimizer.clip_norm = 1.0;
  return run;
}

void check_same_parameters(const Model& a, const Model& b) {
  for (const Parameter& parameter : a.parameters().all()) {
    CAPTURE(parameter.name);
    CHECK(same_bits(parameter.variable.value(), b.parameters().find(parameter.name).value()));
  }
}

TEST_CASE("sampled training: a run stopped and resumed ends with the same bits") {
  for (const char* loss : {"sampled-softmax", "bce", "gbce"}) {
    for (const char* model : {"softmax", "elastic-window"}) {
      CAPTURE(loss);
      CAPTURE(model);
      TemporaryFolder folder;
      TinyRun whole = run_of(loss, model);
      const TrainResult want = whole.train(folder.file("whole"));
      TinyRun parts = run_of(loss, model);
      for (const std::int64_t stop : {std::int64_t{2}, std::int64_t{6}}) {
        parts.stop_after = stop;
        CHECK(parts.train(folder.file("parts"), /*resume=*/stop > 2).status == Status::kStopped);
      }
      parts.stop_after = 0;
      const TrainResult got = parts.train(folder.file("parts"), /*resume=*/true);
      CHECK(got.num_steps == want.num_steps);
      CHECK(got.best_metric == want.best_metric);
      check_same_parameters(*whole.model, *parts.model);
      CHECK(bytes_of(folder.file("parts/model.safetensors")) ==
            bytes_of(folder.file("whole/model.safetensors")));
    }
  }
}

TEST_CASE("sampled training: one thread and three give the same weights, bit for bit") {
  if (!on_cpu()) {
    return;
  }
  for (const char* loss : {"sampled-softmax", "gbce"}) {
    CAPTURE(loss);
    std::vector<std::unique_ptr<Model>> models;
    for (const std::int64_t threads : {1, 3}) {
      TemporaryFolder folder;
      TinyRun run = run_of(loss, "softmax");
      run.model_config.dim = 128;
      run.model_config.max_len = 12;
      run.config.threads = threads;
      run.config.batch_size = 64;
      run.config.epochs = 30;
      run.stop_after = 10;
      run.train(folder.file("run"));
      models.push_back(std::move(run.model));
    }
    check_same_parameters(*models[0], *models[1]);
  }
}

TEST_CASE("sampled training: a run is not resumed with another loss or number of negatives") {
  TemporaryFolder folder;
  TinyRun run = run_of("bce", "softmax");
  run.train(folder.file("run"));
  run.config.loss.negatives = 7;
  CHECK(message_of([&] {
          run.train(folder.file("run"), /*resume=*/true);
        }).find("the run was started with negatives = 6, it cannot continue with 7") !=
        std::string::npos);
}

TEST_CASE("sampled training: metrics and the saved model name the loss") {
  for (const char* loss : {"softmax", "bce"}) {
    CAPTURE(loss);
    TemporaryFolder folder;
    TinyRun run = run_of("bce", "softmax");
    if (loss == std::string("softmax")) {
      run = TinyRun{};
    }
    run.train(folder.file("run"));
    CHECK(bytes_of(folder.file("run/metrics.jsonl"))
              .find(concat("\"loss_function\":\"", loss, "\"")) != std::string::npos);
    CHECK(read_model(folder.file("run/model.safetensors")).info.loss == loss);
  }
}

TEST_CASE("sampled training: every loss learns a tiny data set") {
  for (const char* loss : {"sampled-softmax", "bce", "gbce"}) {
    CAPTURE(loss);
    TemporaryFolder folder;
    TinyRun run = run_of(loss, "softmax");
    run.model_config.dropout = 0.0;
    run.config.epochs = 60;
    run.config.limits.patience = 60;
    double best_hit_at_1 = 0.0;
    run.observer.evaluation = [&](const EvaluationReport& report) {
      best_hit_at_1 = std::max(best_hit_at_1, eval::value_of(report.metrics, "HR@1"));
    };
    run.train(folder.file("run"));
    CHECK(best_hit_at_1 > 0.5);  // about four of twelve items are left to rank
  }
}

}  // namespace
}  // namespace elastic::train
