#!/usr/bin/env bash
# Packs the pictures of the tests, with captions that tell them apart: a data set for scripts.
#
#   Tests/pack-pictures.sh CLIP SCRATCH        CLIP: the program; makes SCRATCH/pictures and SCRATCH/shards
set -euo pipefail

clip=$1 scratch=$2
mkdir "$scratch/pictures"
for picture in "$(dirname "$0")"/ImagesTests/Fixtures/*.{jpg,png,webp}; do
  name=${picture##*/}
  cp "$picture" "$scratch/pictures/${name/./-}.${name##*.}"
  tr '.-' '  ' <<<"a test of $name" >"$scratch/pictures/${name/./-}.txt"
done
"$clip" pack "$scratch/pictures" --into "$scratch/shards"
