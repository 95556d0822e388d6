#include "tensor/allocator.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"

namespace elastic {

const char* name_of(Memory kind) {
  switch (kind) {
    case Memory::kParameter:
      return "parameter";
    case Memory::kOptimizer:
      return "optimizer";
    case Memory::kActivation:
      return "activation";
    case Memory::kGradient:
      return "gradient";
    case Memory::kWorkspace:
      return "workspace";
  }
  return "unknown";
}

CachingAllocator::CachingAllocator(SystemAllocate allocate,
                                   SystemFree free,
                                   DescribeFree describe_free)
    : system_allocate_(std::move(allocate)),
      system_free_(std::move(free)),
      describe_free_(std::move(describe_free)) {}

CachingAllocator::~CachingAllocator() {
  release_cache();
  for (void* block : recording_pool_) {
    system_free_(block);
  }
}

// Eight sizes between powers of two: ragged batches of nearly the same size share blocks, and at
// most an eighth is wasted.
std::size_t CachingAllocator::round_up(std::size_t bytes) {
  constexpr std::size_t kGranule = 512;
  bytes = std::max(bytes, kGranule);
  const std::size_t step = std::max(kGranule, std::bit_floor(bytes) / 8);
  return (bytes + step - 1) / step * step;
}

void* CachingAllocator::allocate(std::size_t bytes, Memory kind) {
  const std::size_t size = round_up(bytes);
  const std::scoped_lock lock(mutex_);
  void* block = nullptr;
  FreeBlocks& free_blocks = use_recording_pool_ ? recording_blocks_ : free_blocks_;
  if (const auto found = free_blocks.find(size);
      found != free_blocks.end() && !found->second.empty()) {
    block = found->second.back();
    found->second.pop_back();
    report_.cached -= size;
  } else {
    block = system_allocate_(size);
    if (block == nullptr) {
      release_cache_locked();
      block = system_allocate_(size);
    }
    if (block == nullptr) {
      throw OutOfMemoryError("out of memory: ",
                             size >> 20,
                             " MiB asked for (",
                             name_of(kind),
                             "), ",
                             report_.total_current >> 20,
                             " MiB in use",
                             describe_free_ ? ", " + describe_free_() : "",
                             "; try a smaller --batch-size or --max-len");
    }
    ++report_.system_calls;
    if (use_recording_pool_) {
      recording_pool_.insert(block);
    }
  }
  const auto index = static_cast<std::size_t>(kind);
  report_.current[index] += size;
  report_.peak[index] = std::max(report_.peak[index], report_.current[index]);
  report_.total_current += size;
  if (report_.total_current > report_.total_peak) {
    report_.total_peak = report_.total_current;
    report_.at_peak = report_.current;
  }
  return block;
}

void CachingAllocator::deallocate(void* block, std::size_t bytes, Memory kind) {
  const std::size_t size = round_up(bytes);
  const std::scoped_lock lock(mutex_);
  report_.current[static_cast<std::size_t>(kind)] -= size;
  report_.total_current -= size;
  report_.cached += size;
  FreeBlocks& free_blocks = recording_pool_.contains(block) ? recording_blocks_ : free_blocks_;
  free_blocks[size].push_back(block);
}

MemoryReport CachingAllocator::report() const {
  const std::scoped_lock lock(mutex_);
  return report_;
}

void CachingAllocator::reset_peak() {
  const std::scoped_lock lock(mutex_);
  report_.peak = report_.current;
  report_.at_peak = report_.current;
  report_.total_peak = report_.total_current;
}

void CachingAllocator::use_recording_pool(bool on) {
  const std::scoped_lock lock(mutex_);
  use_recording_pool_ = on;
}

void CachingAllocator::release_cache() {
  const std::scoped_lock lock(mutex_);
  release_cache_locked();
}

void CachingAllocator::release_cache_locked() {
  for (auto& [size, blocks] : free_blocks_) {
    for (void* block : blocks) {
      system_free_(block);
    }
  }
  free_blocks_.clear();
  report_.cached = 0;
  for (const auto& [size, blocks] : recording_blocks_) {
    report_.cached += size * blocks.size();
  }
}

}  // namespace elastic
