// Training on data with times.
#include "error_message.h"
#include "tensor/tensor_values.h"
#include "tiny_run.h"

namespace elastic::train::timed_training_test {
namespace {

// 40 users with 12 events. The gap before an event, seconds or days, decides the step to the
// next item.
data::Split timed_split() {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> items;
  std::vector<std::int64_t> times;
  data::IdMap users;
  data::IdMap item_ids;
  for (std::int32_t item = 1; item <= kTinyItems; ++item) {
    item_ids.add("item " + std::to_string(item));
  }
  std::uint32_t noise = 1;
  for (std::int32_t user = 0; user < 40; ++user) {
    std::int32_t item = user;
    std::int64_t time = 1'000 * user;
    for (std::int32_t i = 0; i < 12; ++i) {
      noise = noise * 1664525U + 1013904223U;
      const bool soon = noise >> 31U != 0;
      time += soon ? 2 : 500'000;
      items.push_back(1 + item % kTinyItems);
      times.push_back(time);
      item += soon ? 1 : 5;
    }
    offsets.push_back(static_cast<std::int64_t>(items.size()));
    users.add("user " + std::to_string(user));
  }
  return data::Split(std::make_shared<const data::Dataset>(
      std::move(offsets), std::move(items), std::move(users), std::move(item_ids), times));
}

TinyRun timed_run(const std::string& model, TimeFeatures features) {
  TinyRun run;
  run.split = timed_split();
  run.model_config = tiny_model_config(model);
  run.model_config.time_features = features;
  run.model_config.dropout = 0.0;
  run.config.epochs = 10;
  run.config.limits.patience = 100;
  return run;
}

double last_loss(TinyRun& run) {
  double loss = 0.0;
  run.observer.epoch = [&](const EpochReport& report) { loss = report.loss; };
  const TemporaryFolder folder;
  run.train(folder.file("run"));
  return loss;
}

TEST_CASE("timed training: a model learns from gaps that it could not guess without") {
  for (const std::string model : {"softmax", "hstu", "fuxi-linear"}) {
    CAPTURE(model);
    TinyRun untimed = timed_run(model, TimeFeatures::kNone);
    TinyRun past = timed_run(model, TimeFeatures::kPast);
    if (model != "softmax") {  // times weigh events only, which takes longer to learn
      untimed.config.epochs = past.config.epochs = 60;
    }
    CHECK(last_loss(past) < last_loss(untimed) - 0.1);
  }
}

TEST_CASE("timed training: a run stopped and resumed ends with the same bits") {
  for (const std::string model : {"elastic-window", "hstu", "fuxi-linear"}) {
    CAPTURE(model);
    const TemporaryFolder folder;
    TinyRun whole = timed_run(model, TimeFeatures::kAsked);
    whole.config.epochs = 2;
    whole.train(folder.file("whole"));
    TinyRun parts = timed_run(model, TimeFeatures::kAsked);
    parts.config.epochs = 2;
    parts.stop_after = 3;
    parts.train(folder.file("parts"));
    parts.stop_after = 0;
    parts.train(folder.file("parts"), /*resume=*/true);
    for (const Parameter& parameter : whole.model->parameters().all()) {
      CAPTURE(parameter.name);
      CHECK(same_bits(parameter.variable.value(),
                      parts.model->parameters().find(parameter.name).value()));
    }
  }
}

TEST_CASE("timed training: a model that reads times refuses data without them") {
  TinyRun run = timed_run("softmax", TimeFeatures::kPast);
  run.split = tiny_split();
  const TemporaryFolder folder;
  CHECK(error_message<UsageError>([&] { run.train(folder.file("run")); }) ==
        "--time-features past: the log has no times; name their column with --time-column, or use "
        "--time-features none");
}

}  // namespace
}  // namespace elastic::train::timed_training_test
