// Kernels: the computations of a device, each declared once as a struct of its operands.
//
// src/tensor/kernels/<stem>.h declares the struct: meaning, shapes, operands and cost. The function
// that computes it on a device is entered in its table by the file that defines the function
// (src/tensor/cpu/<stem>.cpp: OnCpu, src/cuda/<stem>.cu: OnCuda). `run` picks the function by the
// device and type of the operands. Ops check shapes first; kernels trust their operands.
//
// Letters as in docs/glossary.md: T tokens, B sequences, D hidden size, H heads, Dh = D / H, F FFN
// size, V items, k experts. Real tensors of one kernel share one type, float32 or float64; ids,
// rows and offsets are int32. Outputs are overwritten, unless the name or comment says that the
// kernel adds to them. A null `Tensor*` gradient is not wanted. Results are the same bits for any
// number of threads.
//
// Cost, one rule for all kernels:
// - `flops()` counts 2 for each multiply-add of the products that the operation is defined by
//   (matrix products, scores, weighted sums, running sums of products), in forward and backward.
//   Masked pairs and products that backward computes again are not counted. Element-wise work,
//   reductions, softmax, norms, gates, sorting and the optimiser count 0: memory bounds them.
// - Bytes are those of all operands, each once: the least that memory has to move. Of a table that
//   is read or written by rows, the rows touched count (SomeRows).
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tensor/operands.h"

namespace elastic {

template <class K>
concept Kernel = HasOperands<K> && requires(const K& kernel) {
  { K::kName } -> std::convertible_to<const char*>;
  { kernel.flops() } -> std::convertible_to<double>;
};

/// The functions that compute K, by device and DType; null if there is none. Filled before main().
template <Kernel K>
struct KernelTable {
  using Function = void (*)(const K&);
  // No std::array: nvcc takes its type for incomplete in kernels that call others.
  static inline constinit Function functions[kNumDevices][kNumDTypes] = {};
};

/// A kernel's name and a device that has it.
struct KernelEntry {
  const char* name;
  Device device;
};
/// Every kernel of every device in this program, in no particular order.
std::vector<KernelEntry>& kernel_entries();

/// Enters the functions that compute K on a device.
template <Device device, Kernel K>
class KernelOn {
 public:
  using Function = typename KernelTable<K>::Function;
  /// Registers a kernel over reals.
  KernelOn(Function float32, Function float64) {
    table()[static_cast<std::size_t>(DType::kFloat32)] = float32;
    table()[static_cast<std::size_t>(DType::kFloat64)] = float64;
    kernel_entries().push_back({K::kName, device});
  }
  /// Registers a kernel over int32 only.
  explicit KernelOn(Function int32) {
    table()[static_cast<std::size_t>(DType::kInt32)] = int32;
    kernel_entries().push_back({K::kName, device});
  }

 private:
  static auto& table() { return KernelTable<K>::functions[static_cast<std::size_t>(device)]; }
};

// Classes, not aliases: clang 16 does not deduce template arguments of aliases.
template <Kernel K>
struct OnCpu : KernelOn<Device::kCpu, K> {
  OnCpu(void (*float32)(const K&), void (*float64)(const K&))
      : KernelOn<Device::kCpu, K>(float32, float64) {}
  explicit OnCpu(void (*int32)(const K&)) : KernelOn<Device::kCpu, K>(int32) {}
};
template <Kernel K>
struct OnCuda : KernelOn<Device::kCuda, K> {
  OnCuda(void (*float32)(const K&), void (*float64)(const K&))
      : KernelOn<Device::kCuda, K>(float32, float64) {}
  explicit OnCuda(void (*int32)(const K&)) : KernelOn<Device::kCuda, K>(int32) {}
};

/// The cost and the operands of one call.
struct KernelFacts {
  double flops = 0.0;
  double bytes = 0.0;
  std::vector<OperandShape> shapes;
};

/// Watches the kernels that run on a device.
class KernelObserver {
 public:
  virtual ~KernelObserver() = default;
  virtual void begin(const char* kernel) = 0;
  /// `facts` is called by the observer, after it has taken the time.
  virtual void end(const char* kernel, const std::function<KernelFacts()>& facts) = 0;
};
/// The observer of a device, or null.
KernelObserver* kernel_observer(Device device);
/// From now on `observer` sees every kernel on `device`; null removes it.
void set_kernel_observer(Device device, KernelObserver* observer);

/// Throws the error for a kernel without a tensor operand, or without a function for the device and
/// type.
[[noreturn]] void refuse_kernel(const char* kernel, const Tensor* tensor);

/// Computes a kernel without notifying the observer: for kernels composed of others.
template <Kernel K>
void call(const K& kernel) {
  const Tensor* tensor = deciding_tensor(kernel);
  const auto function = tensor == nullptr
                            ? nullptr
                            : KernelTable<K>::functions[static_cast<std::size_t>(tensor->device())]
                                                       [static_cast<std::size_t>(tensor->dtype())];
  if (function == nullptr) {
    refuse_kernel(K::kName, tensor);
  }
  function(kernel);
}

/// Computes a kernel on the device of its operands. Throws DeviceError if the device lacks it.
template <Kernel K>
void run(const K& kernel) {
  const Tensor* tensor = deciding_tensor(kernel);
  KernelObserver* observer = tensor == nullptr ? nullptr : kernel_observer(tensor->device());
  if (observer == nullptr) {
    call(kernel);
    return;
  }
  observer->begin(K::kName);
  call(kernel);
  observer->end(K::kName, [&kernel] {
    KernelFacts facts{kernel.flops(), bytes_of(kernel), {}};
    append_shapes("", kernel, facts.shapes);
    return facts;
  });
}

}  // namespace elastic
