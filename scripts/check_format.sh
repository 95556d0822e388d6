#!/usr/bin/env bash
# Checks that the source files are formatted by clang-format 14. Other versions format differently:
# without version 14 the check is skipped with exit code 77.
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
