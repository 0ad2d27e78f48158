#!/usr/bin/env bash
# Installs what swift-clip needs on Debian 12 and is not there yet: the libraries it calls, Open MPI, and the font
# and names of the quickstart's pictures. Does nothing, in a moment, when nothing is missing.
#
#   launch/install.sh [PACKAGE…]     as root, or as a user who may sudo; PACKAGE: more of them, as tests need
#
# Swift itself is not a Debian package: 6.2 or newer must be on PATH already.
set -euo pipefail

readonly oldest_swift=6.2

packages=(
  libc6-dev libstdc++-12-dev binutils              # what Swift's compiler links with,
  libcurl4 libedit2 libncurses6 libsqlite3-0       #   and its tools run with
  libopenmpi-dev openmpi-bin                       # the ranks and what starts them
  libopenblas-dev libopenblas-pthread-dev          # matrix products in single precision,
  libdnnl-dev libgomp1                             #   and in bfloat16, to compare ours with
  libzstd-dev zstd libxxhash-dev zlib1g-dev        # shards, checkpoints and vocabularies
  libturbojpeg0-dev libjpeg62-turbo-dev            # pictures in
  libpng-dev libwebp-dev
  libcairo2-dev fonts-dejavu-core                  # pictures out
  libharfbuzz-dev libxml2                          # the quickstart's pictures: reading the font and the names,
  fonts-noto-color-emoji unicode-cldr-core         #   the font, the names
  python3 python3-venv                             # the peers that tests compare with
  strace procps                                    # faults that tests inject
  pkg-config iproute2 git curl ca-certificates     # building, hosts made of network namespaces, fetching
)

fail() {
  echo "install: $*" >&2
  exit 1
}

find_swift() {
  command -v swift >/dev/null || fail "swift is not on PATH ($PATH); get $oldest_swift or newer from" \
    "https://www.swift.org/install/linux/ (where sudo shortened PATH, run this without it: it calls sudo by itself)"
}

check_swift() {
  local text version
  text=$(swift --version 2>&1) || fail "\`swift --version\` fails: $text"
  version=$(sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' <<<"$text")
  [ -n "$version" ] || fail "\`swift --version\` names no version: $text"
  [ "$(printf '%s\n' "$oldest_swift" "$version" | sort --version-sort | head -n 1)" = "$oldest_swift" ] ||
    fail "$(command -v swift) is Swift $version; $oldest_swift or newer is needed: https://www.swift.org/install/linux/"
  echo "install: Swift $version"
}

# The packages of the list that dpkg does not know as installed, one a line.
missing_packages() {
  # dpkg-query fails when it has never heard of one of the names, and still prints the others.
  { dpkg-query --show --showformat '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null || true; } |
    awk -v wanted="${packages[*]}" '
      $2 == "installed" { installed[$1] = 1 }
      END { count = split(wanted, names, " "); for (i = 1; i <= count; i++) if (!installed[names[i]]) print names[i] }'
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    command -v sudo >/dev/null || fail "installing packages takes root, and there is no sudo here; run this as root"
    sudo "$@"
  fi
}

# Runs apt-get without a word, unless it fails.
apt_get() {
  local log
  log=$(mktemp)
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "apt-get $1 failed (its output is above)"
  fi
  rm -f "$log"
}

packages+=("$@")
command -v apt-get >/dev/null || fail "this is not Debian; the packages to find equivalents of are: ${packages[*]}"
find_swift

# A Python of one's own often brings its pip along; Debian's would only shadow it.
python3 -m pip --version >/dev/null 2>&1 || packages+=(python3-pip)
mapfile -t missing < <(missing_packages)
if [ ${#missing[@]} = 0 ]; then
  echo "install: all ${#packages[@]} packages are there"
else
  echo "install: installing ${missing[*]}"
  apt_get update
  apt_get install --no-install-recommends "${missing[@]}"
fi
check_swift
