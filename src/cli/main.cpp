#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "cli/application.h"

namespace {

// OpenMP's threads spin for milliseconds between kernels unless told otherwise before the program
// starts: beside another busy process that is ten times slower. A shorter spin costs nothing on a
// quiet machine. Who set either variable is left alone, and so is a system without /proc.
void shorten_spinning(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr && std::getenv("GOMP_SPINCOUNT") == nullptr) {
    setenv("GOMP_SPINCOUNT", "20000", 1);
    // By its own path: the process keeps the name by which `pkill` and `top` know it.
    std::error_code error;
    execv(std::filesystem::read_symlink("/proc/self/exe", error).c_str(), argv);
  }
}

}  // namespace

int main(int argc, char** argv) {
  shorten_spinning(argv);
  return elastic::cli::run_application(argc, argv, environ);
}
