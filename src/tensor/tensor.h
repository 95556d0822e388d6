// A contiguous, reference-counted array on one device.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/memory.h"
#include "tensor/shape.h"

namespace elastic {

/// A block of device memory; its last owner returns it to the backend's allocator.
class Storage {
 public:
  Storage(std::size_t bytes, Device device, Memory kind);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  [[nodiscard]] void* data() const { return data_; }

 private:
  void* data_;
  std::size_t bytes_;
  Device device_;
  Memory kind_;
};

/// Copying a Tensor copies a handle; the elements are shared. Always row-major and contiguous.
class Tensor {
 public:
  /// An undefined tensor: `defined()` is false.
  Tensor() = default;
  /// Uninitialised elements.
  Tensor(Shape shape, DType dtype, Device device, Memory kind = Memory::kActivation);

  /// Copies host values to a new tensor on `device`. Throws ShapeError if their number does not
  /// match.
  template <class T>
  static Tensor from(const std::vector<T>& values,
                     Shape shape,
                     Device device = Device::kCpu,
                     Memory kind = Memory::kActivation);
  /// The elements on the host, whatever the device. T must be the tensor's own type.
  template <class T>
  [[nodiscard]] std::vector<T> to_vector() const;

  [[nodiscard]] bool defined() const { return storage_ != nullptr; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] Device device() const { return device_; }
  [[nodiscard]] std::int64_t numel() const { return shape_.numel(); }
  [[nodiscard]] std::int64_t rows() const { return shape_.rows(); }
  [[nodiscard]] std::int64_t cols() const { return shape_.rank() == 0 ? 1 : shape_[-1]; }
  [[nodiscard]] std::size_t bytes() const {
    return static_cast<std::size_t>(numel()) * size_of(dtype_);
  }
  /// True when no other handle shares the elements.
  [[nodiscard]] bool unique() const { return storage_.use_count() == 1; }

  /// Device pointer to the first element. Only backends may dereference it.
  template <class T>
  [[nodiscard]] T* data() const {
    check_type(DTypeOf<T>::kValue);
    return static_cast<T*>(raw_data());
  }
  [[nodiscard]] void* raw_data() const;

  /// The same elements under another shape. Throws ShapeError when the number differs.
  [[nodiscard]] Tensor reshape(Shape shape) const;
  /// Rows [begin, end) of the first dimension, sharing the elements.
  [[nodiscard]] Tensor slice(std::int64_t begin, std::int64_t end) const;

 private:
  void check_type(DType asked) const;

  std::shared_ptr<Storage> storage_;
  std::size_t offset_bytes_ = 0;
  Shape shape_;
  DType dtype_ = DType::kFloat32;
  Device device_ = Device::kCpu;
};

/// An uninitialised tensor with the shape, type and device of `like`.
Tensor empty_like(const Tensor& like, Memory kind = Memory::kActivation);
/// A tensor of zeros.
Tensor zeros(Shape shape, DType dtype, Device device, Memory kind = Memory::kActivation);
Tensor zeros_like(const Tensor& like, Memory kind = Memory::kActivation);
/// A copy with its own elements.
Tensor clone(const Tensor& source, Memory kind = Memory::kActivation);

}  // namespace elastic
