// Adam's scalars of a step, in device memory: recorded work reads those of the current step.
#pragma once

#include "tensor/adam_options.h"
#include "tensor/backend.h"

namespace elastic::cuda {

/// Adam's update of an element, with bias corrections taken in.
struct AdamScalars {
  double beta1, beta2;
  double rate;  ///< learning rate over the first moment's correction
  double root;  ///< 1 / sqrt(the second moment's correction)
  double epsilon;
  double decay;  ///< factor of a weight: 1 - rate * weight decay
  double clip_norm;
};

/// Copies a step's scalars to the device memory that Adam's kernels read.
void upload_adam_scalars(const AdamOptions& options);

}  // namespace elastic::cuda
