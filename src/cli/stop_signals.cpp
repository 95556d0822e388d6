#include "cli/stop_signals.h"

#include <unistd.h>

namespace elastic::cli {
namespace {

volatile std::sig_atomic_t first_signal = 0;

extern "C" void on_signal(int signal) {
  if (first_signal != 0) {
    _exit(128 + signal);
  }
  first_signal = signal;
}

}  // namespace

StopSignals::StopSignals() {
  first_signal = 0;
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) {
      sigaction(kSignals[i], &action, nullptr);
    }
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &before_[i], nullptr);
  }
}

int StopSignals::received() {
  return first_signal;
}

}  // namespace elastic::cli
