// A device: its memory, copies, and the order of its work. Kernels are in tensor/kernel.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tensor/adam_options.h"
#include "tensor/allocator.h"
#include "tensor/precision.h"
#include "tensor/tensor.h"

namespace elastic {

/// A recorded sequence of kernels, run again on the same memory at the cost of one call.
class RecordedWork {
 public:
  virtual ~RecordedWork() = default;
  /// Runs the kernels with every training step in their operands (Dropout::step, CheckGradients)
  /// increased by `steps_later` since the recording; AdamStep uses `options`.
  virtual void run(std::uint32_t steps_later, const AdamOptions& options) = 0;
};

class Backend {
 public:
  explicit Backend(Device device) : device_(device) {}
  virtual ~Backend() = default;

  virtual CachingAllocator& allocator() = 0;
  /// Throws UsageError if the device does not support it.
  virtual void set_precision(Precision precision) = 0;
  /// Waits until all submitted work is done; measure time after it.
  virtual void synchronize() = 0;
  /// Bytes of device memory that can still be allocated, including the allocator's cache.
  virtual std::size_t free_bytes() = 0;
  /// The name of the hardware, for output.
  virtual std::string description() = 0;

  /// Records the kernels that `work` runs, without running them. The work must neither read results
  /// nor copy from the host, and must have run before, so that all its memory is cached
  /// (CachingAllocator::use_recording_pool). Returns null if the device cannot record or a
  /// KernelObserver is set.
  std::unique_ptr<RecordedWork> record(const std::function<void()>& work);

  // Copies of target.bytes() or source.bytes(); shapes and types are equal. The device's
  // KernelObserver sees them.
  void copy_from_host(const void* source, Tensor& target);
  /// Waits until the elements have arrived.
  void copy_to_host(const Tensor& source, void* target);
  void copy(const Tensor& source, Tensor& target);
  void fill(Tensor& target, double value);

 private:
  virtual std::unique_ptr<RecordedWork> do_record(const std::function<void()>& work) = 0;
  virtual void do_copy_from_host(const void* source, Tensor& target) = 0;
  virtual void do_copy_to_host(const Tensor& source, void* target) = 0;
  virtual void do_copy(const Tensor& source, Tensor& target) = 0;
  virtual void do_fill(Tensor& target, double value) = 0;

  Device device_;
};

/// The backend of a device. Throws DeviceError if it is not built in, or not present.
Backend& backend_for(Device device);

/// Copies between tensors of one device, shape and type.
void copy(const Tensor& source, Tensor& target);
/// Every element = value.
void fill(Tensor& target, double value);

/// Makes a device known to `backend_for`; `open` is called at first use.
class BackendEntry {
 public:
  BackendEntry(Device device, Backend& (*open)());
};

}  // namespace elastic
