#!/usr/bin/env bash
# Builds with CUDA, tests and measures on a machine with an NVIDIA GPU, and writes one table.
#
#   scripts/gpu_check.sh [OPTION...] [RATINGS [MOVIES]]
#
# RATINGS is a larger file of interactions, to train on for two epochs. Default: ml-1m.txt* or
# ml-1m/ratings.dat, in the repository or its data/, if present. Paths are relative to the
# repository.
#
#   --build DIR     build folder [build-gpu]
#   --no-build      test and measure the existing build
#   --only STEPS    some of test,speed,demo,data,sanitize,torch [all]
#   --out DIR       folder for table.md, logs and JSON of every step [report/ in the build folder]
#   --budget S      seconds for all steps; later steps get the remaining time [530]
#   --dry-run       run the same steps on the CPU with tiny sizes, to test this script
# If CMAKE_PREFIX_PATH is set, libraries are searched there and not installed.
#
# A step that fails or takes too long becomes a row with its reason; the other steps still run. Exit
# code 1 if a check failed or did not finish (measurements are not checks), 77 without a GPU.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build=build-gpu out='' budget=530 device=cuda with_build=1 inputs=()
only=test,speed,demo,data,sanitize,torch
while [ $# -gt 0 ]; do
  case $1 in
    --build | --out | --budget | --only) [ $# -gt 1 ] || die "$1 needs a value" ;;&
    --build) build=$2 && shift ;;
    --out) out=$2 && shift ;;
    --budget) budget=$2 && shift ;;
    --only) only=$2 && shift ;;
    --no-build) with_build='' ;;
    --dry-run) device=cpu ;;
    -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" && exit ;;
    -*) die "unknown option $1; see --help" ;;
    *) inputs+=("$1") ;;
  esac
  shift
done
out=${out:-$build/report}
[[ $budget =~ ^[0-9]+$ ]] || die "--budget: expected seconds, got '$budget'"
[[ $only =~ ^((test|speed|demo|data|sanitize|torch)(,|$))+$ ]] ||
  die "--only: expected some of test,speed,demo,data,sanitize,torch, got '$only'"
[ ${#inputs[@]} -le 2 ] || die "expected RATINGS and MOVIES, got ${#inputs[@]} files"
for input in "${inputs[@]}"; do
  [ -r "$input" ] || die "$input: cannot be read"
done

# ask FIELD: a field of `nvidia-smi --query-gpu` for the first GPU.
ask() { nvidia-smi "--query-gpu=$1" --format=csv,noheader,nounits 2>/dev/null | sed -n 1p; }
digits_of() { ask "$1" | tr -dc 0-9 || true; }
if [ "$device" = cuda ] && ! ask name >/dev/null; then
  echo "skipped: no device"
  exit 77
fi
cuda=${CUDA_HOME:-/usr/local/cuda}
PATH=$PATH:$cuda/bin:$cuda/compute-sanitizer
rm -rf "$out"/{steps.tsv,torch.jsonl,table.md,demo-run,graphs-run,data-run} "$out"/*.{out,log}
mkdir -p "$out"
out=$(cd "$out" && pwd)
elastic=$build/elastic
failed=''
# Prints the table of the finished steps at every exit.
trap 'python3 scripts/gpu_table.py "$out" >"$out/table.md" && cat "$out/table.md"' EXIT

wants() { [[ ,$only, == *,$1,* ]]; }

# Adds a row to steps.tsv: step, part, ok | failed | stopped | skipped, seconds, note.
row() {
  printf '%s\t%s\t%s\t%s\t%s\n' "${@//$'\t'/ }" >>"$out/steps.tsv"
  say "$1, $2: $3${5:+ ($5)}"
}

# measure LIMIT STEP WHAT COMMAND...: runs the command for at most LIMIT seconds, with standard
# output in STEP-WHAT.out and standard error in STEP-WHAT.log, and adds its row. Sets `state`.
measure() {
  local limit=$1 step=$2 what=$3 file=$out/$2-${3//[^a-zA-Z0-9]/-} begin=$SECONDS rc=0 note=''
  shift 3
  [ "$limit" -lt $((budget - SECONDS)) ] || limit=$((budget - SECONDS))
  if [ "$limit" -lt 2 ]; then
    state=stopped
    row "$step" "$what" "$state" 0 "no time left"
    return
  fi
  timeout --kill-after=5 "$limit" "$@" >"$file.out" 2>"$file.log" </dev/null || rc=$?
  # The summary lines of doctest, ctest and the sanitizers.
  note=$(cat "$file.out" "$file.log" | grep -E '^\[doctest\] test cases|tests passed|SUMMARY' |
    tr -s ' ' | paste -sd ';' || true)
  case $rc in
    0) state=ok ;;
    77) state=skipped note=$(tail -n 1 "$file.out") ;;
    124 | 137) state=stopped note="after $limit s${note:+; $note}" ;;
    *)
      [ -n "$note" ] || note=$(cat "$file.out" "$file.log" | tail -n 1 | cut -c 1-200)
      state=failed note="exit code $rc: $note"
      ;;
  esac
  # A filter or a missing device that left no tests is a failure.
  if [ $state = ok ] && grep -qE 'test cases: 0 |\*\*\*Skipped' <(tr -s ' ' <"$file.out"); then
    state=failed note="nothing was tested${note:+: $note}"
  fi
  row "$step" "$what" $state $((SECONDS - begin)) "$note"
}

# The same as `measure`, but a failure of the step fails the script.
check() {
  measure "$@"
  [ $state = ok ] || failed+=" $2"
}

# --- build ----------------------------------------------------------------------------------------

configure=(-S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DELASTIC_TESTS=ON)
if [ "$device" = cuda ]; then
  ask name,driver_version,memory.total >"$out/gpu.txt"
  arch=$(digits_of compute_cap) # 9.0 -> 90: code for this GPU only, the fastest build
  configure+=(-DELASTIC_CUDA=ON "-DCMAKE_CUDA_ARCHITECTURES=${arch:-native}")
else
  configure+=(-DELASTIC_CUDA=OFF)
fi
[ -e "$build/CMakeCache.txt" ] || ! command -v ninja >/dev/null || configure+=(-G Ninja)
if [ -n "$with_build" ]; then
  # Fails early without a network; the installed packages may suffice.
  measure 60 build packages bash -c 'source scripts/lib.sh; ensure_packages'
  check 60 build configure cmake "${configure[@]}"
  # The existing test programs that use a device.
  mapfile -t programs < <(cmake --build "$build" --target help 2>/dev/null |
    grep -owE '(tensor|autograd|model|train|cuda)_tests|golden_test' | sort -u)
  check 300 build programs cmake --build "$build" --parallel "$(nproc)" \
    --target elastic "${programs[@]}"
fi
if [ ! -x "$elastic" ]; then
  row build elastic failed 0 "$elastic is missing; see the logs in $out"
  failed+=' build' only=''
fi

# --- tests on the device --------------------------------------------------------------------------

if wants test; then
  tests=_cuda
  [ "$device" = cuda ] || tests='^tensor$'
  check 150 test ctest ctest --test-dir "$build" -R "$tests" --output-on-failure --no-tests=error \
    --parallel 4
fi

# --- speed ----------------------------------------------------------------------------------------

free=''
[ "$device" = cpu ] || free=$(digits_of memory.free)
# profile STEP WHAT OPTION...: runs `elastic profile`, with its output in STEP-WHAT.out.
profile() {
  local step=$1 what=$2
  shift 2
  measure 60 "$step" "$what" "$elastic" profile --device "$device" --quiet --warmup 3 \
    ${free:+--max-memory "${free}m"} "$@"
}

# Batch:length with half a million tokens each. `few` is the longest length with two sequences, so
# that the map of `softmax` fits.
sizes=(2560:200 512:1024 32:16384) few=2:16384 repetitions=10
[ "$device" = cuda ] || sizes=(4:20 2:64 2:128) few=1:128 repetitions=2
all=elastic,softmax,softmax-tiled
if wants speed; then
  for dim in 64 256; do
    # speed BATCH:LENGTH NAME OPTION...
    speed() {
      profile speed "D $dim, ${1/:/ x }, $2" --json --batch "${1%:*}" --length "${1#*:}" \
        --dim "$dim" --ffn-dim $((4 * dim)) --num-heads $((dim / 32)) \
        --repetitions "$repetitions" "${@:3}"
    }
    speed "${sizes[0]}" "all models" --model $all
    speed "${sizes[1]}" "all models" --model $all
    speed "${sizes[2]}" elastic --model elastic
    speed "${sizes[2]}" softmax-tiled --model softmax-tiled
    # The comparison of the paper: all states of all layers are computed.
    speed "${sizes[1]}" "no shortcut" --model $all --phase serve,train --shortcut off
    speed "$few" "no shortcut" --model $all --phase serve,train --shortcut off
  done
  # Times per kernel, for reading; not in the table.
  for size in "${sizes[@]}"; do
    profile kernels "${size/:/ x }" --ops --model elastic,softmax-tiled --batch "${size%:*}" \
      --length "${size#*:}" --phase serve,train --repetitions 3
  done
fi

# --- from data to recommendations -----------------------------------------------------------------

if wants demo; then
  small=data/ml-latest-small
  printf '%s\n' 1 15 414 >"$out/users.txt"
  check 60 demo train "$elastic" train --device "$device" --config configs/plain.json \
    --data $small/ratings.csv.xz --items $small/movies.csv.xz --out "$out/demo-run" \
    --min-item-events 5 --max-len 50 --cuts 8 --epochs 4 --batch-size 64 --learning-rate 0.002 --json --quiet
  [ "$device" = cpu ] ||
    check 60 demo "train with recorded steps" "$elastic" train --device "$device" --cuda-graphs \
      --config configs/plain.json --data $small/ratings.csv.xz --items $small/movies.csv.xz \
      --out "$out/graphs-run" --min-item-events 5 --max-len 50 --cuts 8 --epochs 4 --batch-size 64 \
      --learning-rate 0.002 --json --quiet
  check 30 demo eval "$elastic" eval "$out/demo-run" --device "$device" --json --quiet
  check 30 demo "eval on the CPU" "$elastic" eval "$out/demo-run" --device cpu --json --quiet
  check 30 demo predict "$elastic" predict "$out/demo-run" "$out/users.txt" --device "$device" \
    --top-k 5 --quiet
fi
if wants data; then
  if [ ${#inputs[@]} -eq 0 ]; then
    for input in {.,data}/{ml-1m.txt*,ml-1m/ratings.dat}; do
      [ ! -r "$input" ] || inputs=("$input")
    done
  fi
  if [ ${#inputs[@]} -eq 0 ]; then
    row data "two epochs" skipped 0 "no file of interactions was given"
  else
    tiny=()
    [ "$device" = cuda ] || tiny=(--cuts 1 --max-len 20)
    measure 100 data "two epochs" "$elastic" train --device "$device" \
      --config configs/movielens-1m-elastic.json --data "${inputs[0]}" \
      ${inputs[1]:+--items "${inputs[1]}"} --out "$out/data-run" --epochs 2 "${tiny[@]}" \
      --json --quiet
  fi
fi

# --- memory errors and races ----------------------------------------------------------------------

# sanitize LIMIT TOOL PROGRAM CASES: a run stopped by the time limit still counts for the cases it
# reached.
sanitize() {
  local options=(--tool "$2" --error-exitcode 1)
  [ "$2" != memcheck ] || options+=(--report-api-errors no) # some tests provoke them
  measure "$1" "$2" "$3" env "ELASTIC_TEST_DEVICE=$device" compute-sanitizer "${options[@]}" \
    "$build/tests/$3" "-tc=$4"
  if [ $state != stopped ]; then
    [ $state = ok ] || failed+=" $2"
  elif grep -qsE '^=+ (Invalid|Error|Race|Misaligned)' "$out/$2-${3//_/-}.out"; then
    failed+=" $2"
  fi
}
if wants sanitize && ! command -v compute-sanitizer >/dev/null; then
  row memcheck tests skipped 0 "compute-sanitizer is not installed"
  row racecheck tests skipped 0 "compute-sanitizer is not installed"
elif wants sanitize; then
  # Every op forward and backward, without the slow finite differences.
  ops='*float32 stays close*,*absorbed projections equal*'
  sanitize 80 memcheck autograd_tests "$ops"
  others='adam_step*,rank_targets: equals*,top_k: equals*,sum*,fill*,copy*,scale*,dropout*'
  sanitize 40 memcheck tensor_tests "$others"
  sanitize 80 racecheck autograd_tests "$ops"
fi

# --- PyTorch --------------------------------------------------------------------------------------

see="import torch; assert '$device' == 'cpu' or torch.cuda.is_available()"
if wants torch && ! timeout 60 python3 -c "$see" 2>/dev/null; then
  row torch speed skipped 0 "python3 has no PyTorch that sees the device"
elif wants torch; then
  compare=(scripts/compare_torch.py "$elastic" --device "$device" --jsonl "$out/torch.jsonl"
    --limit-s 30)
  tiny=()
  [ "$device" = cuda ] || tiny=(--cases "train:4x20,serve:1x20" --repetitions 3)
  check 60 torch scores python3 "${compare[@]}" --only scores
  measure 150 torch speed python3 "${compare[@]}" --only speed "${tiny[@]}"
fi

state=${failed:+failed}
row all "$device" "${state:-ok}" $SECONDS "${failed:+failed:$failed}"
[ -z "$failed" ]
