#include "cli/serving/serve_signals.h"

#include <sys/signalfd.h>

#include <csignal>

#include "base/error.h"

namespace elastic::cli {

ServeSignals::ServeSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  descriptor_.reset(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  ELASTIC_CHECK(descriptor_.get() >= 0, "signalfd");
}

int ServeSignals::next() {
  signalfd_siginfo info{};
  const ssize_t count = ::read(descriptor_.get(), &info, sizeof info);
  return count == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace elastic::cli
