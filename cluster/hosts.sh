#!/usr/bin/env bash
# Hosts made of network namespaces: several machines on one, as far as MPI can tell. Each has its own name and address;
# what they send each other really goes through TCP, and the cable of one can be pulled or slowed.
#
#   cluster/hosts.sh up N                        makes clip-host-0 … clip-host-(N-1), after `down`
#   cluster/hosts.sh down                        kills what runs on them and removes every trace; also when none is up
#   cluster/hosts.sh list                        their names, addresses, cables (up, cut), bytes sent and received
#   cluster/hosts.sh exec NAME COMMAND…          runs a command on a host
#   cluster/hosts.sh cut NAME                    pulls its cable
#   cluster/hosts.sh slow NAME [DELAY] [RATE]    delays each way by DELAY (1ms), throttles each way to RATE (1gbit);
#                                                a kernel without netem throttles only, and this says so
#   cluster/hosts.sh mend NAME                   undoes cut and slow
#
# Exit codes: 0 done, 1 error, 2 usage, 77 where the system allows no namespaces; `exec` has those of the command.
# Needs root and Debian's iproute2. cluster/on-hosts.sh starts MPI programs on the hosts.
#
# The namespace clip-switch holds a bridge with a port for each host. The machine's own network is not touched.
set -euo pipefail

readonly switch=clip-switch network=10.77.0

usage() {
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0"
}

# fail EXIT-CODE MESSAGE
fail() {
  echo "hosts: $2" >&2
  exit "$1"
}

# Whether a network namespace has that name.
is_namespace() {
  [ -e "/run/netns/$1" ]
}

names() {
  local path
  for path in /run/netns/clip-host-*; do
    if [ -e "$path" ]; then basename "$path"; fi
  done | sort --version-sort
}

need_host() {
  if [[ $1 != clip-host-* ]] || ! is_namespace "$1"; then
    fail 1 "there is no host \"$1\"; there are: $(names | paste -sd ' ') (\`$0 up N\` makes N)"
  fi
}

# The switch's end of a host's cable.
port() {
  echo "port-${1##*-}"
}

# run_on NAME COMMAND…: takes the place of this process, so that signals reach the command.
run_on() {
  # The shell in between names the host, in a namespace of host names that `unshare` makes.
  # shellcheck disable=SC2016
  exec ip netns exec "$1" unshare --uts sh -c 'hostname "$0" && exec "$@"' "$@"
}

# add_host NUMBER COUNT
add_host() {
  local name=clip-host-$1 other
  ip netns add "$name"
  ip -n "$switch" link add "$(port "$name")" type veth peer name eth0 netns "$name"
  ip -n "$switch" link set "$(port "$name")" master ports up
  ip -n "$name" address add "$network.$(($1 + 1))/24" dev eth0
  ip -n "$name" link set lo up
  ip -n "$name" link set eth0 up

  # `ip netns exec` puts these where /etc/hosts and /etc/resolv.conf are: the names of all hosts, and no DNS server,
  # since none could be reached.
  mkdir -p "/etc/netns/$name"
  {
    echo "127.0.0.1 localhost"
    for ((other = 0; other < $2; other++)); do echo "$network.$((other + 1)) clip-host-$other"; done
  } >"/etc/netns/$name/hosts"
  : >"/etc/netns/$name/resolv.conf"
}

build() {
  local number
  ip netns add "$switch"
  ip -n "$switch" link add ports type bridge
  ip -n "$switch" link set ports up
  for ((number = 0; number < $1; number++)); do add_host "$number" "$1"; done
  (run_on clip-host-0 true)
}

up() {
  if ! [[ $1 =~ ^[1-9][0-9]{0,2}$ ]] || (($1 > 250)); then
    fail 2 "found \"$1\" for the number of hosts, expected 1 to 250"
  fi
  [ "$(id -u)" = 0 ] || fail 77 "network namespaces take root; run this as root"
  command -v ip >/dev/null || fail 77 "there is no \`ip\`; Debian's package iproute2 brings it"
  down
  trap 'down; fail 77 "this system does not let us make hosts of network namespaces, for the reason above; it takes
  root with CAP_SYS_ADMIN and CAP_NET_ADMIN (in a container: --privileged), and a kernel with veth and bridge"' EXIT
  build "$1"
  trap - EXIT
}

down() {
  local name
  for name in $(names); do
    ip netns pids "$name" | xargs --no-run-if-empty kill -KILL 2>/dev/null || true
    ip netns delete "$name"
  done
  if is_namespace "$switch"; then ip netns delete "$switch"; fi
  rm -rf /etc/netns/clip-host-*
  if [ -d /etc/netns ]; then rmdir --ignore-fail-on-non-empty /etc/netns; fi
}

list() {
  local name
  for name in $(names); do
    # shellcheck disable=SC2016
    ip netns exec "$name" sh -c 'cd /sys/class/net/eth0
      [ "$(cat carrier)" = 1 ] && cable=up || cable=cut
      echo "$0 $1 $cable sent $(cat statistics/tx_bytes) received $(cat statistics/rx_bytes)"' \
      "$name" "$network.$((${name##*-} + 1))"
  done
}

# slow_end NAMESPACE DEVICE DELAY RATE: what is sent through one end of a cable.
slow_end() {
  if tc -n "$1" qdisc replace dev lo root netem delay 0 2>/dev/null; then
    tc -n "$1" qdisc delete dev lo root
    tc -n "$1" qdisc replace dev "$2" root netem delay "$3" rate "$4"
  else
    tc -n "$1" qdisc replace dev "$2" root tbf rate "$4" burst 128kb latency 20ms
    without_delay=yes
  fi
}

slow() {
  local without_delay=no
  slow_end "$1" eth0 "$2" "$3"
  slow_end "$switch" "$(port "$1")" "$2" "$3"
  [ $without_delay = no ] || echo "hosts: this kernel has no netem: $1 is throttled to $3, and not delayed" >&2
}

mend() {
  tc -n "$1" qdisc delete dev eth0 root 2>/dev/null || true
  tc -n "$switch" qdisc delete dev "$(port "$1")" root 2>/dev/null || true
  ip -n "$switch" link set "$(port "$1")" up
}

# arguments MINIMUM MAXIMUM: how many the command takes.
arguments() {
  if ((count < $1 || count > $2)); then
    usage >&2
    exit 2
  fi
}

command=${1-}
count=$(($# - 1))
case $command in
  up) arguments 1 1 && up "$2" ;;
  down) arguments 0 0 && down ;;
  list) arguments 0 0 && list ;;
  exec) arguments 2 1000000 && need_host "$2" && run_on "${@:2}" ;;
  cut) arguments 1 1 && need_host "$2" && ip -n "$switch" link set "$(port "$2")" down ;;
  slow) arguments 1 3 && need_host "$2" && slow "$2" "${3-1ms}" "${4-1gbit}" ;;
  mend) arguments 1 1 && need_host "$2" && mend "$2" ;;
  -h | --help) usage ;;
  *) arguments 1 0 ;;
esac
