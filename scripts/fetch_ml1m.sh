#!/usr/bin/env bash
# Downloads MovieLens 1M from GroupLens and checks it. Usage: scripts/fetch_ml1m.sh [FOLDER]
# Writes ratings.dat, movies.dat and the licence, README, to FOLDER (default ml-1m).
#
# GroupLens permits research use only: no redistribution without permission, no commercial use, and
# an acknowledgement in publications. Therefore this repository has no copy.
#
# ELASTIC_ML1M_URL sets another source of the archive, e.g. file:///home/me/ml-1m.zip. The contents
# are checked in the same way.
set -euo pipefail

url=${ELASTIC_ML1M_URL:-https://files.grouplens.org/datasets/movielens/ml-1m.zip}
# The git blob id of the published ratings.dat: SHA-1 of "blob SIZE", a zero byte and the content.
expected=77a7c4b150f588c23bb9e1f068aa996c0b413695

say() { printf '%s\n' "$*" >&2; }
die() {
  say "fetch_ml1m.sh: $*"
  exit 1
}
blob_id() {
  { printf 'blob %d\0' "$(wc -c <"$1")" && cat "$1"; } | sha1sum | cut -d ' ' -f 1
}

case "${1:-}" in
  -h | --help)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit
    ;;
  -*) die "unknown option $1; usage: scripts/fetch_ml1m.sh [FOLDER]" ;;
esac
[ $# -le 1 ] || die "expected one folder, got $#; usage: scripts/fetch_ml1m.sh [FOLDER]"
folder=${1:-ml-1m}
for tool in curl unzip sha1sum; do
  command -v "$tool" >/dev/null || die "$tool is not installed"
done

if [ -e "$folder/ratings.dat" ] && [ "$(blob_id "$folder/ratings.dat")" = "$expected" ]; then
  say "$folder/ratings.dat exists and is the published file"
else
  mkdir -p "$folder"
  # In the target folder, so that the last step is a rename.
  work=$(mktemp -d "$folder/.fetch-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  say "downloading $url"
  curl --fail --location --show-error --silent --retry 3 --output "$work/ml-1m.zip" "$url" ||
    die "the download failed; $folder is unchanged"
  unzip -q -j "$work/ml-1m.zip" ml-1m/ratings.dat ml-1m/movies.dat ml-1m/README -d "$work" ||
    die "the archive is damaged or not MovieLens 1M; $folder is unchanged"
  found=$(blob_id "$work/ratings.dat")
  [ "$found" = "$expected" ] ||
    die "ratings.dat is not the published file: expected blob $expected, got $found"
  mv "$work"/{movies.dat,README,ratings.dat} "$folder/"
fi

say "MovieLens 1M is in $folder/. Do not redistribute it: see $folder/README. To train on it:"
say "  elastic train --data $folder/ratings.dat --items $folder/movies.dat --out runs/ml-1m"
