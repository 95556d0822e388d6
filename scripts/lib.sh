# Shared by the scripts beside it: `source` it. Sets `root`, the repository, and goes there.
# shellcheck shell=bash
set -euo pipefail

root=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

say() { printf '%s\n' "$*" >&2; }
die() {
  say "$(basename "$0"): $*"
  exit 1
}

# Debian packages of the libraries that CMakeLists.txt looks for.
libraries=(libeigen3-dev libcli11-dev nlohmann-json3-dev doctest-dev librandom123-dev libfmt-dev
  zlib1g-dev liblzma-dev libzstd-dev libxxhash-dev)
# Tools as command:package; a command from elsewhere is as good. xz is for the tutorial's commands.
tools=(cmake:cmake g++:g++ ninja:ninja-build python3:python3 xz:xz-utils)

missing_packages() {
  local entry
  for entry in "${tools[@]}"; do
    command -v "${entry%%:*}" >/dev/null || echo "${entry#*:}"
  done
  [ -z "${CMAKE_PREFIX_PATH:-}" ] || return 0 # the libraries are there, says the caller
  for entry in "${libraries[@]}"; do
    dpkg-query -W -f='${Status}' "$entry" 2>/dev/null | grep -q 'ok installed' || echo "$entry"
  done
}

# apt-get as root; its output is shown only when it fails.
apt() {
  local as_root=() output
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  output=$("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get "$@" 2>&1) && return
  say "$output"
  return 1
}

# Installs what the build needs and the machine lacks, and says what; nothing when all is there.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "no apt-get here: the build needs the equivalents of ${tools[*]#*:} ${libraries[*]}"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "packages are missing, and neither root nor sudo is at hand: apt-get install ${missing[*]}"
  fi
  say "installing ${missing[*]}"
  apt update -qq || say "apt-get update failed; trying with the package lists at hand"
  apt install -qq -y --no-install-recommends "${missing[@]}" ||
    die "apt-get install failed; install by hand: ${missing[*]}"
}

# Whether there is an NVIDIA GPU that its driver sees.
has_gpu() { [[ $(nvidia-smi --list-gpus 2>/dev/null) == GPU* ]]; }

# build FOLDER TARGET [CMAKE OPTION...]: configures and builds. Silent when there is nothing to do
# and no terminal to show progress on.
build() {
  local folder=$1 target=$2 configure=(-S . -B "$1") quiet=(--quiet)
  shift 2
  [ -e "$folder/CMakeCache.txt" ] || configure+=(-G Ninja)
  [ ! -t 2 ] || quiet=()
  say "building $target in $folder/"
  cmake "${configure[@]}" "$@" >/dev/null
  if [ -e "$folder/build.ninja" ]; then
    ninja -C "$folder" "${quiet[@]}" "$target" >&2
  else
    cmake --build "$folder" --target "$target" --parallel >&2
  fi
}
