#include <ucontext.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "arena.h"
#include "cuda_runtime.h"

namespace elastic::cuda {
// The memory of dynamic_shared() in src/cuda: as much as a block of an H100 can have.
inline constexpr std::size_t kSharedBytes = 227 * 1024;
inline constexpr std::size_t kGuardBytes = 4096;  // after the shared memory
__attribute__((
    aligned(128))) thread_local unsigned char dynamic_shared_memory[kSharedBytes + kGuardBytes];
}  // namespace elastic::cuda

namespace emulation {
namespace {

using elastic::cuda::kGuardBytes;
constexpr unsigned char kGuard = 0xA5;

// For functions that a jump leaves: the address sanitizer must not guard their frames, since the
// guards would never be removed.
#define ELASTIC_SWITCH __attribute__((noinline, no_sanitize("address")))

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr std::size_t kMaxThreads = 1024;  // of a block

bool reversed() {
  static const bool result = [] {
    const char* order = std::getenv("ELASTIC_EMULATION_ORDER");
    return order != nullptr && std::string(order) == "reverse";
  }();
  return result;
}

enum class State : unsigned char { kReady, kAtWarpBarrier, kAtBlockBarrier, kDone };

struct Fiber {
  unsigned int index = 0;
  unsigned int parity = 0;  // of the warp's exchange slots
  Place place;
  void* jump[5] = {};
  bool started = false;
  std::unique_ptr<unsigned char[]> stack;
};

struct Warp {
  unsigned int arrived = 0;
  alignas(64) unsigned char slots[2][32 * 64];
};

// The threads of one block at a time; one machine per thread of the host.
class Machine {
 public:
  void run(const Place& block, const std::function<void()>& body) {
    body_ = &body;
    count_ = block.block_size.x;
    fibers_.reserve(kMaxThreads);
    if (fibers_.size() < count_) {
      fibers_.resize(count_);
    }
    states_.assign(count_, State::kReady);
    warps_.resize((count_ + 31) / 32);
    for (Warp& warp : warps_) {
      warp.arrived = 0;
    }
    at_block_barrier_ = 0;
    live_ = count_;
    for (unsigned int i = 0; i < count_; ++i) {
      Fiber& fiber = fibers_[i];
      fiber.index = i;
      fiber.place = block;
      fiber.place.thread = {i, 0, 0};
    }
    current_ = nullptr;
    switch_from(main_);
  }

  const Place& place() const { return current_->place; }

  void sync_block() {
    Fiber& self = *current_;
    if (++at_block_barrier_ == live_) {
      release_block();
      return;
    }
    states_[self.index] = State::kAtBlockBarrier;
    switch_from(self);
  }

  void sync_warp() {
    Fiber& self = *current_;
    Warp& warp = warps_[self.index / 32];
    if (++warp.arrived == 32) {
      warp.arrived = 0;
      const auto lanes = states_.begin() + self.index / 32 * 32;
      std::replace(lanes, lanes + 32, State::kAtWarpBarrier, State::kReady);
      return;
    }
    states_[self.index] = State::kAtWarpBarrier;
    switch_from(self);
  }

  const unsigned char* publish(const void* value, std::size_t bytes) {
    Fiber& self = *current_;
    self.parity ^= 1U;
    unsigned char* slots = warps_[self.index / 32].slots[self.parity];
    std::memcpy(slots + std::size_t{64} * (self.index % 32), value, bytes);
    sync_warp();
    return slots;
  }

 private:
  void release_block() {
    at_block_barrier_ = 0;
    std::replace(states_.begin(), states_.end(), State::kAtBlockBarrier, State::kReady);
  }

  // The next thread that can run, starting next to `from`; null when all are done.
  Fiber* next(unsigned int from) {
    unsigned int index = from;
    for (unsigned int i = 0; i < count_; ++i) {
      index =
          reversed() ? (index == 0 ? count_ : index) - 1 : (index + 1 == count_ ? 0 : index + 1);
      if (states_[index] == State::kReady) {
        return &fibers_[index];
      }
    }
    if (live_ > 0) {
      stop("the threads of a block wait at different barriers");
    }
    return nullptr;
  }

  ELASTIC_SWITCH void enter(Fiber& fiber) {
    current_ = &fiber;
    if (!fiber.started) {
      fiber.started = true;
      fiber.stack = std::make_unique<unsigned char[]>(kStackBytes);
      getcontext(&start_);
      start_.uc_stack.ss_sp = fiber.stack.get();
      start_.uc_stack.ss_size = kStackBytes;
      start_.uc_link = nullptr;
      const auto address = reinterpret_cast<std::uintptr_t>(this);
      makecontext(&start_,
                  reinterpret_cast<void (*)()>(&Machine::trampoline),
                  2,
                  static_cast<unsigned int>(address),
                  static_cast<unsigned int>(address >> 32));
      setcontext(&start_);
    }
    __builtin_longjmp(fiber.jump, 1);
  }
  ELASTIC_SWITCH void leave() {
    current_ = nullptr;
    __builtin_longjmp(main_.jump, 1);
  }

  ELASTIC_SWITCH void switch_from(Fiber& self) {
    const bool from_main = &self == &main_;
    Fiber* target = next(from_main ? (reversed() ? 0 : count_ - 1) : self.index);
    if (target == &self) {
      current_ = &self;
      return;
    }
    if (__builtin_setjmp(self.jump) == 0) {
      if (target == nullptr) {
        leave();
      } else {
        enter(*target);
      }
    }
  }

  // A fiber's main function: runs one kernel thread after the other.
  void live() {
    for (;;) {
      (*body_)();
      Fiber& self = *current_;
      states_[self.index] = State::kDone;
      if (--live_ == at_block_barrier_ && live_ > 0) {
        release_block();
      }
      switch_from(self);
    }
  }
  static void trampoline(unsigned int low, unsigned int high) {
    reinterpret_cast<Machine*>(static_cast<std::uintptr_t>(low) | static_cast<std::uintptr_t>(high)
                                                                      << 32)
        ->live();
  }

  std::vector<Fiber> fibers_;
  std::vector<State> states_;  // by thread
  ucontext_t start_{};         // of the fiber that starts now
  std::vector<Warp> warps_;
  const std::function<void()>* body_ = nullptr;
  Fiber main_;
  Fiber* current_ = nullptr;
  unsigned int count_ = 0;
  unsigned int live_ = 0;
  unsigned int at_block_barrier_ = 0;
};

Machine& machine() {
  thread_local Machine result;
  return result;
}

using Recording = std::vector<std::function<void()>>;
Recording* recording = nullptr;
cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeThreadLocal;
std::recursive_mutex device_mutex;

}  // namespace

const Place& here() {
  return machine().place();
}
void sync_block() {
  machine().sync_block();
}
void sync_warp() {
  machine().sync_warp();
}
const unsigned char* publish(const void* value, std::size_t bytes) {
  return machine().publish(value, bytes);
}

void run_grid(const cudaLaunchConfig_t& config, const std::function<void()>& body) {
  const dim3 grid = config.gridDim;
  const std::int64_t blocks = static_cast<std::int64_t>(grid.x) * grid.y * grid.z;
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t i = 0; i < blocks; ++i) {
    arena().open_to_worker();
    const std::int64_t block = reversed() ? blocks - 1 - i : i;
    Place place;
    place.block = {static_cast<unsigned int>(block % grid.x),
                   static_cast<unsigned int>(block / grid.x % grid.y),
                   static_cast<unsigned int>(block / grid.x / grid.y)};
    place.block_size = config.blockDim;
    place.grid_size = grid;
    unsigned char* shared = elastic::cuda::dynamic_shared_memory;
    unsigned char* behind = shared + config.dynamicSmemBytes;
    std::memset(shared, 0xFF, config.dynamicSmemBytes);
    std::fill(behind, behind + kGuardBytes, kGuard);
    machine().run(place, body);
    if (std::any_of(behind, behind + kGuardBytes, [](unsigned char c) { return c != kGuard; })) {
      stop("a kernel wrote past the shared memory that it asked for");
    }
  }
}

void submit(std::function<void()> work) {
  const std::scoped_lock lock(device_mutex);
  if (recording != nullptr) {
    recording->push_back(std::move(work));
    return;
  }
  arena().protect(false);
  work();
  arena().protect(true);
}

cudaError_t check(const cudaLaunchConfig_t& config) {
  const dim3& block = config.blockDim;
  const dim3& grid = config.gridDim;
  const bool fits = block.x >= 1 && block.x <= kMaxThreads && block.x % 32 == 0 && block.y == 1 &&
                    block.z == 1 && grid.x >= 1 && grid.x <= 0x7FFFFFFFU && grid.y >= 1 &&
                    grid.y <= 65535 && grid.z >= 1 && grid.z <= 65535 &&
                    config.dynamicSmemBytes <= elastic::cuda::kSharedBytes;
  return fits ? cudaSuccess : cudaErrorInvalidValue;
}

void set_memory_limit(std::size_t bytes) {
  arena().set_limit(bytes);
}

}  // namespace emulation

using emulation::arena;
using emulation::recording;

struct CUgraph_st {
  emulation::Recording work;
};
struct CUgraphExec_st {
  emulation::Recording work;
};

const char* cudaGetErrorName(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation" : "cudaErrorInvalidValue";
}
const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : "invalid argument";
}
cudaError_t cudaGetLastError() {
  return cudaSuccess;
}
cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : cudaErrorInvalidValue;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"emulated on the host",
                 emulation::Arena::kBytes,
                 elastic::cuda::kSharedBytes,
                 /*multiProcessorCount=*/4,
                 9,
                 0};
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = arena().free_bytes();
  *total = arena().limit();
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
  const std::scoped_lock lock(emulation::device_mutex);
  if (recording != nullptr && emulation::capture_mode != cudaStreamCaptureModeRelaxed) {
    return cudaErrorInvalidValue;
  }
  *pointer = arena().allocate(bytes);
  return *pointer == nullptr ? cudaErrorMemoryAllocation : cudaSuccess;
}
cudaError_t cudaFree(void* pointer) {
  const std::scoped_lock lock(emulation::device_mutex);
  arena().release(pointer);
  return cudaSuccess;
}
cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned int) {
  *pointer = std::malloc(bytes);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* pointer) {
  std::free(pointer);
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(
    void* target, const void* source, std::size_t bytes, cudaMemcpyKind, cudaStream_t) {
  emulation::submit([=] { std::memmove(target, source, bytes); });
  return cudaSuccess;
}
cudaError_t cudaMemsetAsync(void* target, int value, std::size_t bytes, cudaStream_t) {
  emulation::submit([=] { std::memset(target, value, bytes); });
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int) {
  *stream = nullptr;
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t) {
  return recording == nullptr ? cudaSuccess : cudaErrorInvalidValue;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t, cudaStreamCaptureMode) {
  recording = new emulation::Recording;
  return cudaSuccess;
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, emulation::capture_mode);
  return cudaSuccess;
}
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t* graph) {
  *graph = new CUgraph_st{std::move(*recording)};
  delete recording;
  recording = nullptr;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* exec, cudaGraph_t graph, unsigned long long) {
  *exec = new CUgraphExec_st{graph->work};
  return cudaSuccess;
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t) {
  for (const auto& work : exec->work) {
    emulation::submit(work);
  }
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  delete exec;
  return cudaSuccess;
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int) {
  *event = nullptr;
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) {
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t) {
  return cudaSuccess;
}
