#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: Swift's, those under mpirun, two hosts made of network
# namespaces, a sample of launch/faults.sh, a report and the page of `clip serve` in a browser, the comparison with
# open_clip, Transformers and TensorBoard, and the commands of the README's chapter "Use your model". Twenty-five minutes
# on two cores of a bare Debian 12.
#
#   launch/test.sh
#
# A stage that fails does not stop the later ones. Names what failed and what was skipped at the end; the last line is
# `N passed, N failed, N skipped`. Exit codes: 0 all passed, 1 something failed.
set -uo pipefail

cd "$(dirname "$0")/.." || exit
readonly begin=$SECONDS peers=${XDG_CACHE_HOME:-$HOME/.cache}/swift-clip-peers
passed=0 failures=() skips=()
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# Some environments pin OpenBLAS to the kernels of an older processor.
unset OPENBLAS_CORETYPE
# mpirun wants to hear twice from root that it may; elsewhere these mean nothing.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# stage READER TITLE COMMAND…: runs a command under a heading. READER, called with the title and the exit code, counts
# what the log says.
stage() {
  local start=$SECONDS code
  printf '\n== %s\n' "$2"
  # A test that hangs, as ranks waiting for each other do, is ended: the longest stage takes a third of this.
  timeout --kill-after=10 30m "${@:3}" </dev/null 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  "$1" "$2" "$code"
  printf -- '-- %s: %s (%s since the start)\n' "$2" "$(clock $((SECONDS - start)))" "$(clock $((SECONDS - begin)))"
}

fail() { failures+=("$1"); }
skip() { skips+=("$1"); }

# How a command ended, for people.
ending() {
  case $1 in
    124 | 137) echo "did not end in time" ;;
    *) echo "ended with exit code $1" ;;
  esac
}

# Reads nothing: a preparation counts only when it fails. 77 says that it cannot be made here.
preparation() {
  case $2 in
    0) ;;
    77) skip "$1: $(tail -n 1 "$log")" ;;
    *) fail "$1: $(ending "$2")" ;;
  esac
}

# Reads the lines `ok NAME`, `FAILED NAME: why` and `skipped NAME: why`, and `N passed, …` behind the last.
checks() {
  local line
  if [ "$2" = 77 ]; then
    skip "$1: $(tail -n 1 "$log")"
    return
  fi
  passed=$((passed + $(grep -c '^ok ' "$log")))
  while read -r line; do fail "$1: $line"; done < <(sed -n 's/^FAILED //p' "$log")
  while read -r line; do skip "$1: $line"; done < <(sed -n 's/^skipped //p' "$log")
  # Whatever died on the way has no counts to show; its other failures were counted above.
  if ! grep -Eq '^[0-9]+ passed, [0-9]+ failed' "$log" || { [ "$2" != 0 ] && ! grep -q '^FAILED ' "$log"; }; then
    fail "$1: $(ending "$2")"
  fi
}

# Reads what Swift Testing prints: a line for each test, with a sign in front, and one about the run.
swift_tests() {
  local line all bad=0 off=0
  while read -r line; do
    bad=$((bad + 1))
    fail "$1: $line"
  done < <(sed -nE 's/^[^ ]+ Test (.*) failed after .*/\1/p' "$log" | grep -Ev '^(case|run) ')
  while read -r line; do
    off=$((off + 1))
    skip "$1: $line"
  done < <(sed -nE 's/^[^ ]+ Test (.*) skipped(: |\.$)/\1: /p' "$log" | sed 's/: $/: it gives no reason/')
  all=$(sed -nE 's/^[^ ]+ Test run with ([0-9]+) tests? .*/\1/p' "$log" | tail -n 1)
  if [ -n "$all" ]; then
    passed=$((passed + all - bad - off))
    if [ "$2" != 0 ] && [ "$bad" = 0 ]; then fail "$1: $(ending "$2")"; fi
  else
    # Crashed, or was not built: those that had passed by then did pass.
    passed=$((passed + $(grep -E '^[^ ]+ Test .* passed after ' "$log" | grep -Evc '^[^ ]+ Test (case|run) ')))
    fail "$1: $(ending "$2") before all tests were done"
  fi
}

stage preparation "Installing what is missing" launch/install.sh
stage preparation "Fetching CLIP's vocabulary" launch/vocabulary.sh
# One build for all: left to itself, `swift test` would build everything once more, with testing enabled.
stage preparation "Building" swift build -c release --build-tests
stage swift_tests "Swift tests" swift test -c release --skip-build
for ranks in 1 2 4; do
  stage checks "Ranks under mpirun -n $ranks" mpirun --oversubscribe -n $ranks .build/release/WorldCheck
done
stage checks "Two hosts" Tests/two-hosts.sh
stage checks "Faults" launch/faults.sh --short
stage preparation "Installing a browser" launch/install.sh chromium
stage checks "The page" Tests/page.sh
stage checks "A report in a browser" Tests/report-page.sh
stage preparation "Installing the peers" Tests/Peers/setup.sh
if cmp --silent Tests/Peers/requirements.txt "$peers/swift-clip-requirements.txt"; then
  stage checks "Peers" "$peers/bin/python" Tests/Peers/run.py
  stage checks "The README's commands" Tests/use-your-model.sh
else
  skip "Peers: their environment is not complete"
fi

printf '\n== Result after %s\n' "$(clock $((SECONDS - begin)))"
for name in "${failures[@]}"; do echo "failed: $name"; done
for name in "${skips[@]}"; do echo "skipped: $name"; done
echo "$passed passed, ${#failures[@]} failed, ${#skips[@]} skipped"
[ ${#failures[@]} = 0 ]
