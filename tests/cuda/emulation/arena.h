// Memory of the emulated device.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>

namespace emulation {

/// Ends the process with a message.
[[noreturn]] inline void stop(const char* message) {
  std::fprintf(stderr, "cuda emulation: %s\n", message);
  std::abort();
}

/// One range of addresses that only kernels and copies can access: any other access by the host
/// ends the process, as it would on a GPU.
class Arena {
 public:
  static constexpr std::size_t kBytes = std::size_t{16} << 30;
  static constexpr std::size_t kPage = 4096;
  static constexpr std::size_t kPoisonBytes = std::size_t{64} << 10;  // more takes too long

  Arena() {
    void* base = mmap(nullptr,
                      kBytes,
                      PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                      -1,
                      0);
    if (base == MAP_FAILED) {
      stop("cannot reserve addresses for device memory");
    }
    base_ = static_cast<unsigned char*>(base);
    free_[0] = kBytes;
    key_ = pkey_alloc(0, 0);
    if (key_ >= 0 && pkey_mprotect(base_, kBytes, PROT_READ | PROT_WRITE, key_) != 0) {
      key_ = -1;
    }
    protect(true);
  }

  /// Allocates whole pages; null if no room is left. Small blocks are filled with 0xFF, so that a
  /// read before the first write gives numbers that are not finite.
  void* allocate(std::size_t bytes) {
    bytes = (bytes + kPage - 1) / kPage * kPage;
    if (used_ + bytes > limit_) {
      return nullptr;
    }
    for (auto& [offset, size] : free_) {
      if (size >= bytes) {
        const std::size_t place = offset;
        const std::size_t rest = size - bytes;
        free_.erase(place);
        if (rest > 0) {
          free_[place + bytes] = rest;
        }
        sizes_[place] = bytes;
        used_ += bytes;
        if (bytes <= kPoisonBytes) {
          protect(false);
          std::memset(base_ + place, 0xFF, bytes);
          protect(true);
        }
        return base_ + place;
      }
    }
    return nullptr;
  }

  /// Ends the process unless `pointer` came from `allocate`.
  void release(void* pointer) {
    const auto place = static_cast<std::size_t>(static_cast<unsigned char*>(pointer) - base_);
    const auto found = sizes_.find(place);
    if (found == sizes_.end()) {
      stop("cudaFree of a pointer that cudaMalloc did not return");
    }
    std::size_t begin = place;
    std::size_t size = found->second;
    used_ -= size;
    madvise(pointer, size, MADV_DONTNEED);  // `protect` takes no time for empty pages
    sizes_.erase(found);
    auto after = free_.lower_bound(begin);
    if (after != free_.end() && after->first == begin + size) {
      size += after->second;
      after = free_.erase(after);
    }
    if (after != free_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == begin) {
        begin = before->first;
        size += before->second;
        free_.erase(before);
      }
    }
    free_[begin] = size;
  }

  /// Closes or opens the range: for the calling thread if the processor has protection keys, else
  /// for all threads, which takes a hundred times as long.
  void protect(bool closed) {
    if (key_ >= 0) {
      pkey_set(key_, closed ? PKEY_DISABLE_ACCESS : 0);
    } else if (mprotect(base_, kBytes, closed ? PROT_NONE : PROT_READ | PROT_WRITE) != 0) {
      stop("mprotect failed");
    }
  }
  /// Opens the range for good, in threads that run nothing but kernels.
  void open_to_worker() {
    if (key_ >= 0) {
      pkey_set(key_, 0);
    }
  }
  [[nodiscard]] std::size_t free_bytes() const { return limit_ - used_; }
  [[nodiscard]] std::size_t limit() const { return limit_; }
  void set_limit(std::size_t bytes) { limit_ = bytes; }

 private:
  unsigned char* base_ = nullptr;
  int key_ = -1;
  std::size_t used_ = 0;
  std::size_t limit_ = kBytes;
  std::map<std::size_t, std::size_t> free_;   ///< offset -> bytes
  std::map<std::size_t, std::size_t> sizes_;  ///< offset -> bytes of allocated blocks
};

/// The device's memory.
inline Arena& arena() {
  static auto* const result = new Arena;  // outlives every static that holds a tensor
  return *result;
}

}  // namespace emulation
