#!/usr/bin/env bash
# Tests the guarantees of docs/reliability.md and prints a table of figures on standard output:
#
#   scripts/prove.sh [--short|--long] [fuzz|faults|kills|foreign|sanitizers]...
#
# The short form (default) takes minutes. The long form runs each fuzz target for ten minutes
# (FUZZ_SECONDS), kills each job 100 times (KILL_ROUNDS), injects every failure at every call, and
# adds the thread sanitizer. fuzz --long and the thread sanitizer need clang 16 or later. Logs go to
# build-prove/. Exit code 1 if a proof failed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

long=no
proofs=()
for argument in "$@"; do
  case $argument in
    --short) long=no ;;
    --long) long=yes ;;
    fuzz | faults | kills | foreign | sanitizers) proofs+=("$argument") ;;
    *) die "expected --short, --long, fuzz, faults, kills, foreign or sanitizers, got '$argument'" ;;
  esac
done
[ ${#proofs[@]} -gt 0 ] || proofs=(faults kills foreign fuzz sanitizers)

logs=build-prove
mkdir -p "$logs"
failed=0

row() { printf '%-12s %-58s %s\n' "$1" "$2" "$3"; }

# prove NAME LOG COMMAND...: runs the command and prints its last line as a row of the table.
prove() {
  local name=$1 log=$logs/$2.log verdict=ok
  shift 2
  if ! "$@" >"$log" 2>&1; then
    verdict="FAILED, see $log"
    failed=1
  fi
  row "$name" "$(tail -n 1 "$log" | cut -c 1-58)" "$verdict"
}

build_with_clang() {
  local folder=$1 target=$2 compiler
  shift 2
  compiler=$(command -v clang++-16 || command -v clang++) ||
    die "no clang++: apt-get install clang-16 libclang-rt-16-dev libomp-16-dev"
  build "$folder" "$target" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DELASTIC_CUDA=OFF -DELASTIC_TESTS=ON "$@"
}

prove_faults() {
  build build elastic -DELASTIC_TESTS=ON
  build build elastic_faults
  build build elastic_background
  local options=()
  [ "$long" = no ] || options=(--long)
  prove faults faults python3 tests/faults/faults_test.py build/elastic \
    build/tests/libelastic_faults.so "${options[@]}"
  prove faults faults_background python3 tests/faults/faults_test.py \
    build/tests/elastic_background build/tests/libelastic_faults.so --only-training "${options[@]}"
  grep -h '^faults:' "$logs"/faults*.log | sed 's/^/  /'
}

prove_kills() {
  build build elastic -DELASTIC_TESTS=ON
  build build elastic_background
  local rounds=6
  [ "$long" = no ] || rounds=${KILL_ROUNDS:-100}
  prove kills kills python3 tests/faults/kills_test.py build/elastic --rounds "$rounds"
  prove kills kills_background python3 tests/faults/kills_test.py build/tests/elastic_background \
    --rounds "$rounds"
  grep -h '^kills:' "$logs"/kills*.log | sed 's/^/  /'
}

prove_foreign() {
  build build elastic -DELASTIC_TESTS=ON
  local options=()
  [ "$long" = no ] || options=(--long)
  prove foreign foreign_options python3 tests/foreign/options_test.py build/elastic "${options[@]}"
  prove foreign foreign_files python3 tests/faults/foreign_files.py build/elastic "${options[@]}"
}

prove_fuzz() {
  local target
  for target in text interactions objects times safetensors config questions stream items run_json \
    streams_file model_metadata; do
    if [ "$long" = no ]; then
      build build "replay_$target" -DELASTIC_TESTS=ON
      prove "fuzz" "fuzz_$target" "build/tests/fuzz/replay_$target" "tests/fuzz/corpus/$target" 2000
    else
      build_with_clang build-fuzz "fuzz_$target" -DELASTIC_FUZZ=ON
      mkdir -p "$logs/corpus_$target"
      # New inputs go to the first folder; the corpus of the repository does not change.
      prove "fuzz" "fuzz_$target" "build-fuzz/tests/fuzz/fuzz_$target" \
        -max_total_time="${FUZZ_SECONDS:-600}" -max_len=65536 -rss_limit_mb=4096 -print_final_stats=1 \
        -artifact_prefix="$logs/crash_${target}_" "$logs/corpus_$target" "tests/fuzz/corpus/$target"
      row "" "$target: $(grep -o 'number_of_executed_units: *[0-9]*' "$logs/fuzz_$target.log" || true)" ""
    fi
  done
}

prove_sanitizers() {
  local folder=build-sanitize checks=ON
  [ "$long" = no ] || folder=build-sanitize-full checks=FULL
  build "$folder" all -DCMAKE_BUILD_TYPE=RelWithDebInfo -DELASTIC_SANITIZE="$checks" \
    -DELASTIC_CUDA=OFF -DELASTIC_TESTS=ON
  prove sanitizers sanitize ctest --test-dir "$folder" --output-on-failure -LE 'house|slow'
  [ "$long" = yes ] || return 0
  # Archer reports the synchronisation of the OpenMP runtime to the sanitizer. Without it, every two
  # consecutive parallel loops are reported as a race.
  local archer program
  archer=$(find /usr/lib -name 'libarcher.so*' 2>/dev/null | sort -V | tail -n 1)
  [ -n "$archer" ] || die "no libarcher.so: apt-get install libomp5-16"
  for program in base tensor autograd data model eval train cli; do
    build_with_clang build-threads "${program}_tests" -DELASTIC_SANITIZE_THREADS=ON
    prove threads "threads_$program" env OMP_NUM_THREADS=4 OMP_TOOL_LIBRARIES="$archer" \
      TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1 allocator_may_return_null=1" \
      "build-threads/tests/${program}_tests"
  done
  build_with_clang build-threads elastic -DELASTIC_SANITIZE_THREADS=ON
  prove threads threads_serve env TSAN_OPTIONS="ignore_noninstrumented_modules=1" \
    python3 tests/cli/serve_test.py build-threads/elastic
}

row proof figures verdict
for proof in "${proofs[@]}"; do
  case $proof in
    faults) prove_faults ;;
    kills) prove_kills ;;
    foreign) prove_foreign ;;
    fuzz) prove_fuzz ;;
    sanitizers) prove_sanitizers ;;
  esac
done
exit "$failed"
