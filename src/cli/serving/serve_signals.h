// Signals of a server, read from a descriptor: SIGTERM and SIGINT to stop, SIGHUP to reload.
#pragma once

#include "base/descriptor.h"

namespace elastic::cli {

/// Blocks the signals for the calling thread and those that it starts. A signal that was ignored
/// before (nohup) stays ignored.
class ServeSignals {
 public:
  ServeSignals();

  /// Readable when a signal has arrived.
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }
  /// The next signal that has arrived; 0: none.
  int next();

 private:
  Descriptor descriptor_;
};

}  // namespace elastic::cli
