// Adam's numbers of a step, in device memory: recorded work reads those of the step it runs for.
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
  double decay;  ///< what AdamW leaves of a weight
  double clip_norm;
};

/// Puts them where adam_step's kernel finds them.
void upload_adam_scalars(const AdamOptions& options);

}  // namespace elastic::cuda
