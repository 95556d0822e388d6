# Functions shared by the scripts of this folder, which `source` it. Sets `root`, the repository,
# and changes to it.
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
  zlib1g-dev liblzma-dev libbz2-dev libzstd-dev libxxhash-dev libsimdjson-dev
  libhowardhinnant-date-dev libcpp-httplib-dev)
# Tools, as command:package; a command from another source is accepted. The tutorial uses xz.
tools=(cmake:cmake g++:g++ ninja:ninja-build python3:python3 xz:xz-utils)

missing_packages() {
  local entry
  for entry in "${tools[@]}"; do
    command -v "${entry%%:*}" >/dev/null || echo "${entry#*:}"
  done
  [ -z "${CMAKE_PREFIX_PATH:-}" ] || return 0 # the caller provides the libraries
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

# Installs the missing packages that the build needs, and prints their names.
ensure_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "apt-get was not found: the build needs the equivalents of ${tools[*]#*:} ${libraries[*]}"
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    die "packages are missing, and installing them needs root or sudo: apt-get install ${missing[*]}"
  fi
  say "installing ${missing[*]}"
  apt update -qq || say "apt-get update failed; using the existing package lists"
  apt install -qq -y --no-install-recommends "${missing[@]}" ||
    die "apt-get install failed; install by hand: ${missing[*]}"
}

# Succeeds if the driver lists an NVIDIA GPU.
has_gpu() { [[ $(nvidia-smi --list-gpus 2>/dev/null) == GPU* ]]; }

# build FOLDER TARGET [CMAKE OPTION...]: configures and builds. Prints progress to terminals only.
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
