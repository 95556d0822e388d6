// Bounds on memory, as counted by the allocator.
#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "profile/profiler.h"
#include "tensor/backend.h"
#include "tensor/kernels/linear_cross_entropy.h"
#include "tensor/kernels/ranking.h"
#include "tensor/tensor_values.h"

namespace elastic::profile::memory_test {
namespace {

const MachineRates kMachine{"the CPU", 100.0, 10.0, 2};

Workload training(const char* model, std::int64_t length, std::int64_t batch) {
  Workload workload;
  workload.model.model = model;
  workload.model.max_len = length;
  workload.model.num_items = 50;
  // Keep the memory per sequence small compared with that of its tokens.
  workload.model.num_experts = 4;
  workload.model.retrieval.query_attention_len = 4;
  workload.phase = Phase::kTrain;
  workload.batch = batch;
  workload.repetitions = 1;
  workload.warmup = 0;
  return workload;
}

// The longer length that bytes are counted at. The address sanitizer does not change the count, and
// a shorter one takes a third of its time.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::int64_t kLong = 4096;
#else
constexpr std::int64_t kLong = 8192;
#endif

TEST_CASE("memory: a training step has the same bytes per token at any length") {
  for (const char* model : {"elastic", "lda", "softmax-tiled"}) {
    CAPTURE(model);
    const auto per_token = [&](std::int64_t length) {
      const Row row = measure(training(model, length, 2), kMachine);
      return row.peak_bytes.activation / static_cast<double>(row.tokens);
    };
    const double long_step = per_token(kLong);
    CHECK(per_token(1024) == doctest::Approx(long_step).epsilon(0.05));
    CHECK(long_step > 4.0 * 64.0);
  }
}

// Peak workspace, in bytes, of a call of `kernel`.
template <class Kernel>
std::size_t workspace_of(const Kernel& kernel) {
  CachingAllocator& allocator = backend_for(Device::kCpu).allocator();
  const auto index = static_cast<std::size_t>(Memory::kWorkspace);
  allocator.reset_peak();
  const std::size_t before = allocator.report().current[index];
  kernel();
  return allocator.report().peak[index] - before;
}

Tensor floats(const Shape& shape) {
  Tensor result(shape, DType::kFloat32, Device::kCpu);
  fill(result, 0.5);
  return result;
}

TEST_CASE("memory: cross-entropy and ranking never store rows x items scores") {
  const Threads threads(2);  // each thread has its own workspace
  const auto cross_entropy = [&](std::int64_t rows, std::int64_t items) {
    const Tensor hidden = floats({rows, 64});
    const Tensor table = floats({items + 1, 64});
    Tensor targets({rows}, DType::kInt32, Device::kCpu);
    fill(targets, 1.0);
    Tensor loss = floats({1});
    Tensor grad_hidden = floats(hidden.shape());
    Tensor grad_table = floats(table.shape());
    return workspace_of([&] {
      run(kernels::LinearCrossEntropy{.hidden = hidden,
                                      .table = table,
                                      .targets = targets,
                                      .excluded = RowLists{},
                                      .loss = loss,
                                      .grad_hidden = &grad_hidden,
                                      .grad_table = &grad_table});
    });
  };
  const auto rank = [&](std::int64_t rows, std::int64_t items) {
    const Tensor hidden = floats({rows, 64});
    const Tensor table = floats({items + 1, 64});
    Tensor targets({rows}, DType::kInt32, Device::kCpu);
    fill(targets, 1.0);
    Tensor ranks({rows}, DType::kInt32, Device::kCpu);
    Tensor ids({rows, 10}, DType::kInt32, Device::kCpu);
    Tensor scores = floats({rows, 10});
    const Segments none = Segments::uniform(rows, 0, Device::kCpu);
    const Tensor no_ids({0}, DType::kInt32, Device::kCpu);
    return workspace_of([&] {
      run(kernels::RankTargets{.hidden = hidden,
                               .table = table,
                               .targets = targets,
                               .excluded = none,
                               .excluded_ids = no_ids,
                               .ranks = ranks});
      run(kernels::TopK{.hidden = hidden,
                        .table = table,
                        .excluded = none,
                        .excluded_ids = no_ids,
                        .ids = ids,
                        .scores = scores});
    });
  };
  // Both grow at most with rows + items: at most four times the bytes for sixteen times the
  // products.
  CHECK(cross_entropy(4096, 8192) <= 4 * cross_entropy(1024, 2048));
  CHECK(cross_entropy(4096, 8192) < std::size_t{4} * 4096 * 8192 / 8);
  CHECK(rank(4096, 8192) <= 4 * rank(1024, 2048));
  CHECK(rank(4096, 8192) < std::size_t{4} * 4096 * 8192 / 8);
}

// Resident bytes of the process; 0 if the system does not report them.
[[maybe_unused]] double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0.0;
  double resident = 0.0;
  file >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

#if !defined(__SANITIZE_ADDRESS__)  // the sanitizer's own tables grow too
TEST_CASE("memory: the allocator counts nearly all memory of 262,144 tokens") {
  const double before = resident_bytes();
  if (before == 0.0) {
    MESSAGE("skipped: no /proc/self/statm");
    return;
  }
  backend_for(Device::kCpu).allocator().release_cache();
  Workload workload = training("elastic", 1 << 18, 1);
  const double start = resident_bytes();
  const Row row = measure(workload, kMachine);
  REQUIRE(row.status == RowStatus::kOk);
  CHECK(row.tokens == 1 << 18);
  // The cache keeps every block that the step used.
  CHECK(row.peak_bytes.total >= 0.85 * (row.rss_bytes - start));
}
#endif

}  // namespace
}  // namespace elastic::profile::memory_test
