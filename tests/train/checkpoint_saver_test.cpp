// Checkpoints that are written in the background.
#include "train/checkpoint_saver.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/json_document.h"
#include "error_message.h"
#include "run_bits.h"
#include "tensor/tensor_values.h"
#include "tiny_run.h"

namespace elastic::train {
namespace checkpoint_saver_test {
namespace {

constexpr std::int32_t kItems = 2000;

class InBackground {
 public:
  InBackground() { background_bytes = 0; }
  ~InBackground() { background_bytes = before_; }
  InBackground(const InBackground&) = delete;
  InBackground& operator=(const InBackground&) = delete;

 private:
  std::size_t before_ = background_bytes;
};

// The tiny data with items that no event names, so that a step changes a small part of the table.
data::Split wide_split() {
  const data::Split tiny = tiny_split();
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> items;
  data::IdMap users;
  data::IdMap item_ids;
  for (std::int64_t user = 0; user < tiny.num_users(); ++user) {
    for (const std::int32_t item : tiny.dataset().sequence(user)) {
      items.push_back(item);
    }
    offsets.push_back(std::ssize(items));
    users.add(tiny.dataset().user_id(user));
  }
  for (std::int32_t item = 1; item <= kItems; ++item) {
    item_ids.add("item " + std::to_string(item));
  }
  return data::Split(std::make_shared<const data::Dataset>(
      std::move(offsets), std::move(items), std::move(users), std::move(item_ids)));
}

TinyRun wide_run(LossKind loss = LossKind::kSampledSoftmax) {
  TinyRun run;
  run.split = wide_split();
  run.config.batch_size = 2;  // 12 steps an epoch, at whose end a save is waited for
  run.model_config.num_items = kItems;
  run.config.loss.kind = loss;
  run.config.loss.negatives = loss == LossKind::kSoftmax ? 0 : 6;
  run.config.loss.negative_sampling = NegativeSampling::kUniform;
  run.config.limits.save_every_s = 0.0;
  return run;
}

std::int64_t saved_steps(const std::string& run) {
  const auto metadata = read_safetensors_metadata(run + "/checkpoints/latest.safetensors");
  return data::parse_json(metadata.at("state"))["num_steps"].get<std::int64_t>();
}

TEST_CASE("background saves: runs stopped, killed and resumed have the bits of one without them") {
  if (!on_cpu()) {
    return;
  }
  for (const LossKind loss : {LossKind::kSampledSoftmax, LossKind::kSoftmax}) {
    const TemporaryFolder folder;
    const TrainResult whole = wide_run(loss).train(folder.file("whole"));
    const InBackground in_background;
    TinyRun run = wide_run(loss);
    run.train(folder.file("background"));
    check_same(folder.file("background"), folder.file("whole"));

    TinyRun parts = wide_run(loss);
    parts.stop_after = 3;
    CHECK(parts.train(folder.file("parts")).status == Status::kStopped);
    CHECK(saved_steps(folder.file("parts")) == 3);
    parts.stop_after = 0;
    parts.observer.step = [&](std::int64_t step) {
      if (step == whole.num_steps - 2) {
        throw std::runtime_error("killed");
      }
    };
    CHECK_THROWS_AS(parts.train(folder.file("parts"), /*resume=*/true), std::runtime_error);
    CHECK(saved_steps(folder.file("parts")) > 3);
    parts.observer.step = nullptr;
    parts.train(folder.file("parts"), /*resume=*/true);
    check_same(folder.file("parts"), folder.file("whole"));
  }
}

// The writer waits as long as no one opens the pipe in place of its file, and fails then.
class PipeInPlace {
 public:
  explicit PipeInPlace(const std::string& run)
      : path_(run + "/checkpoints/latest.safetensors." + std::to_string(::getpid()) + ".tmp") {
    REQUIRE(::mkfifo(path_.c_str(), 0600) == 0);
  }
  void release() const {
    const int pipe = ::open(path_.c_str(), O_RDONLY);
    std::array<char, 4096> piece{};
    while (::read(pipe, piece.data(), piece.size()) > 0) {
    }
    ::close(pipe);
  }

 private:
  std::string path_;
};

TEST_CASE("background saves: training goes on meanwhile, and ends if the file cannot be written") {
  if (!on_cpu()) {
    return;
  }
  const InBackground in_background;
  const TemporaryFolder folder;
  wide_run().train(folder.file("whole"));
  const std::string path = folder.file("parts");
  const std::string file = path + "/checkpoints/latest.safetensors";
  TinyRun run = wide_run();
  run.stop_after = 2;
  run.train(path);
  const std::string saved = bytes_of(file);

  constexpr std::int64_t kReleased = 7;
  std::unique_ptr<PipeInPlace> pipe;
  std::atomic<std::int64_t> latest = 0;
  std::int64_t at_release = 0;
  std::thread releasing;
  run.stop_after = 0;
  run.observer.step = [&](std::int64_t step) {
    latest = step;
    if (pipe == nullptr) {
      pipe = std::make_unique<PipeInPlace>(path);
      releasing = std::thread([&] {
        for (int waits = 0; waits < 1000 && latest < kReleased; ++waits) {
          std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        at_release = latest;
        pipe->release();
      });
    }
  };
  const std::string message = error_message<Error>([&] { run.train(path, /*resume=*/true); });
  releasing.join();
  CHECK(at_release >= kReleased);
  CAPTURE(message);
  CHECK(message.find(file + ": cannot be written") != std::string::npos);
  CHECK(bytes_of(file) == saved);
  run.observer.step = nullptr;
  run.train(path, /*resume=*/true);
  check_same(path, folder.file("whole"));
}

TEST_CASE("background saves: a request is answered once its state is on the disk") {
  if (!on_cpu()) {
    return;
  }
  const InBackground in_background;
  const TemporaryFolder folder;
  TinyRun run = wide_run();
  run.config.limits.save_every_s = 1e6;
  std::vector<std::int64_t> saved;
  std::atomic<bool> save_now = false;
  run.save_now = &save_now;
  run.observer.step = [&](std::int64_t step) { save_now = save_now || step == 2; };
  run.observer.saved = [&](std::int64_t step) {
    saved.push_back(step);
    CHECK(saved_steps(folder.file("run")) == step);
  };
  run.train(folder.file("run"));
  CHECK(saved == std::vector<std::int64_t>{2});
}

TEST_CASE("checkpoint saver: the file has the content of the moment when it was begun") {
  const InBackground in_background;
  const TemporaryFolder folder;
  CheckpointContent content;
  const auto add = [&](const char* name, std::int64_t rows, Changes changes) {
    const Tensor tensor({rows, 64}, DType::kFloat32, Device::kCpu);
    content.tensors.push_back({name, tensor});
    content.changes.push_back(changes);
    Tensor filled = tensor;
    fill(filled, static_cast<double>(content.tensors.size()));
  };
  add("table", 40000, Changes::kByItemUpdates);
  add("large weights", 80000, Changes::kByUpdates);
  add("weights", 500, Changes::kByUpdates);
  add("buffer", 500, Changes::kAnyTime);
  add("features", 500, Changes::kNever);
  write_safetensors(folder.file("expected"), content.tensors, {{"key", "value"}});
  content.metadata["key"] = "value";
  CheckpointSaver saver;
  saver.begin(folder.file("file"), content);
  CHECK(saver.in_progress());
  const Tensor rows = Tensor::from<std::int32_t>({39000, 39999}, {2});
  saver.before_update(&rows);
  for (std::size_t i = 0; i < content.tensors.size(); ++i) {
    if (content.changes[i] == Changes::kNever) {
      continue;
    }
    Tensor changed = content.tensors[i].tensor;
    if (content.changes[i] == Changes::kByItemUpdates) {
      changed = changed.slice(39000, 39001);
    }
    fill(changed, -1.0);
  }
  saver.before_update(nullptr);
  fill(content.tensors[0].tensor, -1.0);
  saver.finish();
  CHECK_FALSE(saver.in_progress());
  CHECK(bytes_of(folder.file("file")) == bytes_of(folder.file("expected")));
}

}  // namespace
}  // namespace checkpoint_saver_test
}  // namespace elastic::train
