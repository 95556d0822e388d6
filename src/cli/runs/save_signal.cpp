#include "cli/runs/save_signal.h"

namespace elastic::cli {
namespace {

std::atomic<bool> asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler writes it");

extern "C" void on_save_signal(int /*signal*/) {
  asked = true;
}

void mask_signal(int how) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGUSR1);
  pthread_sigmask(how, &signals, nullptr);
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
  mask_signal(SIG_UNBLOCK);  // a signal that was held back arrives now
}

SaveSignal::~SaveSignal() {
  hold();  // the process is about to end
  sigaction(SIGUSR1, &before_, nullptr);
}

void SaveSignal::hold() {
  mask_signal(SIG_BLOCK);
}

std::atomic<bool>& SaveSignal::received() {
  return asked;
}

}  // namespace elastic::cli
