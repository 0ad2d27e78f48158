#!/usr/bin/env bash
# Runs every command of the README's chapter "Use your model", as it stands there, on a small model and small pictures:
# what the README says can be done is done.
#
#   Tests/use-your-model.sh [CLIP]         CLIP: the program (default: that of the release build)
#
# Prints `ok COMMAND` or `FAILED COMMAND: why` for each, and counts at the end. The block in Python runs with the peers'
# Python (Tests/Peers/setup.sh); where there is none it is skipped. Exit codes: 0 all passed, 1 something failed.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
clip=$(realpath "${1:-$root/.build/release/clip}")
python=${XDG_CACHE_HOME:-$HOME/.cache}/swift-clip-peers/bin/python
readonly root clip python
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
unset OPENBLAS_CORETYPE
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0 skipped=0

# block LANGUAGE: the lines of the chapter's block in a language, "" being the shell's.
block() {
  awk -v wanted="$1" '
    /^## / { inside = ($0 == "## Use your model") }
    inside && /^```/ { open = !open; language = substr($0, 4); next }
    inside && open && language == wanted' "$root/README.md"
}

# The names the README uses, for what this has.
prepare() {
  "$root/Tests/pack-pictures.sh" "$clip" "$scratch"
  cd "$scratch"
  mv shards my-shards
  cp -r my-shards held-out-shards
  "$clip" train --recipe tiny --data my-shards --into checkpoints/my-run --threads 1 --set globalBatch=8 --set steps=4
  local pictures=(pictures/*.png) number=0 folder
  cp "${pictures[0]}" bicycle.png
  cp pictures/*.jpg .
  cp "$(printf '%s\n' *.jpg | head -n 1)" cat.jpg
  printf 'a red bicycle\na cat\n' | tee captions.txt >prompts.txt
  # Two classes of twelve pictures each; every folder has the same ones.
  for picture in "${pictures[@]:0:24}"; do
    for folder in class-folders folders/train folders/test val sketch; do
      mkdir -p "$folder/"{cat,dog}
      if [ $((number % 2)) = 0 ]; then cp "$picture" "$folder/cat/"; else cp "$picture" "$folder/dog/"; fi
    done
    number=$((number + 1))
  done
  printf '%s\n' model,shift,reference,shifted a,sketches,0.5,0.4 b,sketches,0.7,0.5 c,sketches,0.9,0.8 >models.csv
}

# run COMMAND: runs a line of the README; one that serves, until it does.
run() {
  local pid
  case $1 in
    *' serve '*)
      eval "exec ${1/ serve / serve --port 0 }" >serving.log 2>&1 &
      pid=$!
      for _ in $(seq 300); do
        grep -q '^serving at ' serving.log && break
        sleep 0.1
      done
      kill "$pid" 2>/dev/null || true
      wait "$pid" 2>/dev/null || true
      cat serving.log
      grep -q '^serving at ' serving.log
      ;;
    *) eval "$1" ;;
  esac
}

# result NAME CODE: counts what became of a command, whose words are in output.log.
result() {
  if [ "$2" = 0 ]; then
    passed=$((passed + 1))
    echo "ok $1"
  else
    failed=$((failed + 1))
    echo "FAILED $1: exit code $2: $(tail -n 3 output.log | tr '\n' ' ')"
  fi
}

prepare >"$scratch/prepare.log" 2>&1 || {
  cat "$scratch/prepare.log"
  exit 1
}
cd "$scratch"
block "" >commands.txt
block python >python.txt
if [ ! -s commands.txt ] || [ ! -s python.txt ]; then
  echo "README.md has no chapter \"Use your model\" with commands and Python"
  exit 1
fi
# Read from another descriptor: mpirun empties its own input.
while read -r line <&3; do
  command=${line%%  #*}
  [ -n "$command" ] || continue
  code=0
  (run "$command") >output.log 2>&1 </dev/null || code=$?
  result "$(tr -s ' ' <<<"$command" | sed 's/ *$//')" "$code"
done 3<commands.txt
if [ -x "$python" ]; then
  code=0
  "$python" python.txt >output.log 2>&1 || code=$?
  result "the block in Python" "$code"
else
  skipped=1
  echo "skipped the block in Python: there are no peers (Tests/Peers/setup.sh)"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
