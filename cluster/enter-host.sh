#!/usr/bin/env bash
# What ssh is to real hosts: mpirun's way onto the hosts of cluster/hosts.sh.
#
#   mpirun --mca plm_rsh_agent cluster/enter-host.sh …       (cluster/on-hosts.sh does it for you)
#   cluster/enter-host.sh HOST COMMAND…
#
# Like ssh it joins the words of the command and lets a shell there read them. Unlike ssh it passes the environment on.
set -euo pipefail

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
}

if [ "${1-}" = --help ]; then
  usage
  exit 0
fi
[ $# -ge 2 ] || {
  usage >&2
  exit 2
}
host=$1
shift
exec "$(dirname "$0")/hosts.sh" exec "$host" sh -c "$*"
