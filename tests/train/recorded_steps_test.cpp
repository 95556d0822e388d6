#include "train/recorded_steps.h"

#include "tensor/tensor_values.h"
#include "tiny_run.h"
#include "tolerances.h"
#include "train/training_step.h"

namespace elastic::train::recorded_steps_test {
namespace {

constexpr std::int64_t kItems = 40;
// Enough steps for a warm-up, a recording and replays in each of two buckets.
const std::int64_t kSteps = test_is_brief() ? 6 : 12;

ModelConfig config_of(const std::string& model) {
  ModelConfig config = tiny_model_config(model);
  config.max_len = 70;
  config.num_items = kItems;
  if (model == "fuxi-linear") {
    config.position = PositionEmbedding::kNone;  // with positions it is not recordable
  }
  return config;
}

// Events of which the loss of a step leaves out some.
Tensor past_items() {
  return int_tensor(random_ids(30, 1, kItems, 9));
}

// Five sequences whose lengths differ from step to step; with `more`, in another bucket.
HostBatch batch_at(std::int64_t step, bool more) {
  HostBatch batch;
  for (std::int64_t i = 0; i < 5; ++i) {
    const std::int64_t length = (more ? 60 : 1) + (step * 7 + i * 3) % 10;
    const auto ids = random_ids(length, 1, kItems, static_cast<std::uint64_t>(100 * step + i));
    batch.ids.insert(batch.ids.end(), ids.begin(), ids.end());
    std::vector<std::int64_t> times;
    for (const std::int32_t id : ids) {
      times.push_back((times.empty() ? 0 : times.back()) + id * id * step);
    }
    batch.times.add({times, {}, times.back() + i}, times.size());
    batch.offsets.push_back(static_cast<std::int32_t>(batch.ids.size()));
  }
  batch.targets = random_ids(5, 1, kItems, static_cast<std::uint64_t>(step));
  for (std::int32_t i = 0; i < 5; ++i) {
    batch.past.begins.push_back(5 * i);
    batch.past.counts.push_back(static_cast<std::int32_t>((step + i) % 6));
  }
  return batch;
}

struct Trained {
  std::vector<double> losses;
  std::vector<std::vector<double>> parameters;
  std::int64_t recorded = 0;
};

// Trains with steps that alternate between two buckets, so both are warm before one is recorded.
Trained train(const std::string& name,
              DType dtype,
              bool record,
              TimeFeatures features = TimeFeatures::kNone) {
  ModelConfig model_config = config_of(name);
  model_config.time_features = features;
  const auto model = make_model(model_config, 3, dtype, test_device());
  TrainConfig config = tiny_train_config();
  config.optimizer.clip_norm = 1.0;
  Optimizer optimizer(model->parameters(), config);
  const Tensor items = past_items();
  RecordedSteps recorded(*model, optimizer, items);
  Trained result;
  for (std::int64_t step = 1; step <= kSteps; ++step) {
    const HostBatch batch = batch_at(step, step % 2 == 0);
    const ForwardMode mode{/*training=*/true, 5, static_cast<std::uint32_t>(step)};
    const double rate = 1e-3 / static_cast<double>(step);
    const Tensor loss = record ? recorded.run(batch, mode, rate)
                               : training_step(*model,
                                               optimizer,
                                               upload(batch, test_device(), items),
                                               Supervision::kLast,
                                               mode,
                                               rate);
    result.losses.push_back(to_doubles(loss)[0]);
  }
  optimizer.require_finite();
  CHECK(optimizer.num_steps() == kSteps);
  for (const Parameter& parameter : model->parameters().all()) {
    result.parameters.push_back(to_doubles(parameter.variable.value()));
  }
  result.recorded = recorded.num_recorded();
  return result;
}

TEST_CASE("training steps: a model without a window is not supervised by one") {
  const auto model = make_model(config_of("softmax"), 3, DType::kFloat32, test_device());
  const TrainBatch batch = upload(batch_at(1, false), test_device());
  CHECK(message_of([&] { supervised_pass(*model, batch, Supervision::kWindow, {}); }) ==
        "model softmax has no window");
}

TEST_CASE("recorded steps: give the results of plain steps for batches of varying lengths") {
  if (test_device() == Device::kCpu) {
    return;  // the CPU cannot record
  }
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    if (!make_model(config_of(name), 3, DType::kFloat32, test_device())->recordable()) {
      continue;
    }
    const Trained plain = train(name, DType::kFloat64, false);
    const Trained recorded = train(name, DType::kFloat64, true);
    CHECK(plain.recorded == 0);
    CHECK(recorded.recorded == 2);
    CHECK(relative_error(plain.losses, recorded.losses) < tolerance::kEqualLayer);
    for (std::size_t i = 0; i < plain.parameters.size(); ++i) {
      CAPTURE(i);
      CHECK(relative_error(plain.parameters[i], recorded.parameters[i]) < 1e-7);
    }
  }
}

TEST_CASE("recorded steps: each replay reads the times of its batch") {
  if (test_device() == Device::kCpu) {
    return;
  }
  const Trained plain = train("lda", DType::kFloat64, false, TimeFeatures::kAsked);
  const Trained recorded = train("lda", DType::kFloat64, true, TimeFeatures::kAsked);
  CHECK(recorded.recorded == 2);
  CHECK(relative_error(plain.losses, recorded.losses) < tolerance::kEqualLayer);
}

TEST_CASE("recorded steps: repeated runs give the same bits") {
  if (test_device() == Device::kCpu) {
    return;
  }
  const Trained once = train("elastic", DType::kFloat32, true);
  const Trained again = train("elastic", DType::kFloat32, true);
  CHECK(once.losses == again.losses);
  CHECK(once.parameters == again.parameters);
}

TEST_CASE("recorded steps: the trainer refuses unsuitable options") {
  TinyRun run;
  run.config.cuda_graphs = true;  // with a causal model, supervised at every position
  TemporaryFolder folder;
  CHECK_THROWS_AS(run.train(folder.file("run")), UsageError);
  run.model_config = tiny_model_config("elastic");
  run.model_config.retrieval.experts = ExpertChoice::kRandom;
  CHECK(message_of([&] { run.train(folder.file("random")); }).find("--retrieval learned") !=
        std::string::npos);
  run.model_config.retrieval.experts = ExpertChoice::kLearned;
  run.model_config.retrieval.query_norm = QueryNorm::kCentred;
  CHECK(message_of([&] { run.train(folder.file("centred")); }).find("--query-norm layer") !=
        std::string::npos);
}

TEST_CASE("recorded steps: the trainer refuses a model whose steps the host plans") {
  if (test_device() == Device::kCpu) {
    return;  // refused because of the device
  }
  TinyRun run;
  run.model_config = tiny_model_config("routing-bidirectional");
  run.config.cuda_graphs = true;
  TemporaryFolder folder;
  CHECK(
      message_of([&] { run.train(folder.file("run")); }) ==
      "--cuda-graphs: the steps of model routing-bidirectional cannot be recorded: the host plans "
      "them");
}

TEST_CASE("recorded steps: a run stopped and resumed ends with the same bits") {
  if (test_device() == Device::kCpu) {
    return;
  }
  const auto prepare = [](TinyRun& run) {
    run.model_config = tiny_model_config("elastic");
    run.config.cuda_graphs = true;
    run.config.epochs = 2;
    run.config.targets.cuts = Cuts::parse("latest", "cuts");
  };
  TemporaryFolder folder;
  TinyRun whole;
  prepare(whole);
  whole.train(folder.file("whole"));
  TinyRun parts;
  prepare(parts);
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

}  // namespace
}  // namespace elastic::train::recorded_steps_test
