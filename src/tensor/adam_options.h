// Settings of one Adam step.
#pragma once

#include <cstdint>

namespace elastic {

struct AdamOptions {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  ///< decoupled (AdamW)
  double clip_norm = 0.0;     ///< 0: no clipping
  std::int64_t step = 1;      ///< from 1, for the bias correction
};

}  // namespace elastic
