// The device that the tests compute on: ELASTIC_TEST_DEVICE=cuda, the CPU by default.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "tensor/backend.h"
#include "tensor/precision.h"
#include "test_main.h"

namespace elastic {

/// Ends the program when the variable names no device.
inline Device test_device() {
  static const Device device = [] {
    const char* name = std::getenv("ELASTIC_TEST_DEVICE");
    try {
      return name == nullptr || *name == '\0' ? Device::kCpu
                                              : parse_choice<Device>(name, "ELASTIC_TEST_DEVICE");
    } catch (const UsageError& error) {
      std::fprintf(stderr, "%s\n", error.what());
      std::exit(1);
    }
  }();
  return device;
}

inline Backend& test_backend() {
  return backend_for(test_device());
}

/// The precision of products in float32: ELASTIC_TEST_PRECISION, fp32 by default.
inline Precision test_precision() {
  static const Precision precision = [] {
    const char* name = std::getenv("ELASTIC_TEST_PRECISION");
    return name == nullptr || *name == '\0'
               ? Precision::kFp32
               : parse_choice<Precision>(name, "ELASTIC_TEST_PRECISION");
  }();
  return precision;
}

/// Whether tests that repeat a step many times should do with few: ELASTIC_TEST_BRIEF, set where
/// the device is emulated.
inline bool test_is_brief() {
  const char* brief = std::getenv("ELASTIC_TEST_BRIEF");
  return brief != nullptr && *brief != '\0';
}

/// "no device (WHY)" when the test device has no backend here, WHY when it lacks the precision,
/// otherwise empty.
inline std::string why_no_device() {
  try {
    test_backend().set_precision(test_precision());
  } catch (const DeviceError& error) {
    return concat("no device (", error.what(), ")");
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

// Every program with a test that includes this header needs the device.
inline const bool kNeedsDevice = [] {
  why_skipped = why_no_device;
  return true;
}();

}  // namespace elastic
