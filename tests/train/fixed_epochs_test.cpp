// Trainings that validate nothing and keep the model of their last epoch.
#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "error_message.h"
#include "run_bits.h"
#include "tiny_run.h"
#include "train/run_directory.h"

namespace elastic::train::fixed_epochs_test {
namespace {

TinyRun run_of(std::int64_t epochs) {
  TinyRun run;
  run.split = tiny_split().refitted(data::Refit::kValidation);
  run.fixed = FixedEpochs{epochs, "NDCG@10 of the search", 0.25};
  return run;
}

}  // namespace

TEST_CASE("fixed epochs: the last model is kept, without evaluations") {
  const TemporaryFolder folder;
  TinyRun run = run_of(2);
  const TrainResult result = run.train(folder.file("run"));
  CHECK(result.status == Status::kFinished);
  CHECK(result.num_epochs == 2);
  CHECK(result.best_epoch == 2);
  CHECK(timeless_metrics(folder.file("run")).size() == 2);
  const SavedModel saved = read_model(folder.file("run/model.safetensors"));
  CHECK(saved.info.epoch == 2);
  CHECK(saved.info.metric == "NDCG@10 of the search");
  CHECK(saved.info.metric_value == 0.25);
  CHECK(saved.info.refit == "validation");
  for (const Parameter& parameter : saved.model->parameters().all()) {
    CAPTURE(parameter.name);
    CHECK(parameter.variable.value().to_vector<float>() ==
          run.model->parameters().find(parameter.name).value().to_vector<float>());
  }
}

TEST_CASE("fixed epochs: no validation event is needed") {
  const TemporaryFolder folder;
  TinyRun run = run_of(1);
  run.train(folder.file("run"));
  run.fixed.reset();
  CHECK(error_message<DataError>([&] {
          run.train(folder.file("other"));
        }).find("no user has a validation event") != std::string::npos);
}

TEST_CASE("fixed epochs: the learning rate follows the schedule of the config's epochs") {
  const TemporaryFolder folder;
  TinyRun whole;
  whole.config.optimizer.schedule = Schedule::kCosine;
  whole.split = tiny_split();
  std::vector<double> rates;
  whole.observer.epoch = [&](const EpochReport& report) { rates.push_back(report.learning_rate); };
  whole.train(folder.file("whole"));
  whole.fixed = FixedEpochs{2, "", 0.0};
  std::vector<double> fixed_rates;
  whole.observer.epoch = [&](const EpochReport& report) {
    fixed_rates.push_back(report.learning_rate);
  };
  whole.train(folder.file("fixed"));
  rates.resize(2);
  CHECK(fixed_rates == rates);
}

TEST_CASE("fixed epochs: a killed run resumes to the same bits") {
  const TemporaryFolder folder;
  TinyRun run = run_of(2);
  const TrainResult whole = run.train(folder.file("whole"));
  for (std::int64_t last = 1; last <= whole.num_steps; ++last) {
    CAPTURE(last);
    TinyRun killed = run_of(2);
    killed.config.limits.save_every_s = 0.0;
    killed.observer.step = [&](std::int64_t step) {
      if (step == last) {
        throw std::runtime_error("killed");
      }
    };
    const std::string path = folder.file("parts" + std::to_string(last));
    CHECK_THROWS_AS(killed.train(path), std::runtime_error);
    killed.observer.step = nullptr;
    killed.train(path, /*resume=*/true);
    check_same(path, folder.file("whole"));
  }
}

TEST_CASE("fixed epochs: out of time, the model so far is kept, and a resumed run goes on") {
  const TemporaryFolder folder;
  TinyRun run = run_of(2);
  run.train(folder.file("whole"));
  run.config.limits.max_time_s = 1e-9;
  CHECK(run.train(folder.file("parts")).status == Status::kOutOfTime);
  CHECK(read_model(folder.file("parts/model.safetensors")).info.epoch == 1);
  run.config.limits.max_time_s = 0.0;
  CHECK(run.train(folder.file("parts"), /*resume=*/true).status == Status::kFinished);
  check_same(folder.file("parts"), folder.file("whole"));
}

TEST_CASE("fixed epochs: more epochs continue a finished run") {
  const TemporaryFolder folder;
  TinyRun run = run_of(3);
  run.train(folder.file("whole"));
  run.fixed->epochs = 2;
  run.train(folder.file("parts"));
  run.fixed->epochs = 3;
  run.train(folder.file("parts"), /*resume=*/true);
  check_same(folder.file("parts"), folder.file("whole"));
}

}  // namespace elastic::train::fixed_epochs_test
