#!/usr/bin/env bash
# Trains across two hosts made of network namespaces and compares with the same two ranks on one host: the losses must
# be the same, and the gradients must have gone through the cables.
#
#   Tests/two-hosts.sh          as root, after `swift build -c release`; takes some seconds
#
# Prints `ok …` or `FAILED …` for each check and the counts. Exit codes: 0 passed, 1 failed, 77 where the system allows
# no namespaces, or where hosts are up already.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly clip=$PWD/.build/release/clip steps=8
passed=0 failed=0

# check NAME COMMAND…: makes a check of a command, whose words are printed when it fails.
check() {
  local said
  if said=$("${@:2}" 2>&1); then
    passed=$((passed + 1))
    echo "ok $1"
  else
    failed=$((failed + 1))
    echo "FAILED $1: $(tail -n 5 <<<"$said" | paste -sd ' ')"
  fi
}

if [ ! -x "$clip" ]; then
  echo "two-hosts: $clip is not there: run \`swift build -c release\` first" >&2
  exit 1
fi
if [ -n "$(cluster/hosts.sh list)" ]; then
  echo "two-hosts: hosts are up already, perhaps somebody's; \`cluster/hosts.sh down\` removes them" >&2
  exit 77
fi
scratch=$(mktemp -d)
trap 'cluster/hosts.sh down; rm -rf "$scratch"' EXIT
cluster/hosts.sh up 2

# Some environments pin OpenBLAS to the kernels of an older processor.
unset OPENBLAS_CORETYPE
# mpirun wants to hear twice from root that it may.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

Tests/pack-pictures.sh "$clip" "$scratch" >"$scratch/pack.log"

# train RUN LAUNCHER…
train() {
  "${@:2}" "$clip" train --recipe tiny --data "$scratch/shards" --into "$scratch/$1" --threads 1 \
    --set globalBatch=32 --set microBatch=8 --set steps=$steps
}

# bytes COLUMN: what the first host's cable has carried; 5 is sent, 7 received.
# shellcheck disable=SC2317  # called by name
bytes() { cluster/hosts.sh list | awk -v column="$1" '$1 == "clip-host-0" { print $column }'; }

# Each step sums the gradient of every parameter over both ranks: each sends and receives its size at least once.
# shellcheck disable=SC2317  # called by name
carried_gradients() {
  local block
  block=$(stat --format %s "$scratch"/two/step-*/model.safetensors | tail -n 1)
  echo "sent $1 and received $2 bytes, expected $steps times $block or more"
  (($1 >= steps * block && $2 >= steps * block))
}

# shellcheck disable=SC2317  # called by name
same_losses() {
  python3 - "$scratch/one/journal.jsonl" "$scratch/two/journal.jsonl" "$steps" <<'PYTHON'
import json, sys
one, two = ([json.loads(line)["loss"] for line in open(path)] for path in sys.argv[1:3])
assert len(one) == len(two) == int(sys.argv[3]), f"{len(one)} steps on one host, {len(two)} on two"
off = [(step, a, b) for step, (a, b) in enumerate(zip(one, two), start=1) if not abs(a - b) <= 1e-5 * abs(a)]
assert not off, f"(step, loss on one host, on two): {off}"
assert one[-1] < one[0], f"nothing was learned: {one}"
PYTHON
}

sent=$(bytes 5) received=$(bytes 7)
check "two hosts train together" train two cluster/on-hosts.sh
sent=$(($(bytes 5) - sent)) received=$(($(bytes 7) - received))
check "the gradients went through the cables" carried_gradients "$sent" "$received"
check "two ranks on one host train" train one mpirun --oversubscribe -n 2
check "two hosts find the losses of one" same_losses
check "the run of two hosts is sound" "$clip" verify "$scratch/two"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
