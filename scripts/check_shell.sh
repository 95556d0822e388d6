#!/usr/bin/env bash
# Runs shellcheck on the shell scripts. Exit code 77 if shellcheck is not installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v shellcheck >/dev/null || {
  echo "shellcheck is not installed: scripts not checked"
  exit 77
}
shellcheck --external-sources --source-path=scripts scripts/*.sh .ci/run
