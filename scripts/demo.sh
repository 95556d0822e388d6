#!/usr/bin/env bash
# Builds elastic, trains on MovieLens ml-latest-small (in data/) into a new folder runs/demo-TIME,
# prints the test metrics, and recommends films for three users of the data and for a new user.
# Takes a minute or two on two cores, plus the build. Each call makes a new run; delete runs/demo-*
# at any time.
#
#   scripts/demo.sh [--cuda|--no-cuda]
#
# --cuda builds with the CUDA backend, --no-cuda without it. By default, a first build has it if
# nvidia-smi lists a GPU and nvcc is found; an existing build keeps its setting.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[ $# -le 1 ] || die "expected one option, got $#; see scripts/demo.sh --help"
cuda=()
case ${1:-} in
  -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "scripts/demo.sh" && exit ;;
  --cuda) cuda=(-DELASTIC_CUDA=ON) ;;
  --no-cuda) cuda=(-DELASTIC_CUDA=OFF) ;;
  '') [ -e build/CMakeCache.txt ] || has_gpu || cuda=(-DELASTIC_CUDA=OFF) ;;
  *) die "unknown option $1; see scripts/demo.sh --help" ;;
esac

ensure_packages
build build elastic -DCMAKE_BUILD_TYPE=Release "${cuda[@]}"

data=data/ml-latest-small
run=runs/demo-$(date +%Y%m%d-%H%M%S)

# Prints a command in the form to type, then runs it.
show() {
  say
  say "\$ $*"
  "$@"
}

show build/elastic train --data $data/ratings.csv.xz --items $data/movies.csv.xz --out "$run" \
  --min-item-events 5 --max-len 50 --epochs 15 --max-time-s 150

say
say "Recommendations for users 1, 15 and 414:"
printf '%s\n' 1 15 414 | show build/elastic predict "$run" --top-k 5 -o table

say
say "Recommendations for a new user after Toy Story, A Bug's Life, Monsters, Inc. and Finding Nemo:"
echo '{"user": "new", "history": ["1", "2355", "4886", "6377"]}' |
  show build/elastic predict "$run" --top-k 5 -o table

say
say "The run is in $run. Commands to try next:"
say "  build/elastic eval $run --split valid"
say "  echo '{\"user\": \"15\"}' | build/elastic predict $run"
