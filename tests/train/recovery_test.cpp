// Recovery of a run: resuming from its checkpoint and best model, saves on demand, damage.
#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/error.h"
#include "run_bits.h"
#include "tiny_run.h"

using namespace elastic;
using namespace elastic::train;
namespace fs = std::filesystem;

TEST_CASE("trainer: a killed run resumes from its last checkpoint and ends with the same bits") {
  const TemporaryFolder folder;
  TinyRun run;
  const TrainResult whole = run.train(folder.file("whole"));
  TinyRun killed;
  killed.observer.step = [&](std::int64_t step) {
    if (step == whole.num_steps - 1) {
      throw std::runtime_error("killed");
    }
  };
  CHECK_THROWS_AS(killed.train(folder.file("parts")), std::runtime_error);
  killed.observer.step = nullptr;
  CHECK(killed.train(folder.file("parts"), /*resume=*/true).status == Status::kFinished);
  check_same(folder.file("parts"), folder.file("whole"));
}

TEST_CASE("trainer: a run killed before its first checkpoint starts over") {
  const TemporaryFolder folder;
  TinyRun run;
  run.train(folder.file("whole"));
  TinyRun killed;
  killed.observer.step = [](std::int64_t) { throw std::runtime_error("killed"); };
  CHECK_THROWS_AS(killed.train(folder.file("parts")), std::runtime_error);
  killed.observer.step = nullptr;
  killed.train(folder.file("parts"), /*resume=*/true);
  check_same(folder.file("parts"), folder.file("whole"));
}

TEST_CASE("trainer: a run resumed after time ran out has the best model of its checkpoint") {
  const TemporaryFolder folder;
  TinyRun run;
  run.config.optimizer.learning_rate = 1e-3;
  run.config.epochs = 2;
  run.train(folder.file("whole"));
  // A run stopped by max_tokens in the second epoch has saved a model of a later epoch than the
  // best one of its checkpoint. Resuming must not keep that model.
  const auto event = nlohmann::json::parse(timeless_metrics(folder.file("whole")).front());
  const std::string path = folder.file("parts");
  run.config.limits.max_tokens = event["tokens_read"].get<std::int64_t>();
  run.train(path);
  const std::string first = bytes_of(path + "/model.safetensors");
  run.config.limits.max_tokens += 1;
  TrainResult result;
  for (int step = 0; step < 100 && result.best_epoch != 2; ++step) {
    result = run.train(path, /*resume=*/true);
    run.config.limits.max_tokens += 7;  // until one of the evaluations is better
  }
  REQUIRE(result.best_epoch == 2);
  REQUIRE(result.status == Status::kOutOfTokens);
  CHECK(fs::exists(path + "/checkpoints/former-best.safetensors"));
  run.config.limits.max_tokens = 0;
  run.stop_after = result.num_steps + 1;
  CHECK(run.train(path, /*resume=*/true).best_epoch == 1);
  const bool is_first = bytes_of(path + "/model.safetensors") == first;
  CHECK(is_first);
  run.stop_after = 0;
  CHECK(run.train(path, /*resume=*/true).status == Status::kFinished);
  check_same(path, folder.file("whole"));
  CHECK_FALSE(fs::exists(path + "/checkpoints/former-best.safetensors"));
}

TEST_CASE("trainer: a run saves once per request and continues") {
  const TemporaryFolder folder;
  TinyRun run;
  std::vector<std::int64_t> saved;
  std::atomic<bool> save_now = false;
  run.save_now = &save_now;
  run.observer.step = [&](std::int64_t step) { save_now = save_now || step == 2; };
  run.observer.saved = [&](std::int64_t step) {
    saved.push_back(step);
    CHECK(fs::exists(folder.file("run/checkpoints/latest.safetensors")));
  };
  CHECK(run.train(folder.file("run")).status == Status::kFinished);
  CHECK(saved == std::vector<std::int64_t>{2});
}

TEST_CASE("trainer: a checkpoint with any damaged bit is refused") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  TinyRun run;
  run.stop_after = 1;
  run.train(path);
  const std::string file = path + "/checkpoints/latest.safetensors";
  const std::string whole = bytes_of(file);
  const std::size_t name =
      whole.find("checksum_xxh3");  // damage there hides the checksum and changes nothing
  REQUIRE(name != std::string::npos);
  for (std::size_t i = 0; i < 400; ++i) {
    const std::size_t place = i * (whole.size() - 1) / 399;
    if (place >= name && place < name + 13) {
      continue;
    }
    std::string damaged = whole;
    damaged[place] = static_cast<char>(damaged[place] ^ (1 << (i % 8)));
    std::ofstream(file, std::ios::binary) << damaged;
    CAPTURE(place);
    CHECK_THROWS_AS(read_safetensors(file), CheckpointError);
    CHECK_THROWS_AS(check_safetensors(file), CheckpointError);
  }
  std::ofstream(file, std::ios::binary) << whole.substr(0, whole.size() - 1);
  CHECK_THROWS_AS(run.train(path, /*resume=*/true), CheckpointError);
  std::ofstream(file, std::ios::binary) << whole;
  check_safetensors(file);
  run.stop_after = 0;
  CHECK(run.train(path, /*resume=*/true).status == Status::kFinished);
}

TEST_CASE("checkpoint: on the CPU it is loaded without a second copy of any tensor") {
  const TemporaryFolder folder;
  ModelConfig config = tiny_model_config("softmax");
  config.num_items = 4000;
  const TrainConfig options;
  const auto model = make_model(config, /*seed=*/1, DType::kFloat32, Device::kCpu);
  const auto other = make_model(config, /*seed=*/2, DType::kFloat32, Device::kCpu);
  Optimizer optimizer(model->parameters(), options);
  for (NamedTensor& moment : optimizer.state()) {
    fill(moment.tensor, 0.5);
  }
  const std::string path = folder.file("latest.safetensors");
  save_checkpoint(path, *model, optimizer, options, "data", {});
  Optimizer loaded(other->parameters(), options);
  CachingAllocator& allocator = backend_for(Device::kCpu).allocator();
  allocator.reset_peak();
  const std::size_t before = allocator.report().total_current;
  load_checkpoint(path, *other, loaded, options, "data");
  CHECK(allocator.report().total_peak - before < other->item_table().value().bytes());
  for (const Parameter& parameter : model->parameters().all()) {
    CHECK(parameter.variable.value().to_vector<float>() ==
          other->parameters().find(parameter.name).value().to_vector<float>());
  }
  CHECK(loaded.state().back().tensor.to_vector<float>().front() == 0.5F);
}
