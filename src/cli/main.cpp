#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "cli/application.h"

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

}  // namespace

int main(int argc, char** argv) {
  shorten_spinning(argv);
  return elastic::cli::run_application(argc, argv, environ);
}
