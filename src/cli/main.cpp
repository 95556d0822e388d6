#include <unistd.h>

#include "cli/application.h"

int main(int argc, char** argv) {
  return elastic::cli::run_application(argc, argv, environ);
}
