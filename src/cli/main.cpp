#include <unistd.h>

#include <cstdlib>

#include "cli/application.h"

namespace {

// OpenMP's threads spin for milliseconds between kernels unless told otherwise before the program
// starts: beside another busy process that is ten times slower. A shorter spin costs nothing on a
// quiet machine. Who set either variable is left alone, and so is a system without /proc.
void shorten_spinning(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") == nullptr && std::getenv("GOMP_SPINCOUNT") == nullptr) {
    setenv("GOMP_SPINCOUNT", "20000", 1);
    execv("/proc/self/exe", argv);
  }
}

}  // namespace

int main(int argc, char** argv) {
  shorten_spinning(argv);
  return elastic::cli::run_application(argc, argv, environ);
}
