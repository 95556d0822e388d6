#include "cli/runs/save_signal.h"

namespace elastic::cli {
namespace {

std::atomic<bool> asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

extern "C" void on_save_signal(int /*signal*/) {
  asked = true;
}

}  // namespace

SaveSignal::SaveSignal() {
  asked = false;
  struct sigaction action {};
  action.sa_handler = on_save_signal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, nullptr, &before_);
  if (before_.sa_handler != SIG_IGN) {
    sigaction(SIGUSR1, &action, nullptr);
  }
}

SaveSignal::~SaveSignal() {
  sigaction(SIGUSR1, &before_, nullptr);
}

std::atomic<bool>& SaveSignal::received() {
  return asked;
}

}  // namespace elastic::cli
