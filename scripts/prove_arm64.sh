#!/usr/bin/env bash
# Builds for 64-bit ARM with Debian's cross-compiler, and runs the tests of the tensors, the gradients
# and the golden files in QEMU: some eight minutes. Needs root or sudo on Debian, to install both.
#
#   scripts/prove_arm64.sh [FOLDER]   FOLDER is for the libraries and the build [build-arm64]
set -euo pipefail
folder=$(realpath -m -- "${1:-build-arm64}")
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

ensure_packages
apt install -qq -y --no-install-recommends g++-aarch64-linux-gnu qemu-user-static
if ! dpkg --print-foreign-architectures | grep -qx arm64; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" dpkg --add-architecture arm64
  apt update -qq
fi

# The libraries are unpacked, not installed: some cannot be installed beside those of this machine.
export ELASTIC_ARM64_ROOT=$folder/root
mkdir -p "$folder/packages" "$ELASTIC_ARM64_ROOT"
(
  cd "$folder/packages"
  headers=(libeigen3-dev libcli11-dev nlohmann-json3-dev doctest-dev librandom123-dev)
  binaries=(libfmt-dev libfmt9 zlib1g-dev zlib1g liblzma-dev liblzma5 libbz2-dev libbz2-1.0
    libzstd-dev libzstd1 libxxhash-dev libsimdjson-dev libsimdjson14 libhowardhinnant-date-dev
    libdate-tz3 libcpp-httplib-dev libcpp-httplib0.11 libssl-dev libssl3 libbrotli-dev libbrotli1)
  apt-get download -qq "${headers[@]}" "${binaries[@]/%/:arm64}"
  for package in *.deb; do
    dpkg-deb -x "$package" "$ELASTIC_ARM64_ROOT"
  done
)
cmake -S . -B "$folder/build" -G Ninja -DCMAKE_TOOLCHAIN_FILE=cmake/arm64.cmake \
  -DELASTIC_CUDA=OFF -DELASTIC_NATIVE=OFF >&2
cmake --build "$folder/build" --target elastic tensor_tests autograd_tests golden_test >&2
ctest --test-dir "$folder/build" --output-on-failure -j "$(nproc)" -R '^(tensor|autograd|golden)$'
