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

/// Keeps freed blocks by size, so that a steady-state training step asks the system for nothing.
/// Thread-safe. Counts the bytes asked for, rounded up to the block's granularity.
class CachingAllocator {
 public:
  using SystemAllocate = std::function<void*(std::size_t bytes)>;  ///< null when out of memory
  using SystemFree = std::function<void(void*)>;
  using DescribeFree = std::function<std::string()>;  ///< what is free, for the error message

  CachingAllocator(SystemAllocate allocate, SystemFree free, DescribeFree describe_free = {});
  ~CachingAllocator();
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;

  /// At least `bytes` bytes, uninitialised, aligned to 64. Throws OutOfMemoryError.
  void* allocate(std::size_t bytes, Memory kind);
  /// `bytes` and `kind` as given to `allocate`.
  void deallocate(void* block, std::size_t bytes, Memory kind);

  [[nodiscard]] MemoryReport report() const;
  /// Restarts the high-water marks from what is in use now.
  void reset_peak();
  /// Returns the cached blocks to the system.
  void release_cache();

  /// Blocks asked for from now on come from a pool of their own, and go back there: recorded work
  /// (Backend::record) uses their addresses again and again, so nobody else may, and they are never
  /// returned to the system. Nested calls are not needed and not counted.
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
