// The entry point of the doctest programs.
#include "test_main.h"

#include <cstdio>

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

int main(int argc, char** argv) {
  const std::string reason = elastic::why_skipped == nullptr ? "" : elastic::why_skipped();
  if (!reason.empty()) {
    std::printf("skipped: %s\n", reason.c_str());
    return elastic::kSkipped;
  }
  return doctest::Context(argc, argv).run();
}
