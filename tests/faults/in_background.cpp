// Makes a program write checkpoints of any size in the background.
#include "train/checkpoint_saver.h"

namespace {

[[maybe_unused]] const bool lowered = [] {
  elastic::train::background_bytes = 0;
  return true;
}();

}  // namespace
