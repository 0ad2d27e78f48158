#!/usr/bin/env bash
# Makes the Python environment that the checks of this folder run in: PyTorch (its build for CPUs), open_clip,
# Transformers, webdataset, TensorBoard, in the versions of requirements.txt. Takes about three minutes and 2 GB; does
# nothing, in a moment, when it is complete.
#
#   Tests/Peers/setup.sh [DIR]          DIR: ${XDG_CACHE_HOME:-~/.cache}/swift-clip-peers
#   DIR/bin/python Tests/Peers/run.py
#
# Exit codes: 0 done, 1 error, 77 where no package can be fetched.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
readonly here
readonly directory=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/swift-clip-peers}
# A copy of the list, put there last, says that everything on it was installed.
readonly complete=$directory/swift-clip-requirements.txt

# fail EXIT-CODE MESSAGE…
fail() {
  echo "peers: ${*:2}" >&2
  exit "$1"
}

if cmp --silent "$here/requirements.txt" "$complete"; then
  echo "peers: $directory is complete"
  exit 0
fi

log=$(mktemp)
scratch=$(mktemp -d)
trap 'rm -rf "$log" "$scratch"' EXIT

[ -x "$directory/bin/python" ] || python3 -m venv "$directory" ||
  fail 1 "python3 makes no virtual environment in $directory; Debian's package for that is python3-venv"

pip() { "$directory/bin/python" -m pip --disable-pip-version-check --quiet "$@" >"$log" 2>&1; }
# The CPU build is not on PyPI. pip looks where it is configured to look first: a local wheel or mirror may have it.
install() { pip install "$@" --requirement "$here/requirements.txt"; }

echo "peers: installing into $directory (about three minutes)"
if ! install && ! install --extra-index-url https://download.pytorch.org/whl/cpu; then
  # Any small package shows whether the network or the list is to blame.
  if ! pip --retries 0 download --no-deps --no-cache-dir --dest "$scratch" six; then
    fail 77 "no package can be fetched: neither PyPI nor a mirror that pip is configured for is within reach"
  fi
  install || true
  cat "$log" >&2
  fail 1 "pip cannot install Tests/Peers/requirements.txt (its words are above)"
fi

# PyPI's torchvision is compiled against the CUDA build of PyTorch, so its own operators (boxes, regions of interest)
# fail to load here, and describing the missing ones to PyTorch's compiler then fails the import. No check calls them:
# the module that describes them may be empty.
python=$directory/bin/python
if ! "$python" -c "import torchvision" 2>"$log"; then
  packages=$("$python" -c "import sysconfig; print(sysconfig.get_path('purelib'))")
  : >"$packages/torchvision/_meta_registrations.py"
fi
"$python" -c "import open_clip, tensorboard, torchvision, transformers, webdataset" 2>"$log" || {
  cat "$log" >&2
  fail 1 "what was installed does not load (the reason is above)"
}
cp "$here/requirements.txt" "$complete"
echo "peers: $directory is complete"
