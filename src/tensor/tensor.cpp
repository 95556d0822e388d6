#include "tensor/tensor.h"

#include "base/error.h"
#include "tensor/backend.h"

namespace elastic {

Storage::Storage(std::size_t bytes, Device device, Memory kind)
    : data_(backend_for(device).allocator().allocate(bytes, kind)),
      bytes_(bytes),
      device_(device),
      kind_(kind) {}

Storage::~Storage() {
  backend_for(device_).allocator().deallocate(data_, bytes_, kind_);
}

Tensor::Tensor(Shape shape, DType dtype, Device device, Memory kind)
    : storage_(std::make_shared<Storage>(
          static_cast<std::size_t>(shape.numel()) * size_of(dtype), device, kind)),
      shape_(shape),
      dtype_(dtype),
      device_(device) {}

template <class T>
Tensor Tensor::from(const std::vector<T>& values, Shape shape, Device device, Memory kind) {
  require_shape(static_cast<std::int64_t>(values.size()) == shape.numel(),
                "tensor: ",
                values.size(),
                " values do not fill shape ",
                shape);
  Tensor result(shape, DTypeOf<T>::kValue, device, kind);
  backend_for(device).copy_from_host(values.data(), result);
  return result;
}

template <class T>
std::vector<T> Tensor::to_vector() const {
  check_type(DTypeOf<T>::kValue);
  std::vector<T> values(static_cast<std::size_t>(numel()));
  backend_for(device_).copy_to_host(*this, values.data());
  return values;
}

#define ELASTIC_INSTANTIATE(T)                                                   \
  template Tensor Tensor::from<T>(const std::vector<T>&, Shape, Device, Memory); \
  template std::vector<T> Tensor::to_vector<T>() const;
ELASTIC_INSTANTIATE(float)
ELASTIC_INSTANTIATE(double)
ELASTIC_INSTANTIATE(std::int32_t)
#undef ELASTIC_INSTANTIATE

void* Tensor::raw_data() const {
  ELASTIC_CHECK(defined(), "no tensor");
  return static_cast<char*>(storage_->data()) + offset_bytes_;
}

Tensor Tensor::reshape(Shape shape) const {
  require_shape(shape.numel() == numel(), "reshape: ", shape_, " does not fit ", shape);
  Tensor result = *this;
  result.shape_ = shape;
  return result;
}

Tensor Tensor::slice(std::int64_t begin, std::int64_t end) const {
  require_shape(shape_.rank() >= 1 && begin >= 0 && begin <= end && end <= shape_[0],
                "slice: rows [",
                begin,
                ", ",
                end,
                ") of ",
                shape_);
  std::vector<std::int64_t> extents;
  std::int64_t row = 1;
  for (int i = 0; i < shape_.rank(); ++i) {
    extents.push_back(i == 0 ? end - begin : shape_[i]);
    row *= i == 0 ? 1 : shape_[i];
  }
  Tensor result = *this;
  result.shape_ = Shape(extents);
  result.offset_bytes_ += static_cast<std::size_t>(begin * row) * size_of(dtype_);
  return result;
}

void Tensor::check_type(DType asked) const {
  ELASTIC_CHECK(asked == dtype_, "asked for ", asked, ", the tensor holds ", dtype_);
}

Tensor empty_like(const Tensor& like, Memory kind) {
  return {like.shape(), like.dtype(), like.device(), kind};
}

Tensor zeros(Shape shape, DType dtype, Device device, Memory kind) {
  Tensor result(shape, dtype, device, kind);
  fill(result, 0.0);
  return result;
}

Tensor zeros_like(const Tensor& like, Memory kind) {
  return zeros(like.shape(), like.dtype(), like.device(), kind);
}

Tensor clone(const Tensor& source, Memory kind) {
  Tensor result = empty_like(source, kind);
  copy(source, result);
  return result;
}

}  // namespace elastic
