#include "tensor/cpu/cpu_backend.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "tensor/cpu/bf16_unit.h"
#include "tensor/cpu/parallel.h"
#include "tensor/threads.h"

namespace elastic::cpu {
namespace {

// Requests huge pages for large blocks: with small pages, passes over the tokens wait for address
// translation.
void* allocate_block(std::size_t bytes) {
  constexpr std::size_t kAlign = 512;
  constexpr std::size_t kHugePage = std::size_t{2} << 20;
  if (bytes < kHugePage) {
    return std::aligned_alloc(kAlign, bytes);
  }
  void* block = std::aligned_alloc(kHugePage, (bytes + kHugePage - 1) / kHugePage * kHugePage);
  if (block != nullptr) {
    madvise(block, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // a hint
  }
  return block;
}

class CpuBackend final : public Backend {
 public:
  CpuBackend()
      : Backend(Device::kCpu), allocator_(allocate_block, [](void* block) { std::free(block); }) {}

  CachingAllocator& allocator() override { return allocator_; }

  void set_precision(Precision precision) override {
    if (precision == Precision::kTf32) {
      throw UsageError("--precision: device cpu computes in fp32 or bf16");
    }
    set_bf16_unit(precision == Precision::kBf16 ? best_bf16_unit() : Bf16Unit::kNone);
  }

  void synchronize() override {}

  std::size_t free_bytes() override {
    std::ifstream file("/proc/meminfo");
    std::string key;
    std::size_t kilobytes = 0;
    for (std::string unit; file >> key >> kilobytes; std::getline(file, unit)) {
      if (key == "MemAvailable:") {
        return kilobytes * 1024 + allocator_.report().cached;
      }
    }
    return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
           static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  }

  std::string description() override {
    const char* unit = "";
    if (bf16_unit() != Bf16Unit::kNone) {
      unit = bf16_unit() == Bf16Unit::kAmx ? ", AMX_BF16" : ", AVX512_BF16";
    }
    return concat("CPU, ", num_threads(), num_threads() == 1 ? " thread" : " threads", unit);
  }

 private:
  std::unique_ptr<RecordedWork> do_record(const std::function<void()>& /*work*/) override {
    return nullptr;
  }
  void do_copy_from_host(const void* source, Tensor& target) override {
    if (target.numel() > 0) {
      std::memcpy(target.raw_data(), source, target.bytes());
    }
  }
  void do_copy_to_host(const Tensor& source, void* target) override {
    if (source.numel() > 0) {
      std::memcpy(target, source.raw_data(), source.bytes());
    }
  }
  void do_copy(const Tensor& source, Tensor& target) override { copy_elements(source, target); }
  void do_fill(Tensor& target, double value) override { fill_elements(target, value); }

  CachingAllocator allocator_;
};

const BackendEntry cpu_entry(Device::kCpu, []() -> Backend& {
  // Never destroyed: tensors in static storage may be destroyed later.
  static CpuBackend& backend = *new CpuBackend;
  return backend;
});

}  // namespace

void copy_elements(const Tensor& source, Tensor& target) {
  if (target.numel() > 0) {
    std::memcpy(target.raw_data(), source.raw_data(), target.bytes());
  }
}

void fill_elements(Tensor& target, double value) {
  if (target.dtype() == DType::kInt32) {
    auto* data = target.data<std::int32_t>();
    std::fill(data, data + target.numel(), static_cast<std::int32_t>(value));
    return;
  }
  with_real_type(target.dtype(), [&](auto tag) {
    using T = decltype(tag);
    constexpr std::int64_t kSlice = 1 << 15;
    T* data = target.data<T>();
    const Tiles slices{target.numel(), kSlice};
    parallel_for(slices.count(), static_cast<double>(target.numel()), [&](std::int64_t s) {
      std::fill(data + slices.begin(s), data + slices.end(s), static_cast<T>(value));
    });
  });
}

}  // namespace elastic::cpu
