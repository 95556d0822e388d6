#!/usr/bin/env bash
# Fails when a source file is not as clang-format 14 writes it. Other versions lay out differently,
# so without 14 nothing is checked and the exit code is 77.
# To format: scripts/check_format.sh --fix
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

for formatter in clang-format-14 clang-format ''; do
  [ -n "$formatter" ] || {
    echo "clang-format 14 is not installed: formatting not checked"
    exit 77
  }
  "$formatter" --version 2>/dev/null | grep -q 'version 14\.' && break
done

if [ "${1:-}" = --fix ]; then
  action=(-i)
else
  action=(--dry-run -Werror)
fi
find src tests \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) -print0 | xargs -0 "$formatter" "${action[@]}"
