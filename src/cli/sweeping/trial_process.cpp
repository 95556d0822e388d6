#include "cli/sweeping/trial_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/retry.h"

namespace elastic::cli {
namespace {

constexpr const char* kProgram = "/proc/self/exe";

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));  // NOLINT: execve does not write
  }
  pointers.push_back(nullptr);
  return pointers;
}

struct Preparation {
  char* const* arguments;
  char* const* environment;
  int input;
  int output;
  int kept;
  pid_t parent;
};

// Runs in the child, where only calls that are safe in a signal handler are allowed.
[[noreturn]] void become(const Preparation& made) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const bool ready = getppid() == made.parent && dup2(made.input, STDIN_FILENO) >= 0 &&
                     dup2(made.output, STDOUT_FILENO) >= 0 &&
                     dup2(made.output, STDERR_FILENO) >= 0 && fcntl(made.kept, F_SETFD, 0) == 0;
  if (ready) {
    execve(kProgram, made.arguments, made.environment);
  }
  _exit(127);
}

}  // namespace

TrialProcess::TrialProcess(const std::vector<std::string>& arguments,
                           const std::vector<std::string>& environment,
                           const std::string& log,
                           int kept) {
  std::vector<std::string> all{"elastic"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const std::vector<char*> argument_list = pointers_to(all);
  const std::vector<char*> environment_list = pointers_to(environment);
  Descriptor input;
  Descriptor output;
  input.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  output.reset(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (input.get() < 0 || output.get() < 0) {
    throw Error(concat(log, ": cannot be written: ", std::strerror(errno)));
  }
  const Preparation made{
      argument_list.data(), environment_list.data(), input.get(), output.get(), kept, getpid()};
  pid_ = fork();
  if (pid_ == 0) {
    become(made);
  }
  if (pid_ < 0) {
    throw Error(concat("a process for a trial cannot be started: ", std::strerror(errno)));
  }
}

TrialProcess::TrialProcess(TrialProcess&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

TrialProcess& TrialProcess::operator=(TrialProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  return *this;
}

TrialProcess::~TrialProcess() {
  if (pid_ > 0) {
    send(SIGKILL);
    retry_interrupted([this] { return waitpid(pid_, nullptr, 0); });
  }
}

std::optional<int> TrialProcess::poll() {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, WNOHANG) != pid_) {
    return std::nullopt;
  }
  pid_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void TrialProcess::send(int signal) const {
  if (pid_ > 0) {
    ::kill(pid_, signal);
  }
}

}  // namespace elastic::cli
