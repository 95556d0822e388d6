#!/usr/bin/env bash
# Builds and runs all tests, then the tests of the C++ code again with the address and
# undefined-behaviour sanitizers. Stops after the first part that fails, so the last lines of output
# are the ctest summary of that part.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

libraries+=(openmpi-bin libopenmpi-dev) # for the test of training by several processes
ensure_packages
# Without a GPU, compiling for one architecture and optimising little finds the same errors in a
# third of the time; with one, -U restores full optimisation.
kernels=(-U CMAKE_CUDA_FLAGS_RELEASE)
has_gpu || kernels=(-DCMAKE_CUDA_ARCHITECTURES=90
  "-DCMAKE_CUDA_FLAGS_RELEASE=-O0 -DNDEBUG -Xcicc=-O1 -Xptxas=-O1")
# Sets AUTO even if scripts/demo.sh has built without CUDA.
build build all -DCMAKE_BUILD_TYPE=Release -DELASTIC_CUDA=AUTO -DELASTIC_TESTS=ON \
  "${kernels[@]}"

# The sanitizer build starts beside the tests and fills the time that they wait; its output follows
# theirs. A process group of its own ends with this script.
mkdir -p build-sanitize
log=build-sanitize/build.log
set -m
{
  renice -n 10 -p "$BASHPID" >/dev/null
  build build-sanitize all -DCMAKE_BUILD_TYPE=RelWithDebInfo -DELASTIC_SANITIZE=ON \
    -DELASTIC_CUDA=OFF -DELASTIC_TESTS=ON
} >"$log" 2>&1 &
sanitizer=$!
set +m
scratch=''
trap 'kill -- "-$sanitizer" 2>/dev/null || true; rm -rf "$scratch"' EXIT
# Files in memory where there is enough: the tests save thousands of times, and a disk takes
# milliseconds for each.
free_kib=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1 || true)
if [ -w /dev/shm ] && [ "${free_kib:-0}" -gt $((2 << 20)) ]; then
  scratch=$(mktemp -d /dev/shm/elastic_tests.XXXXXX)
  chmod go+rx "$scratch" # some tests run the tool as another user
  export TMPDIR=$scratch
fi
ctest --test-dir build --output-on-failure -j "$(nproc)"
wait "$sanitizer" || { cat "$log" >&2; exit 1; }
cat "$log" >&2
say "the same tests with sanitizers"
ctest --test-dir build-sanitize --output-on-failure -j "$(nproc)" -LE 'house|slow'
