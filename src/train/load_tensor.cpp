#include "train/load_tensor.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "tensor/backend.h"

namespace elastic::train {

namespace {

template <class T>
void check_elements(const Safetensors& file, const std::string& name, const Tensor& tensor) {
  const T* const begin = tensor.data<T>();
  const T* const end = begin + tensor.numel();
  const T* const found =
      std::find_if_not(begin, end, [](T element) { return std::isfinite(element); });
  if (found != end) {
    throw CheckpointError(file.path,
                          ": tensor '",
                          name,
                          "': expected finite numbers, got ",
                          *found,
                          " at element ",
                          found - begin);
  }
}

void check_finite(const Safetensors& file, const std::string& name) {
  const Tensor& tensor = file.find(name);
  if (tensor.dtype() == DType::kFloat32) {
    check_elements<float>(file, name, tensor);
  } else if (tensor.dtype() == DType::kFloat64) {
    check_elements<double>(file, name, tensor);
  }
}

}  // namespace

void check_tensor(const Safetensors& file,
                  const std::string& name,
                  const Shape& shape,
                  DType dtype) {
  const Tensor& source = file.find(name);
  if (source.shape() != shape || source.dtype() != dtype) {
    throw CheckpointError(file.path,
                          ": tensor '",
                          name,
                          "': expected ",
                          dtype,
                          " ",
                          shape,
                          ", got ",
                          source.dtype(),
                          " ",
                          source.shape());
  }
}

Tensor checked_tensor(const Safetensors& file,
                      const std::string& name,
                      const Shape& shape,
                      DType dtype) {
  check_tensor(file, name, shape, dtype);
  check_finite(file, name);
  return file.find(name);
}

void load_tensor(const Safetensors& file, const std::string& name, Tensor& target) {
  const Tensor source = checked_tensor(file, name, target.shape(), target.dtype());
  if (source.raw_data() != target.raw_data()) {
    backend_for(target.device()).copy_from_host(source.raw_data(), target);
  }
}

}  // namespace elastic::train
