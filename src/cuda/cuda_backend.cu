// The allocator and the copies between host and device.
#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "cuda/device.cuh"
#include "cuda/recorded.h"
#include "cuda/runtime.h"

namespace elastic::cuda {
namespace {

// Pinned memory for uploads: the host continues as soon as its bytes are copied here. The two
// halves are used in turn; a half is reused once the copies out of it are done.
class UploadBuffer {
 public:
  void upload(const void* source, void* target, std::size_t bytes) {
    const auto* from = static_cast<const unsigned char*>(source);
    auto* to = static_cast<unsigned char*>(target);
    const cudaStream_t stream = runtime().stream();
    ELASTIC_CHECK(!runtime().recording, "recorded work would copy from the host");
    while (bytes > 0) {
      if (used_ == kHalf || (used_ > 0 && bytes <= kHalf && used_ + bytes > kHalf)) {
        turn();
      }
      if (halves_[0].data == nullptr) {
        open();
      }
      const std::size_t part = std::min(bytes, kHalf - used_);
      unsigned char* place = halves_[current_].data + used_;
      std::memcpy(place, from, part);
      ELASTIC_CUDA_CHECK("copy_from_host",
                         cudaMemcpyAsync(to, place, part, cudaMemcpyHostToDevice, stream));
      used_ += std::min(kHalf - used_, (part + 255) / 256 * 256);
      from += part;
      to += part;
      bytes -= part;
    }
  }

 private:
  static constexpr std::size_t kHalf = std::size_t{8} << 20;
  struct Half {
    unsigned char* data = nullptr;
    cudaEvent_t done = nullptr;
  };

  void open() {
    for (Half& half : halves_) {
      void* data = nullptr;
      ELASTIC_CUDA_CHECK("copy_from_host", cudaHostAlloc(&data, kHalf, cudaHostAllocDefault));
      half.data = static_cast<unsigned char*>(data);
      ELASTIC_CUDA_CHECK("copy_from_host",
                         cudaEventCreateWithFlags(&half.done, cudaEventDisableTiming));
    }
  }
  void turn() {
    ELASTIC_CUDA_CHECK("copy_from_host",
                       cudaEventRecord(halves_[current_].done, runtime().stream()));
    current_ = 1 - current_;
    ELASTIC_CUDA_CHECK("copy_from_host", cudaEventSynchronize(halves_[current_].done));
    used_ = 0;
  }

  Half halves_[2];
  std::size_t current_ = 0;
  std::size_t used_ = 0;
};

UploadBuffer& upload_buffer() {
  static UploadBuffer& buffer = *new UploadBuffer;
  return buffer;
}

template <class T>
__global__ void fill_kernel(T* data, std::int64_t count, T value) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    data[i] = value;
  }
}

template <class T>
void launch_fill(Tensor& target, T value) {
  const std::int64_t count = target.numel();
  launch("fill", fill_kernel<T>, element_grid(count), target.data<T>(), count, value);
}

void* allocate_block(std::size_t bytes) {
  // Outside the graph that may be recorded now.
  cudaStreamCaptureMode mode = cudaStreamCaptureModeRelaxed;
  check(cudaThreadExchangeStreamCaptureMode(&mode),
        "allocate",
        "cudaThreadExchangeStreamCaptureMode");
  void* block = nullptr;
  const cudaError_t status = cudaMalloc(&block, bytes);
  check(cudaThreadExchangeStreamCaptureMode(&mode),
        "allocate",
        "cudaThreadExchangeStreamCaptureMode");
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // the allocator handles the error
    return nullptr;
  }
  check(status, "allocate", "cudaMalloc");
  return block;
}

class CudaBackend final : public Backend {
 public:
  CudaBackend()
      : Backend(Device::kCuda),
        allocator_(
            allocate_block,
            [](void* block) { cudaFree(block); },
            [] {
              std::size_t free = 0;
              std::size_t total = 0;
              cudaMemGetInfo(&free, &total);
              return concat(free >> 20, " of ", total >> 20, " MiB free on the GPU");
            }) {
    runtime();
  }

  CachingAllocator& allocator() override { return allocator_; }
  void set_precision(Precision precision) override { runtime().precision = precision; }
  void synchronize() override {
    ELASTIC_CUDA_CHECK("synchronize", cudaStreamSynchronize(runtime().stream()));
  }
  std::size_t free_bytes() override {
    std::size_t free = 0;
    std::size_t total = 0;
    ELASTIC_CUDA_CHECK("free_bytes", cudaMemGetInfo(&free, &total));
    return free + allocator_.report().cached;
  }
  std::string description() override {
    const cudaDeviceProp& device = runtime().properties();
    return concat(device.name,
                  ", compute capability ",
                  device.major,
                  ".",
                  device.minor,
                  ", ",
                  device.totalGlobalMem >> 20,
                  " MiB");
  }

 private:
  std::unique_ptr<RecordedWork> do_record(const std::function<void()>& work) override {
    return record_graph(work);
  }
  void do_copy_from_host(const void* source, Tensor& target) override {
    upload_buffer().upload(source, target.raw_data(), target.bytes());
  }
  void do_copy_to_host(const Tensor& source, void* target) override {
    ELASTIC_CHECK(!runtime().recording, "recorded work would look at its results");
    const cudaStream_t stream = runtime().stream();
    if (source.numel() > 0) {
      ELASTIC_CUDA_CHECK(
          "copy_to_host",
          cudaMemcpyAsync(
              target, source.raw_data(), source.bytes(), cudaMemcpyDeviceToHost, stream));
    }
    ELASTIC_CUDA_CHECK("copy_to_host", cudaStreamSynchronize(stream));
  }
  void do_copy(const Tensor& source, Tensor& target) override { copy_elements(source, target); }
  void do_fill(Tensor& target, double value) override { fill_elements(target, value); }

  CachingAllocator allocator_;
};

const BackendEntry cuda_entry(Device::kCuda, []() -> Backend& {
  static CudaBackend& backend = *new CudaBackend;
  return backend;
});

}  // namespace

void copy_elements(const Tensor& source, Tensor& target) {
  if (source.numel() > 0) {
    ELASTIC_CUDA_CHECK("copy",
                       cudaMemcpyAsync(target.raw_data(),
                                       source.raw_data(),
                                       source.bytes(),
                                       cudaMemcpyDeviceToDevice,
                                       runtime().stream()));
  }
}

void fill_elements(Tensor& target, double value) {
  if (value == 0.0) {
    ELASTIC_CUDA_CHECK("fill",
                       cudaMemsetAsync(target.raw_data(), 0, target.bytes(), runtime().stream()));
  } else if (target.dtype() == DType::kInt32) {
    launch_fill(target, static_cast<std::int32_t>(value));
  } else if (target.dtype() == DType::kFloat64) {
    launch_fill(target, value);
  } else {
    launch_fill(target, static_cast<float>(value));
  }
}

}  // namespace elastic::cuda
