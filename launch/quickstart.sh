#!/usr/bin/env bash
# From a fresh clone to a model that finds pictures by a sentence, in eight minutes on two cores.
#
#   launch/quickstart.sh [DIR]         DIR: where everything goes (default: checkpoints/quickstart)
#
# Makes a data set of the 3,600 emoji Debian brings along, trains on nine tenths of them with two MPI ranks, kills a rank
# on the way and resumes, measures retrieval on the tenth it never saw, exports for open_clip and Transformers, and
# searches. Run again, it goes on where it stopped.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
work=${1:-$root/checkpoints/quickstart}
mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$root"
readonly root work clip=$root/.build/release/clip
readonly begin=$SECONDS

heading() { printf '\n== %s  (%d:%02d)\n' "$*" $(((SECONDS - begin) / 60)) $(((SECONDS - begin) % 60)); }

# Some environments pin OpenBLAS to the kernel of an older processor, at half the speed.
unset OPENBLAS_CORETYPE
# mpirun wants to hear twice from root that it may; elsewhere these mean nothing.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
ranks=(mpirun -n 2)
if [ "$(nproc)" -lt 2 ]; then ranks+=(--oversubscribe); fi

heading "Installing what is missing"
launch/install.sh
launch/vocabulary.sh

heading "Building"
swift build -c release --product clip
swift build -c release --product emoji-pictures

heading "Making the data set: Debian's emoji with their names"
if [ ! -d "$work/pictures" ]; then
  .build/release/emoji-pictures --into "$work/pictures"
fi
for part in train held-out; do
  if [ ! -f "$work/$part/index.json" ]; then
    rm -rf "${work:?}/$part"  # what a packing that was killed left
    "$clip" pack "$work/pictures/$part" --into "$work/$part" --background white
  fi
done
"$clip" inspect "$work/train"

train=("${ranks[@]}" "$clip" train --recipe emoji --data "$work/train" --validation "$work/held-out" --into "$work/run")

if [ ! -d "$work/run" ]; then
  heading "Training on two ranks, until one is killed"
  "${train[@]}" &
  launcher=$!
  # The first checkpoint, then a moment into the steps that will be lost.
  while kill -0 "$launcher" 2>/dev/null && ! compgen -G "$work/run/step-*" >/dev/null; do sleep 1; done
  sleep 3
  # mpirun's first child is a rank.
  read -r victim _ <"/proc/$launcher/task/$launcher/children" || true
  if [ -n "${victim-}" ]; then
    kill -KILL "$victim"
    echo "killed process $victim, a rank of the run"
  fi
  wait "$launcher" || echo "mpirun ended with exit code $?, as it must"
fi

heading "Training: the same command resumes"
"${train[@]}"

heading "Retrieval among the emoji it was trained on"
"$clip" evaluate retrieval --weights "$work/run" --data "$work/train"
heading "Retrieval among those it never saw"
"$clip" evaluate retrieval --weights "$work/run" --data "$work/held-out"

heading "Exporting"
for format in open_clip transformers; do
  if [ ! -d "$work/$format" ]; then
    "$clip" export --weights "$work/run" --into "$work/$format" --format "$format"
  fi
done

heading "Searching"
"$clip" search --weights "$work/run" --data "$work/train" --data "$work/held-out" --top 5 --sheet "$work/found.png" \
  "cat face" "guitar" "smiling face" "dog face" "musical notes" "racing car"
printf '\nThe same as a picture: %s\n' "$work/found.png"
printf 'Done in %d:%02d minutes.\n' $(((SECONDS - begin) / 60)) $(((SECONDS - begin) % 60))
