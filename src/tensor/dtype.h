// Element types and devices of a tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>

#include "base/choice.h"

namespace elastic {

enum class DType { kFloat32, kFloat64, kInt32 };
inline constexpr std::size_t kNumDTypes = 3;

/// Bytes of one element.
std::size_t size_of(DType dtype);
const char* name_of(DType dtype);
std::ostream& operator<<(std::ostream& out, DType dtype);

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr DType kValue = DType::kFloat32;
};
template <>
struct DTypeOf<double> {
  static constexpr DType kValue = DType::kFloat64;
};
template <>
struct DTypeOf<std::int32_t> {
  static constexpr DType kValue = DType::kInt32;
};

enum class Device { kCpu, kCuda };
constexpr auto choices_of(Device) {
  return std::to_array<Choice<Device>>({{Device::kCpu, "cpu"}, {Device::kCuda, "cuda"}});
}
inline constexpr std::size_t kNumDevices = 2;

const char* name_of(Device device);

}  // namespace elastic
