// The two rates of this machine that bound everything else: matrix products and memory.
#pragma once

#include <string>

#include "tensor/dtype.h"

namespace elastic::profile {

struct MachineRates {
  std::string device;         ///< description of the device, for people
  double sgemm_gflops = 0.0;  ///< products of float32 matrices in the session's precision, of
                              ///< size 1024^3 or larger to take a millisecond, the best of several
  double triad_gbps = 0.0;    ///< a = b + c over arrays far larger than the caches, 10^9 bytes/s
  int threads = 1;
};

/// Measures the rates with the project's own kernels, those that are to be judged. Takes about a
/// second.
MachineRates measure_machine(Device device);

}  // namespace elastic::profile
