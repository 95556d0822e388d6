// Creates tensors on the test device and reads them, for tests.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/random.h"
#include "tensor/backend.h"
#include "tensor/segments.h"
#include "tensor/tensor.h"
#include "tensor/threads.h"
#include "test_device.h"
#include "tolerances.h"

namespace elastic {

inline std::vector<double> to_doubles(const Tensor& tensor) {
  if (tensor.dtype() == DType::kFloat64) {
    return tensor.to_vector<double>();
  }
  const std::vector<float> values = tensor.to_vector<float>();
  return {values.begin(), values.end()};
}

template <class T>
Tensor tensor_of(const std::vector<T>& values, const Shape& shape) {
  return Tensor::from(values, shape, test_device());
}

/// A float32 or float64 tensor.
inline Tensor make_tensor(const std::vector<double>& values, const Shape& shape, DType dtype) {
  if (dtype == DType::kFloat64) {
    return tensor_of(values, shape);
  }
  return tensor_of(std::vector<float>(values.begin(), values.end()), shape);
}

/// Normal numbers, a function of shape and seed.
inline Tensor random_tensor(const Shape& shape, std::uint64_t seed, DType dtype) {
  RandomStream stream(seed, RandomPurpose::kInit, static_cast<std::uint64_t>(shape.numel()));
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (double& value : values) {
    value = stream.normal();
  }
  return make_tensor(values, shape, dtype);
}

/// Numbers in low..high, a function of count and seed.
inline std::vector<std::int32_t> random_ids(std::int64_t count,
                                            std::int32_t low,
                                            std::int32_t high,
                                            std::uint64_t seed) {
  RandomStream stream(seed, RandomPurpose::kShuffle, static_cast<std::uint64_t>(count));
  std::vector<std::int32_t> ids;
  for (std::int64_t i = 0; i < count; ++i) {
    ids.push_back(
        low + static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(high - low + 1))));
  }
  return ids;
}

inline Tensor int_tensor(const std::vector<std::int32_t>& values) {
  return tensor_of(values, {static_cast<std::int64_t>(values.size())});
}

inline Segments segments_of(const std::vector<std::int32_t>& lengths) {
  std::vector<std::int32_t> offsets{0};
  for (const std::int32_t length : lengths) {
    offsets.push_back(offsets.back() + length);
  }
  return {offsets, test_device()};
}

/// The elements' bytes, whatever their type and device.
inline std::vector<std::byte> bits_of(const Tensor& tensor) {
  std::vector<std::byte> bits(tensor.bytes());
  backend_for(tensor.device()).copy_to_host(tensor, bits.data());
  return bits;
}

inline bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && bits_of(a) == bits_of(b);
}

/// Largest difference relative to the largest entry of `want`; infinite when sizes differ or a
/// value is not a number.
inline double relative_error(const std::vector<double>& want, const std::vector<double>& got) {
  if (want.size() != got.size()) {
    return INFINITY;
  }
  double largest = 0.0;
  double error = 0.0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (!std::isfinite(got[i])) {
      return INFINITY;
    }
    largest = std::max(largest, std::abs(want[i]));
    error = std::max(error, std::abs(want[i] - got[i]));
  }
  return error < 1e-12 ? 0.0 : error / std::max(largest, 1e-300);
}

/// True when the tests run on the CPU. Otherwise prints that the running test, which is about the
/// CPU's own kernels, blocks or threads, is skipped.
inline bool on_cpu() {
  if (test_device() == Device::kCpu) {
    return true;
  }
  std::printf("skipped on %s: %s\n",
              name_of(test_device()),
              doctest::getContextOptions()->currentTest->m_name);
  return false;
}

/// Sets the CPU kernels' number of threads during its lifetime; no effect on other devices.
class Threads {
 public:
  explicit Threads(int count) : before_(num_threads()) { set_num_threads(count); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// The message of the Error that `body` throws; empty when it throws none.
inline std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace elastic
