// How fast this machine is at the two things that bound everything else: products and memory.
#pragma once

#include <string>

#include "tensor/dtype.h"

namespace elastic::profile {

struct MachineRates {
  std::string device;         ///< what computes, for people
  double sgemm_gflops = 0.0;  ///< products of float32 matrices in the session's precision, 1024^3
                              ///< or what takes a millisecond, the best of several
  double triad_gbps = 0.0;    ///< a = b + c over arrays far larger than the caches, 10^9 bytes/s
  int threads = 1;
};

/// Takes about a second. Measured with the project's own kernels, the ones that are to be judged.
MachineRates measure_machine(Device device);

}  // namespace elastic::profile
