#!/usr/bin/env bash
# Builds and runs all tests, then the tests of the C++ code again with the address and
# undefined-behaviour sanitizers. Stops after the first part that fails, so the last lines of output
# are the ctest summary of that part.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ensure_packages
# Without a GPU, compiling for one architecture finds the same errors in half the time.
architectures=()
has_gpu || architectures=(-DCMAKE_CUDA_ARCHITECTURES=90)
# Sets AUTO even if scripts/demo.sh has built without CUDA.
build build all -DCMAKE_BUILD_TYPE=Release -DELASTIC_CUDA=AUTO -DELASTIC_TESTS=ON \
  "${architectures[@]}"
ctest --test-dir build --output-on-failure -j "$(nproc)"

build build-sanitize all -DCMAKE_BUILD_TYPE=RelWithDebInfo -DELASTIC_SANITIZE=ON \
  -DELASTIC_CUDA=OFF -DELASTIC_TESTS=ON
say "the same tests with sanitizers"
ctest --test-dir build-sanitize --output-on-failure -j "$(nproc)" -LE 'house|slow'
