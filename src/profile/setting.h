// The state of the process that a workload runs in.
#pragma once

#include <optional>

#include "tensor/dtype.h"
#include "tensor/precision.h"

namespace elastic::profile {

/// Values that are not set stay those of the process.
struct Setting {
  std::optional<int> threads;  ///< 0: one per core
  std::optional<Precision> precision;

  bool operator==(const Setting&) const = default;
};

/// Throws UsageError if the device does not support the precision.
void apply(const Setting& setting, Device device);

}  // namespace elastic::profile
