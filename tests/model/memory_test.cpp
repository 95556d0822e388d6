// The memory of a training step.
#include <numeric>

#include "model/model_fixture.h"

namespace elastic {
namespace {

CachingAllocator& allocator() {
  return test_backend().allocator();
}

// The report of one training step on one sequence of `tokens` events, with the use before it.
struct Step {
  MemoryReport before;
  MemoryReport after;
  [[nodiscard]] std::size_t peak_of(Memory kind) const {
    return after.peak_of(kind) - before.current_of(kind);
  }
};

Step training_step(const ModelConfig& config, std::int64_t tokens, Model& model) {
  const data::Batch batch =
      batch_of({random_ids(tokens, 1, static_cast<std::int32_t>(config.num_items), 1)});
  const Threads one(1);
  allocator().reset_peak();
  Step step{allocator().report(), {}};
  backward(training_loss(model, batch, {true, 1, 1}));
  step.after = allocator().report();
  for (const Parameter& parameter : model.parameters().all()) {
    parameter.variable.clear_grad();
  }
  return step;
}

// In addition to its tokens, a sequence holds its experts and the short levels of the query
// network: a constant of some tens of kilobytes, which cancels in the differences.
TEST_CASE("memory: elastic's activations grow linearly with the sequence") {
  const auto activation_peak = [](std::int64_t tokens) {
    ModelConfig config = small_config("elastic");
    config.dim = 64;
    config.max_len = tokens;
    const auto model = new_model(config);
    return static_cast<double>(training_step(config, tokens, *model).peak_of(Memory::kActivation));
  };
  const double short_peak = activation_peak(1024);
  const double middle_peak = activation_peak(4096);
  const double long_peak = activation_peak(16384);
  const double per_token = (middle_peak - short_peak) / (4096 - 1024);
  CAPTURE(short_peak);
  CAPTURE(per_token);
  CHECK((long_peak - middle_peak) / (16384 - 4096) == doctest::Approx(per_token).epsilon(0.05));
  CHECK(short_peak - 1024 * per_token < 128 * 1024);
  CHECK(long_peak / 16384 <= short_peak / 1024);
}

TEST_CASE("memory: the kinds at the peak add up to it") {
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = new_model(small_config(name));
    const MemoryReport report = training_step(small_config(name), 90, *model).after;
    CHECK(std::accumulate(report.at_peak.begin(), report.at_peak.end(), std::size_t{0}) ==
          report.total_peak);
    CHECK(report.total_peak >= report.total_current);
    CHECK(report.at_peak[static_cast<std::size_t>(Memory::kParameter)] > 0);
    CHECK(report.at_peak[static_cast<std::size_t>(Memory::kOptimizer)] == 0);
  }
}

TEST_CASE("memory: a step frees all activations, and a second one allocates nothing") {
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = new_model(small_config(name));
    training_step(small_config(name), 90, *model);
    const MemoryReport first = allocator().report();
    training_step(small_config(name), 90, *model);
    const MemoryReport second = allocator().report();
    CHECK(second.current == first.current);
    CHECK(second.system_calls == first.system_calls);
  }
}

// Workspace at the peak of one loss with gradients.
std::size_t loss_workspace(std::int64_t rows, std::int32_t items) {
  const Variable hidden(random_tensor({rows, 4}, 1, DType::kFloat32), true);
  const Variable table(random_tensor({items + 1, 4}, 2, DType::kFloat32), true);
  const Tensor targets = int_tensor(random_ids(rows, 1, items, 3));
  allocator().reset_peak();
  backward(ops::linear_cross_entropy(hidden, table, targets));
  return allocator().report().peak_of(Memory::kWorkspace);
}

TEST_CASE("memory: the loss's workspace grows neither with rows nor with a large catalogue") {
  if (!on_cpu()) {
    return;
  }
  const Threads two(2);
  // Four blocks of 64 rows are one round at two threads; a slab holds 16384 items.
  const std::size_t one_round = loss_workspace(256, 500);
  CHECK(loss_workspace(64 * 40, 500) <= one_round + 512);
  const std::size_t one_slab = loss_workspace(20, 16384);
  CHECK(loss_workspace(20, 3 * 16384) <= one_slab + 512);
}

}  // namespace
}  // namespace elastic
