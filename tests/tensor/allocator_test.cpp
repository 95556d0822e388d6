#include "tensor/allocator.h"

#include <cstdint>
#include <cstdlib>
#include <numeric>

#include "tensor/tensor_values.h"

namespace elastic {
namespace {

// A system with `capacity` bytes that records its allocations.
class System {
 public:
  explicit System(std::size_t capacity = SIZE_MAX) : left_(capacity) {}
  ~System() { CHECK(sizes_.empty()); }
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  CachingAllocator make() {
    return {[this](std::size_t bytes) { return allocate(bytes); },
            [this](void* block) { free(block); }};
  }
  [[nodiscard]] std::size_t num_blocks() const { return sizes_.size(); }

 private:
  void* allocate(std::size_t bytes) {
    if (bytes > left_) {
      return nullptr;
    }
    left_ -= bytes;
    void* block = std::aligned_alloc(512, bytes);
    sizes_[block] = bytes;
    return block;
  }
  void free(void* block) {
    left_ += sizes_.at(block);
    sizes_.erase(block);
    std::free(block);
  }

  std::size_t left_;
  std::map<void*, std::size_t> sizes_;
};

std::size_t total(const std::array<std::size_t, kMemoryKinds>& kinds) {
  return std::accumulate(kinds.begin(), kinds.end(), std::size_t{0});
}

TEST_CASE("allocator: blocks are aligned and at most an eighth larger than asked") {
  System system;
  CachingAllocator allocator = system.make();
  for (const std::size_t bytes : {0UL, 1UL, 512UL, 513UL, 5000UL, 100001UL, 1048577UL}) {
    CAPTURE(bytes);
    void* block = allocator.allocate(bytes, Memory::kWorkspace);
    CHECK(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
    const std::size_t counted = allocator.report().total_current;
    CHECK(counted >= bytes);
    CHECK(counted <= std::max<std::size_t>(bytes + 512, bytes + bytes / 8 + 1));
    allocator.deallocate(block, bytes, Memory::kWorkspace);
    CHECK(allocator.report().total_current == 0);
  }
}

TEST_CASE("allocator: counts each kind apart, with its own peak") {
  System system;
  CachingAllocator allocator = system.make();
  void* parameter = allocator.allocate(1024, Memory::kParameter);
  void* first = allocator.allocate(2048, Memory::kActivation);
  allocator.deallocate(first, 2048, Memory::kActivation);
  void* gradient = allocator.allocate(512, Memory::kGradient);
  const MemoryReport report = allocator.report();
  CHECK(report.current_of(Memory::kParameter) == 1024);
  CHECK(report.current_of(Memory::kActivation) == 0);
  CHECK(report.current_of(Memory::kGradient) == 512);
  CHECK(report.peak_of(Memory::kActivation) == 2048);
  CHECK(report.peak_of(Memory::kOptimizer) == 0);
  CHECK(report.total_current == 1536);
  CHECK(report.total_peak == 3072);
  CHECK(report.cached == 2048);
  allocator.deallocate(parameter, 1024, Memory::kParameter);
  allocator.deallocate(gradient, 512, Memory::kGradient);
}

TEST_CASE("allocator: at_peak is the moment of the total peak and adds up to it") {
  System system;
  CachingAllocator allocator = system.make();
  void* activation = allocator.allocate(4096, Memory::kActivation);
  void* parameter = allocator.allocate(1024, Memory::kParameter);
  allocator.deallocate(activation, 4096, Memory::kActivation);
  void* gradient = allocator.allocate(2048, Memory::kGradient);
  const MemoryReport report = allocator.report();
  CHECK(report.total_peak == 5120);
  CHECK(total(report.at_peak) == report.total_peak);
  CHECK(report.at_peak[static_cast<std::size_t>(Memory::kActivation)] == 4096);
  CHECK(report.at_peak[static_cast<std::size_t>(Memory::kGradient)] == 0);
  CHECK(report.peak_of(Memory::kGradient) == 2048);
  allocator.deallocate(parameter, 1024, Memory::kParameter);
  allocator.deallocate(gradient, 2048, Memory::kGradient);
}

TEST_CASE("allocator: reset_peak starts from what is in use") {
  System system;
  CachingAllocator allocator = system.make();
  void* kept = allocator.allocate(1024, Memory::kParameter);
  allocator.deallocate(allocator.allocate(8192, Memory::kActivation), 8192, Memory::kActivation);
  allocator.reset_peak();
  CHECK(allocator.report().total_peak == 1024);
  CHECK(allocator.report().peak_of(Memory::kActivation) == 0);
  CHECK(total(allocator.report().at_peak) == 1024);
  allocator.deallocate(kept, 1024, Memory::kParameter);
}

TEST_CASE("allocator: a second round allocates nothing from the system") {
  System system;
  CachingAllocator allocator = system.make();
  const auto round = [&] {
    std::vector<void*> blocks;
    for (std::size_t bytes = 100; bytes < 20000; bytes = bytes * 3 / 2) {
      blocks.push_back(allocator.allocate(bytes, Memory::kActivation));
    }
    std::size_t i = 0;
    for (std::size_t bytes = 100; bytes < 20000; bytes = bytes * 3 / 2) {
      allocator.deallocate(blocks[i++], bytes, Memory::kActivation);
    }
  };
  round();
  const std::uint64_t calls = allocator.report().system_calls;
  CHECK(calls > 0);
  round();
  round();
  CHECK(allocator.report().system_calls == calls);
  CHECK(allocator.report().total_current == 0);
}

TEST_CASE("allocator: a nearly equal size takes the cached block") {
  System system;
  CachingAllocator allocator = system.make();
  void* block = allocator.allocate(1000000, Memory::kActivation);
  allocator.deallocate(block, 1000000, Memory::kActivation);
  void* again = allocator.allocate(1001000, Memory::kGradient);
  CHECK(again == block);
  CHECK(allocator.report().cached == 0);
  allocator.deallocate(again, 1001000, Memory::kGradient);
}

TEST_CASE("allocator: release_cache returns the free blocks, not the used ones") {
  System system;
  CachingAllocator allocator = system.make();
  void* used = allocator.allocate(1024, Memory::kParameter);
  allocator.deallocate(allocator.allocate(4096, Memory::kActivation), 4096, Memory::kActivation);
  CHECK(system.num_blocks() == 2);
  allocator.release_cache();
  CHECK(system.num_blocks() == 1);
  CHECK(allocator.report().cached == 0);
  CHECK(allocator.report().total_current == 1024);
  allocator.deallocate(used, 1024, Memory::kParameter);
}

TEST_CASE("allocator: releases the cache and retries when the system is full") {
  System system(10000);
  CachingAllocator allocator = system.make();
  allocator.deallocate(allocator.allocate(8192, Memory::kActivation), 8192, Memory::kActivation);
  CHECK(system.num_blocks() == 1);
  void* block = allocator.allocate(4096, Memory::kActivation);  // does not fit in addition to 8192
  CHECK(system.num_blocks() == 1);
  CHECK(allocator.report().cached == 0);
  allocator.deallocate(block, 4096, Memory::kActivation);
}

TEST_CASE("allocator: out of memory names size, kind and remedy") {
  System system(std::size_t{3} << 20);
  CachingAllocator allocator = system.make();
  void* block = allocator.allocate(std::size_t{1} << 20, Memory::kParameter);
  const auto ask = [&] { allocator.allocate(std::size_t{5} << 20, Memory::kActivation); };
  CHECK_THROWS_AS(ask(), OutOfMemoryError);
  CHECK(message_of(ask) ==
        "out of memory: 5 MiB asked for (activation), 1 MiB in use; try a smaller --batch-size or "
        "--max-len");
  // The refusal is not counted, and the allocator still works.
  CHECK(allocator.report().total_current == std::size_t{1} << 20);
  CHECK(allocator.report().current_of(Memory::kActivation) == 0);
  allocator.deallocate(allocator.allocate(1024, Memory::kActivation), 1024, Memory::kActivation);
  allocator.deallocate(block, std::size_t{1} << 20, Memory::kParameter);
}

TEST_CASE("allocator: kinds have names") {
  CHECK(std::string(name_of(Memory::kParameter)) == "parameter");
  CHECK(std::string(name_of(Memory::kOptimizer)) == "optimizer");
  CHECK(std::string(name_of(Memory::kActivation)) == "activation");
  CHECK(std::string(name_of(Memory::kGradient)) == "gradient");
  CHECK(std::string(name_of(Memory::kWorkspace)) == "workspace");
}

}  // namespace
}  // namespace elastic
