// Decisions that all processes of a training must share.
#pragma once

#include <string>

#include "dist/communicator.h"
#include "train/checkpoint.h"

namespace elastic::train {

/// Requests that a training looks for before each step.
struct Requests {
  int stop = 0;  ///< the signal; 0: none
  bool save = false;
  bool out_of_time = false;
};

/// Those of any rank; of different signals the largest.
Requests agree(dist::Communicator& ranks, const Requests& mine);

/// Throws CheckpointError naming `path` unless all ranks have read the same state from it.
void require_same_state(dist::Communicator& ranks,
                        const TrainState& state,
                        const std::string& path);

}  // namespace elastic::train
