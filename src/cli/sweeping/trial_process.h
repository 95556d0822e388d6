// A training as a child process: the same program, with its output in a file.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace elastic::cli {

class TrialProcess {
 public:
  /// Starts `elastic ARGUMENTS...` with `environment` ("NAME=value" each), standard output and
  /// error appended to `log`, and no input. The child has a process group of its own, so that a
  /// Ctrl-C reaches only this process. It gets SIGTERM if this process dies. It inherits the open
  /// file `kept`, and with it a lock on that file. Throws Error if it cannot be started.
  TrialProcess(const std::vector<std::string>& arguments,
               const std::vector<std::string>& environment,
               const std::string& log,
               int kept);
  TrialProcess(TrialProcess&& other) noexcept;
  TrialProcess& operator=(TrialProcess&& other) noexcept;
  TrialProcess(const TrialProcess&) = delete;
  /// Kills a child that still runs.
  ~TrialProcess();

  /// The exit code once the child has ended; 128 + the signal that ended it.
  std::optional<int> poll();
  void send(int signal) const;

 private:
  pid_t pid_ = -1;
};

}  // namespace elastic::cli
