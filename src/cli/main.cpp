#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "cli/application.h"
#include "cli/runs/save_signal.h"

namespace {

// Runs the program again with a shorter spin of OpenMP's threads, which read GOMP_SPINCOUNT before
// main. By default they spin for milliseconds between kernels, which is ten times slower next
// to another busy process; a shorter spin costs nothing on a quiet machine. Does nothing if either
// variable is set, and on a system without /proc.
void shorten_spinning(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr && std::getenv("GOMP_SPINCOUNT") == nullptr) {
    setenv("GOMP_SPINCOUNT", "20000", 1);
    // Uses the real path, so that the process keeps its name for `pkill` and `top`.
    std::error_code error;
    execv(std::filesystem::read_symlink("/proc/self/exe", error).c_str(), argv);
  }
}

// Opens those of the descriptors 0, 1 and 2 that the caller has closed. Otherwise the next file
// would take their place, and messages would land in it.
void open_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF &&
        open("/dev/null", O_RDWR) != descriptor) {
      _exit(EXIT_FAILURE);  // no message has a place to go
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_descriptors();
  elastic::cli::SaveSignal::hold();
  shorten_spinning(argv);
  return elastic::cli::run_application(argc, argv, environ);
}
