#!/usr/bin/env bash
# Tests the README's two commands on a bare Debian 12: makes a system with debootstrap, copies the
# last commit there, without .git, and runs scripts/demo.sh and scripts/test.sh.
#
#   scripts/prove_bare.sh [OPTION...] [COMMAND...]
#
# COMMAND runs in the copy instead of these two, e.g. 'scripts/test.sh'. The commands run in order,
# once as root and once as a user with sudo, each time on a fresh system, without a terminal and with
# TERM=dumb.
#
#   --as root|user   run only as one of the two
#   --folder DIR     make the systems in DIR [a temporary folder, removed at the end]; a fresh system
#                    is kept there as bare.tar, for later calls
#   --mirror URL     mirror of Debian's packages [the first of this machine's own sources]
#
# Needs root, debootstrap and git. Takes some twenty minutes for each of root and user on two cores.
# Packages come from this machine's own sources of Debian 12, with its network settings for apt.
# Prints a line per command; if one fails, the logs are kept. Exit code 1: a command failed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

users=(root user) folder='' mirror='' commands=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//p}' "scripts/prove_bare.sh" && exit ;;
    --as | --folder | --mirror) [ $# -gt 1 ] || die "$1 needs a value" ;;&
    --as) users=("$2") && shift ;;
    --folder) folder=$2 && shift ;;
    --mirror) mirror=$2 && shift ;;
    -*) die "unknown option $1; see --help" ;;
    *) commands+=("$1") ;;
  esac
  shift
done
[[ ${users[*]} =~ ^(root|user|root user)$ ]] || die "--as: expected root or user, got '${users[*]}'"
[ ${#commands[@]} -gt 0 ] || commands=(scripts/demo.sh scripts/test.sh)
[ "$(id -u)" -eq 0 ] || die "debootstrap and chroot need root"
for tool in debootstrap git; do
  command -v $tool >/dev/null || die "$tool is not installed: apt-get install $tool"
done

# This machine's own sources of Debian 12, as lines of a sources.list.
# shellcheck disable=SC2016
sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Origin: Debian' 'Created-By: Packages' | grep bookworm || true)
[ -n "$mirror" ] || mirror=$(awk 'NR == 1 { print $2 }' <<<"$sources")
[ -n "$mirror" ] || die "this machine has no sources of Debian 12: name one with --mirror"
[ -n "$sources" ] || sources="deb $mirror bookworm main"

keep=yes
if [ -z "$folder" ]; then
  folder=$(mktemp -d) keep=''
fi
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
system=$folder/system

remove_system() {
  local place
  for place in dev/pts proc; do
    if mountpoint -q "$system/$place"; then umount "$system/$place"; fi
  done
  rm -rf --one-file-system "$system"
}
trap 'remove_system; [ -n "$keep" ] || rm -rf --one-file-system "$folder"' EXIT

make_system() {
  remove_system
  if [ ! -e "$folder/bare.tar" ]; then
    say "making a bare Debian 12 in $folder"
    debootstrap --variant=minbase bookworm "$system" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
      die "debootstrap failed: $(tail -n 1 "$folder/debootstrap.log")"
    tar -C "$system" -cf "$folder/bare.tar.new" .
    mv "$folder/bare.tar.new" "$folder/bare.tar"
  else
    mkdir "$system"
    tar -C "$system" -xpf "$folder/bare.tar"
  fi
  mount -t proc proc "$system/proc"
  mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts "$system/dev/pts"
  # Network settings: names, packages, proxies.
  cp --dereference /etc/resolv.conf "$system/etc/resolv.conf"
  printf '%s\n' "$sources" >"$system/etc/apt/sources.list"
  apt-config dump | grep -E '^Acquire::(Check|Retries|ftp|http|https)' \
    >"$system/etc/apt/apt.conf.d/00network" || true
}

# inside COMMAND...: runs the command in the system as root, without this shell's environment.
inside() {
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb \
    chroot "$system" "$@" </dev/null
}

# run_as USER COMMAND: runs the command in the copy of the last commit in USER's home.
run_as() {
  if [ "$1" = root ]; then
    inside bash -c "cd /root/elastic && $2"
  else
    inside su - "$1" -c "export TERM=dumb; cd elastic && $2"
  fi
}

failed=0
for user in "${users[@]}"; do
  make_system
  home=/root
  if [ "$user" != root ]; then
    home=/home/$user
    inside apt-get update -qq
    inside env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends sudo \
      >/dev/null 2>&1 || die "sudo could not be installed"
    inside useradd --create-home --shell /bin/bash "$user"
    echo "$user ALL=(ALL) NOPASSWD: ALL" >"$system/etc/sudoers.d/$user"
  fi
  mkdir "$system$home/elastic"
  git archive HEAD | tar -C "$system$home/elastic" -xf -
  inside chown -R "$user:" "$home/elastic"
  for command in "${commands[@]}"; do
    log=$folder/$user-$(tr -c '[:alnum:]\n' - <<<"${command:0:40}").log begin=$SECONDS verdict=ok
    say "as $user: $command (log: $log)"
    run_as "$user" "$command" >"$log" 2>&1 || verdict="FAILED: $(tail -n 1 "$log")"
    [ "$verdict" = ok ] || { failed=1 keep=yes && tail -n 40 "$log" >&2; }
    printf '%s\t%s\t%d s\t%s\n' "$user" "$command" $((SECONDS - begin)) "$verdict"
  done
done
exit "$failed"
