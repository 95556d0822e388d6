#include "tensor/dtype.h"

namespace elastic {

std::size_t size_of(DType dtype) {
  return dtype == DType::kFloat64 ? 8 : 4;
}

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "float32";
    case DType::kFloat64:
      return "float64";
    case DType::kInt32:
      return "int32";
  }
  return "unknown";
}

std::ostream& operator<<(std::ostream& out, DType dtype) {
  return out << name_of(dtype);
}

const char* name_of(Device device) {
  return choice_name(device);
}

}  // namespace elastic
