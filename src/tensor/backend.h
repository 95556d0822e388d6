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

/// The kernels of a piece of work, recorded once and run again at the cost of one call, on the same
/// memory.
class RecordedWork {
 public:
  virtual ~RecordedWork() = default;
  /// Every training step that a kernel was given (Dropout::step, CheckGradients) counts
  /// `steps_later` more than when it was recorded; AdamStep uses `options`.
  virtual void run(std::uint32_t steps_later, const AdamOptions& options) = 0;
};

class Backend {
 public:
  explicit Backend(Device device) : device_(device) {}
  virtual ~Backend() = default;

  virtual CachingAllocator& allocator() = 0;
  /// Throws UsageError where the device does not have it.
  virtual void set_precision(Precision precision) = 0;
  /// Waits until all work given to the device is done; read a clock after it, not before.
  virtual void synchronize() = 0;
  /// Bytes of the device's memory that can still be taken, the allocator's cache included.
  virtual std::size_t free_bytes() = 0;
  /// The name of the hardware, for people.
  virtual std::string description() = 0;

  /// Records the kernels that `work` runs, without running them. The work must neither read results
  /// nor copy from the host, and must have run before, so that all its memory is cached
  /// (CachingAllocator::use_recording_pool). Null where the device records nothing, and while a
  /// KernelObserver has to see every kernel.
  std::unique_ptr<RecordedWork> record(const std::function<void()>& work);

  // Copies move target.bytes() or source.bytes(); source and target have one shape and type. The
  // device's KernelObserver sees them.
  void copy_from_host(const void* source, Tensor& target);
  /// Waits for the result.
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
