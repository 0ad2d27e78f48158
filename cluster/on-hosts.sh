#!/usr/bin/env bash
# mpirun over all hosts that cluster/hosts.sh made, one rank on each, over TCP.
#
#   cluster/hosts.sh up 2
#   cluster/on-hosts.sh [OPTIONS OF mpirun] COMMAND…
#   cluster/hosts.sh list         shows how many bytes went through the cables
#   cluster/hosts.sh down
#
# RANKS_PER_HOST=2 puts two ranks on each host. Exit code: mpirun's, or 1 when no host is up.
set -euo pipefail

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
}

if [ "${1-}" = --help ]; then
  usage
  exit 0
fi
[ $# -ge 1 ] || {
  usage >&2
  exit 2
}

here=$(cd "$(dirname "$0")" && pwd)
hosts=$("$here/hosts.sh" list | awk -v ranks="${RANKS_PER_HOST:-1}" '{ print $1 ":" ranks }' | paste -sd ,)
if [ -z "$hosts" ]; then
  echo "on-hosts: no host is up; \`$here/hosts.sh up 2\` makes two" >&2
  exit 1
fi
readonly network=10.77.0.0/24

# shellcheck disable=SC2054  # the comma is Open MPI's
options=(
  --host "$hosts"
  --mca plm_rsh_agent "$here/enter-host.sh"
  # TCP between all ranks. Without ob1 another layer (UCX, libfabric) may find a way around it: the memory they share.
  --mca pml ob1 --mca btl tcp,self --mca btl_tcp_if_include "$network" --mca oob_tcp_if_include "$network"
  # A host whose cable was cut is missed after 10 + 3 · 5 seconds; by default after eight minutes.
  --mca oob_tcp_keepalive_time 10 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 3
  # The hosts share the machine's cores: each one's first rank would be bound to the same core.
  --bind-to none
)
# Only root gets here, and mpirun wants to hear twice that it may.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# mpirun itself runs on the first host: it has to be on the network it starts ranks on.
exec "$here/hosts.sh" exec "${hosts%%:*}" mpirun "${options[@]}" "$@"
