#include "tensor/dtype.h"

#include "base/error.h"

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
  return device == Device::kCpu ? "cpu" : "cuda";
}

Device parse_device(const std::string& name) {
  if (name == "cpu") {
    return Device::kCpu;
  }
  if (name == "cuda") {
    return Device::kCuda;
  }
  throw UsageError("--device: expected cpu or cuda, got '", name, "'");
}

}  // namespace elastic
