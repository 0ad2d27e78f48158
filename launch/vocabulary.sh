#!/usr/bin/env bash
# Fetches CLIP's vocabulary, which the recipe's `"vocabulary": "clip"` needs: 1.3 MB that OpenAI published and that
# open_clip's wheel on PyPI carries. Puts it where `clip` looks; does nothing if it is there already.
#
#   launch/vocabulary.sh
#
# Needs python3 with pip (Debian: python3-pip) and a way to PyPI or to a mirror pip is configured for.
set -euo pipefail

readonly wheel=open_clip_torch==3.3.0
readonly member=open_clip/bpe_simple_vocab_16e6.txt.gz
readonly digest=924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a
readonly directory=${XDG_CACHE_HOME:-$HOME/.cache}/swift-clip
readonly file=$directory/bpe_simple_vocab_16e6.txt.gz

say() { echo "vocabulary.sh: $*" >&2; }
is_right() { [[ -f $1 ]] && echo "$digest  $1" | sha256sum --check --status; }

if [[ -n ${CLIP_VOCABULARY:-} ]]; then
  say "note: CLIP_VOCABULARY is set; clip will read $CLIP_VOCABULARY instead of $file"
fi
if is_right "$file"; then
  say "$file is there already"
  exit 0
fi
if ! python3 -m pip --version >/dev/null 2>&1; then
  say "python3 has no pip; install it (Debian: apt-get install python3-pip) and run this again"
  exit 1
fi

mkdir -p "$directory"
# Beside its destination, so that the last step is a rename.
scratch=$(mktemp -d "$directory/fetching.XXXXXX")
trap 'rm -rf "$scratch"' EXIT

say "fetching $wheel from PyPI (about 1.5 MB)"
if ! python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --dest "$scratch" "$wheel"; then
  say "pip could not download $wheel; is PyPI (or pip's configured mirror) within reach?"
  exit 1
fi
python3 -m zipfile -e "$scratch"/open_clip_torch-*.whl "$scratch"
if ! is_right "$scratch/$member"; then
  say "$wheel holds another $member than expected: its SHA-256 is not $digest"
  exit 1
fi
mv "$scratch/$member" "$file"
say "CLIP's vocabulary is in $file"
