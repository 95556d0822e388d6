#!/usr/bin/env bash
# Compares all models on one data set: accuracy, time, memory, and ELASTIC with parts left out.
#
#   scripts/study.sh DATA OUT [OPTION...] [-- TRAIN-OPTION...]
#
# DATA is a file for `elastic train --data`. The script writes to OUT: table.md, report.html, and
# every run with its command, configuration, log and result. To continue a stopped study, call it
# again: finished runs are kept, interrupted runs resume, failed runs are retried. Exit code 1: some
# runs failed; the tables name them and contain the others.
#
# Stages (--stages, separated by commas):
#   tokens     every model until it has read --tokens tokens
#   time       every model for --time seconds of training, validation included
#   ablations  elastic with parts left out or with other sizes, --tokens tokens each
#   profile    time and memory of every model against the length of the history
#
# Options:
#   --epochs-preset full|quick  the defaults of the options below; quick takes minutes [full]
#   --quick               the same as --epochs-preset quick
#   --models A,B          [all models that `elastic models` lists]
#   --stages A,B          [tokens,time,ablations,profile]
#   --seeds 1,2,3         seeds; every run is repeated with each [1]
#   --baseline MODEL      reference of the paired differences [softmax]
#   --tokens N            input tokens per run [100000000; quick 50000]
#   --time SECONDS        training time per run [1800; quick 2]
#   --max-len N           longest history that the models read, in events [200; quick 32]
#   --dim N, --num-layers N, --batch-tokens N   the same for all [64, 2, 8192; quick 16, 2, 1024]
#   --cuts N              prefixes per user and epoch of bidirectional models: sets how often they
#                         are validated, not how much they train [20]
#   --long N,M            separate rows for users with at least N and M events [500,1000]
#   --lengths RANGE       lengths of the profile stage [1k-64k*4; quick 64-256*2]
#   --jobs N              parallel runs, which share the cores and affect each other's times [1]
#   --device cpu|cuda     device [cpu]
#   --elastic FILE        the program [build/elastic, built if missing]
# Options after -- apply to every training: -- --min-item-events 5 --learning-rate 0.002
set -euo pipefail
origin=$PWD
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() { sed -n '2,/^set -euo/{/^set -euo/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; }
fail_usage() {
  say "study.sh: $* (see scripts/study.sh --help)"
  exit 2
}
from_origin() { (cd "$origin" && realpath -m -- "$1"); }

preset=full
stages=tokens,time,ablations,profile
seeds=1
baseline=softmax
cuts=20
long=500,1000
jobs=1
device=cpu
models='' tokens='' seconds='' max_len='' dim='' num_layers='' batch_tokens='' lengths='' binary=''
positional=() extra=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit ;;
    --quick) preset=quick && shift && continue ;;
    --) shift && extra=("$@") && break ;;
    --*) [ $# -ge 2 ] || fail_usage "$1: expected a value" ;;
    *) positional+=("$1") && shift && continue ;;
  esac
  case $1 in
    --epochs-preset) preset=$2 ;;
    --models) models=$2 ;;
    --stages) stages=$2 ;;
    --seeds) seeds=$2 ;;
    --baseline) baseline=$2 ;;
    --tokens) tokens=$2 ;;
    --time) seconds=$2 ;;
    --max-len) max_len=$2 ;;
    --dim) dim=$2 ;;
    --num-layers) num_layers=$2 ;;
    --batch-tokens) batch_tokens=$2 ;;
    --cuts) cuts=$2 ;;
    --long) long=$2 ;;
    --lengths) lengths=$2 ;;
    --jobs) jobs=$2 ;;
    --device) device=$2 ;;
    --elastic) binary=$2 ;;
    *) fail_usage "unknown option $1" ;;
  esac
  shift 2
done
[ ${#positional[@]} -eq 2 ] || fail_usage "expected DATA and OUT"
case $preset in
  full)
    defaults=(100000000 1800 200 64 2 8192 '1k-64k*4' 3)
    sweep_experts=(4 8 16 32 64) sweep_subkeys=(8 16 32 64 128) sweep_max_len=(50 100 200 500 1000)
    ;;
  quick)
    defaults=(50000 2 32 16 2 1024 '64-256*2' 1)
    sweep_experts=(4 8) sweep_subkeys=(8 16) sweep_max_len=(16 32)
    ;;
  *) fail_usage "--epochs-preset: expected full or quick, got $preset" ;;
esac
: "${tokens:=${defaults[0]}}" "${seconds:=${defaults[1]}}" "${max_len:=${defaults[2]}}"
: "${dim:=${defaults[3]}}" "${num_layers:=${defaults[4]}}" "${batch_tokens:=${defaults[5]}}"
: "${lengths:=${defaults[6]}}"
repetitions=${defaults[7]}
case $jobs in '' | *[!0-9]* | 0) fail_usage "--jobs: expected a number of at least 1, got $jobs" ;; esac
for stage in ${stages//,/ }; do
  case $stage in
    tokens | time | ablations | profile) ;;
    *) fail_usage "--stages: there is no stage $stage" ;;
  esac
done

data=$(from_origin "${positional[0]}")
out=$(from_origin "${positional[1]}")
[ -f "$data" ] || fail_usage "there is no file ${positional[0]}"
for variable in ${!ELASTIC_@}; do unset "$variable"; done # the commands alone determine a run
if [ -n "$binary" ]; then
  binary=$(from_origin "$binary")
else
  binary=$root/build/elastic
  [ -x "$binary" ] || build build elastic -DCMAKE_BUILD_TYPE=Release
fi
[ -x "$binary" ] || fail_usage "--elastic: $binary is not a program"
threads=$(($(nproc) / jobs))
[ "$threads" -ge 1 ] || threads=1

all_models=$("$binary" models)
direction_of() { awk -v model="$1" 'NR > 1 && $1 == model { print $2 }' <<<"$all_models"; }
[ -n "$models" ] || models=$(awk 'NR > 1 { print $1 }' <<<"$all_models" | paste -sd,)
for model in ${models//,/ } "$baseline"; do
  [ -n "$(direction_of "$model")" ] || fail_usage "there is no model $model; see elastic models"
done
has_stage() { [[ ,$stages, == *,$1,* ]]; }

mkdir -p "$out"
cd "$out"
exec 9>.lock
flock --nonblock 9 || die "another study is running in $out"
mkdir -p runs evals profile
"$binary" --version >build.txt

size_options=(--dim "$dim" --num-layers "$num_layers")
train_options=(--data "$data" --max-len "$max_len" "${size_options[@]}" --batch-tokens "$batch_tokens"
  --epochs 1000000 --patience 1000000 --save-every-s 10 --device "$device" "${extra[@]}")
# Sets `options` to those of all runs and WORD..., without those that later ones replace.
combine_options() { # WORD...
  local all=("${train_options[@]}" "$@") i flag later keep=yes
  options=()
  for ((i = 0; i < ${#all[@]}; i++)); do
    if [[ ${all[i]} == --* ]]; then
      flag=${all[i]%%=*}
      keep=yes
      for later in "${all[@]:i+1}"; do
        [ "${later%%=*}" != "$flag" ] || keep=no
      done
    fi
    [ "$keep" = no ] || options+=("${all[i]}")
  done
}
base_value() { # KEY: the value without an ablation
  combine_options --model elastic
  "$binary" train --print-config "${options[@]}" |
    sed -n "s/.*\"$1\": \([0-9]*\),.*/\1/p"
}

# The plan: one line per row of the tables: stage, label, model, seed, run, reference run, training
# options. Rows may share a run.
plan_row() { (IFS=$'\t' && printf '%s\n' "$*"); }
plan_model() { # STAGE MODEL SEED OPTION...
  local stage=$1 model=$2 seed=$3
  shift 3
  local options=(--model "$model" --seed "$seed" "$@")
  [ "$(direction_of "$model")" != bidirectional ] || options+=(--cuts "$cuts")
  plan_row "$stage" "$model" "$model" "$seed" "$stage/$model-s$seed" "$stage/$baseline-s$seed" \
    "${options[*]}"
}
plan_ablation() { # LABEL SEED RUN MODEL OPTION...
  local label=$1 seed=$2 run=$3 model=$4
  shift 4
  plan_row ablations "$label" "$model" "$seed" "$run" "tokens/elastic-s$seed" \
    "--model $model --seed $seed --max-tokens $tokens $* --cuts $cuts"
}
plan_sweep() { # LABEL FLAG SEED VALUE...
  local label=$1 flag=$2 seed=$3 key value base
  shift 3
  key=${flag#--}
  base=$(base_value "${key//-/_}")
  for value in "$@"; do
    if [ "$value" = "$base" ]; then
      plan_ablation "$label $value (as is)" "$seed" "tokens/elastic-s$seed" elastic
    else
      plan_ablation "$label $value" "$seed" "ablations/${flag#--}-$value-s$seed" elastic "$flag" "$value"
    fi
  done
}
plan_ablations() { # SEED
  local seed=$1
  plan_ablation 'elastic as is' "$seed" "tokens/elastic-s$seed" elastic
  plan_ablation 'experts shared by all users (lda)' "$seed" "tokens/lda-s$seed" lda
  plan_ablation 'no gate' "$seed" "ablations/no-gate-s$seed" elastic --expert-gate none
  plan_ablation 'random experts' "$seed" "ablations/random-s$seed" elastic --retrieval random
  plan_ablation 'every layer from the retrieved experts' "$seed" "ablations/restart-s$seed" elastic \
    --expert-start retrieved
  plan_ablation 'mean as query network' "$seed" "ablations/mean-s$seed" elastic --query-network mean
  plan_ablation 'queries without their running mean' "$seed" "ablations/centred-s$seed" elastic \
    --query-norm centred
  plan_sweep 'experts k' --num-experts "$seed" "${sweep_experts[@]}"
  plan_sweep 'sub-keys S' --pool-subkeys "$seed" "${sweep_subkeys[@]}"
  plan_sweep 'length N' --max-len "$seed" "${sweep_max_len[@]}"
}
make_plan() {
  local seed model
  for seed in ${seeds//,/ }; do
    for model in ${models//,/ }; do
      ! has_stage tokens || plan_model tokens "$model" "$seed" --max-tokens "$tokens"
    done
    for model in ${models//,/ }; do
      ! has_stage time || plan_model time "$model" "$seed" --max-time-s "$seconds"
    done
    ! has_stage ablations || plan_ablations "$seed"
  done
}
make_plan >plan.tsv.new
mv plan.tsv.new plan.tsv

command_of() { # RUN OPTIONS: the training command, to be typed in OUT
  local words=()
  read -ra words <<<"$2"
  combine_options "${words[@]}" --out "runs/$1"
  printf '%q ' elastic train "${options[@]}"
}

# Refuses runs of an earlier call that had other options, before any training starts.
while IFS=$'\t' read -r _ _ _ _ run _ options; do
  if [ -e "runs/$run.command" ] && [ "$(<"runs/$run.command")" != "$(command_of "$run" "$options")" ]; then
    fail_usage "$out/runs/$run was made with other options, $out/runs/$run.command; choose another OUT"
  fi
done <plan.tsv

find runs evals profile -name '*.failed' -delete # failed parts are retried

# Runs at most --jobs parts at a time. On a signal, all of them save and stop.
stop() {
  trap - INT TERM
  say "study.sh: stopping; call it again to continue"
  local pids
  mapfile -t pids < <(jobs -p)
  [ ${#pids[@]} -eq 0 ] || kill -TERM "${pids[@]}" 2>/dev/null || true
  wait
  exit "$1"
}
trap 'stop 130' INT
trap 'stop 143' TERM
start() {
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do
    wait -n || true
  done
  "$@" &
}
# Runs a program and forwards SIGTERM to it; bash alone would leave it running.
attended() {
  local pid code=0
  "$@" 9>&- &
  pid=$!
  trap 'kill -TERM "$pid" 2>/dev/null' TERM
  wait "$pid" || code=$?
  while kill -0 "$pid" 2>/dev/null; do # the wait was interrupted by the signal
    code=0
    wait "$pid" || code=$?
  done
  return "$code"
}
# attempt WHAT COMMAND...: runs the command with standard error in WHAT.log. A failure writes one
# line to WHAT.failed.
attempt() {
  local what=$1 code=0
  shift
  attended "$@" 2>>"$what.log" || code=$?
  if [ "$code" -eq 0 ]; then
    rm -f "$what.failed"
    return 0
  fi
  local why
  case $code in
    130 | 143) why='stopped by a signal; call the study again to resume' ;;
    137) why='killed; out of memory?' ;;
    *) why=$(grep -v '^ *$' "$what.log" | tail -n 1) ;;
  esac
  printf 'exit code %d: %s\n' "$code" "$why" >"$what.failed"
  say "study.sh: $what: $(<"$what.failed")"
  return "$code"
}

train() { # RUN OPTIONS
  local folder=runs/$1 words=()
  mkdir -p "$(dirname "$folder")"
  read -ra words <<<"$2"
  if [ -e "$folder/config.json" ]; then
    say "study.sh: resuming $folder"
    words=(--resume --out "$folder")
  else
    say "study.sh: training $folder"
    rm -rf "$folder" # a run that was killed before it wrote its configuration
    command_of "$1" "$2" >"$folder.command"
    combine_options "${words[@]}" --out "$folder"
    words=("${options[@]}")
  fi
  ELASTIC_THREADS=$threads attempt "$folder" "$binary" train "${words[@]}" --quiet >/dev/null || true
}

# evaluate NAME RUN REFERENCE LENGTH: writes evals/NAME.json, paired if there is a reference.
evaluate() {
  local file=evals/$1 options=(--device "$device" --threads "$threads" --json)
  [ "$2" = "$3" ] || [ ! -e "runs/$3/result.json" ] || options+=(--against "runs/$3")
  [ "$4" -eq 0 ] || options+=(--min-history "$4")
  if [ "$file.json" -nt "runs/$2/result.json" ] &&
    { [[ " ${options[*]} " != *" --against "* ]] || grep -q '"against"' "$file.json"; }; then
    return
  fi
  if attempt "$file" "$binary" eval "runs/$2" "${options[@]}" >"$file.new"; then
    mv "$file.new" "$file.json"
  fi
}

profile_model() { # MODEL
  local file=profile/$1 span=$max_len,$lengths words
  words=(profile --model "$1" "${size_options[@]}" --length "$span" --batch 1
    --phase "serve,train" --supervision auto --repetitions "$repetitions"
    --device "$device" --json)
  if [ -e "$file.json" ] && [ "$(<"$file.command")" = "elastic ${words[*]}" ]; then
    return
  fi
  say "study.sh: profiling $1"
  printf 'elastic %s\n' "${words[*]}" >"$file.command"
  if attempt "$file" "$binary" "${words[@]}" --quiet >"$file.new"; then
    mv "$file.new" "$file.json"
  fi
}

report() { python3 "$root/scripts/study_report.py" .; }

while IFS=$'\t' read -r run options; do
  [ -e "runs/$run/result.json" ] || start train "$run" "$options" </dev/null
done < <(cut -f5,7 plan.tsv | awk -F'\t' '!seen[$1]++')
wait

while IFS=$'\t' read -r stage label _ seed run reference _; do
  [ -e "runs/$run/result.json" ] || continue
  name=$stage-${label//[^A-Za-z0-9]/-}-s$seed
  start evaluate "$name" "$run" "$reference" 0 </dev/null
  longest=$(sed -n 's/.*"longest_history": \([0-9]*\).*/\1/p' "runs/$run/result.json")
  for length in ${long//,/ }; do
    [ "$longest" -lt "$length" ] || start evaluate "$name.long-$length" "$run" "$reference" "$length" </dev/null
  done
done <plan.tsv
wait

if has_stage profile; then
  report
  for model in ${models//,/ }; do
    profile_model "$model" </dev/null &
    wait $! || true
  done
fi
report

mapfile -t failed < <(find runs evals profile -name '*.failed' | sort)
say "study.sh: $out/table.md and $out/report.html are written"
[ ${#failed[@]} -eq 0 ] || die "${#failed[@]} of the study's parts failed; the tables name them"
