// A caching, counting allocator; each backend owns one over its own memory.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "tensor/memory.h"

namespace elastic {

/// Keeps freed blocks by size, so that a training step in steady state allocates nothing from the
/// system. Thread-safe. Counts the requested bytes, rounded up to the block's granularity.
class CachingAllocator {
 public:
  using SystemAllocate = std::function<void*(std::size_t bytes)>;  ///< null when out of memory
  using SystemFree = std::function<void(void*)>;
  using DescribeFree = std::function<std::string()>;  ///< the free memory, for the error message

  CachingAllocator(SystemAllocate allocate, SystemFree free, DescribeFree describe_free = {});
  ~CachingAllocator();
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;

  /// At least `bytes` bytes, uninitialised, aligned to 64. Throws OutOfMemoryError.
  void* allocate(std::size_t bytes, Memory kind);
  /// `bytes` and `kind` as given to `allocate`.
  void deallocate(void* block, std::size_t bytes, Memory kind);

  [[nodiscard]] MemoryReport report() const;
  /// Resets the high-water marks to the current use.
  void reset_peak();
  /// Returns the cached blocks to the system.
  void release_cache();

  /// Allocates from a separate pool while on. Its blocks return there and never to the system,
  /// because recorded work (Backend::record) reuses their addresses in every run. Calls do not
  /// nest.
  void use_recording_pool(bool on);

 private:
  static std::size_t round_up(std::size_t bytes);
  void release_cache_locked();

  SystemAllocate system_allocate_;
  SystemFree system_free_;
  DescribeFree describe_free_;
  mutable std::mutex mutex_;
  using FreeBlocks = std::map<std::size_t, std::vector<void*>>;  ///< by rounded size
  FreeBlocks free_blocks_;
  FreeBlocks recording_blocks_;
  std::unordered_set<void*> recording_pool_;  ///< all blocks of the recording pool
  bool use_recording_pool_ = false;
  MemoryReport report_;
};

}  // namespace elastic
