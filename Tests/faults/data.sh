# Datasets under fire, for launch/faults.sh, whose variables and functions these use.

# pack_command INTO: many small shards, of pictures that are decoded, compared and encoded.
pack_command() {
  packing=("$clip" pack "$scratch/many" --into "$1" --samples-per-shard 16 --resize 48 --drop-duplicates exact --threads 2)
}

# packed_reference COPIES: the pictures of the tests so many times, each under a caption of its own, and the dataset that a
# command makes of them which nobody disturbs.
packed_reference() {
  local copy picture
  rm -rf "$scratch/many" "$scratch/packed"
  mkdir -p "$scratch/many"
  for ((copy = 0; copy < $1; copy++)); do
    cp -r "$scratch/pictures" "$scratch/many/$copy"
    # What follows a picture's end changes nothing but its digest.
    for picture in "$scratch/many/$copy"/*.jpg; do printf %03d "$copy" >>"$picture"; done
  done
  pack_command "$scratch/packed"
  "${packing[@]}" >"$scratch/log" 2>&1
}

# same_dataset: whether what was left looks complete only if it is, and the command again makes the undisturbed dataset of it.
same_dataset() {
  pack_command "$scratch/left"
  if [ -e "$scratch/left/index.json" ]; then
    diff -rq -x 'packing.*' "$scratch/left" "$scratch/packed" || return 1
  fi
  if [ ! -e "$scratch/left/index.json" ] || [ -e "$scratch/left/packing.jsonl" ]; then
    "${packing[@]}" >"$scratch/log" 2>&1 || { tail -n 1 "$scratch/log"; return 1; }
  fi
  # A lock that nobody holds hinders nobody.
  diff -rq -x packing.lock "$scratch/left" "$scratch/packed"
}

# packing_killed NAME TRIES: kills `clip pack` at a random moment, and then the command that goes on.
packing_killed() {
  local name=$1 wanted=$2 tries=0 survived=0 why='' said took moment process turn
  packed_reference 20
  took=$(date +%s%N)
  packed_reference 20
  took=$((($(date +%s%N) - took) / 1000000))
  while [ "$tries" -lt "$wanted" ]; do
    rm -rf "$scratch/left"
    pack_command "$scratch/left"
    for turn in 1 2; do
      "${packing[@]}" >/dev/null 2>&1 &
      process=$!
      moment=$((RANDOM * took / 32768))
      sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
      kill -9 "$process" 2>/dev/null
      { wait "$process"; } 2>/dev/null
      [ -e "$scratch/left/index.json" ] && break
    done
    tries=$((tries + 1))
    if said=$(same_dataset); then
      survived=$((survived + 1))
    elif [ -z "$why" ]; then
      why="kill $turn after $moment ms: $(head -n 1 <<<"$said")"
    fi
  done
  promise "$name" "$tries" "$survived" "$why"
}

# packing_disturbed NAME SAMPLES FAULT: lets a fault of strace befall `clip pack` at each call that changes files, or at up to
# SAMPLES of each kind. One thread alone writes, the first.
packing_disturbed() {
  local name=$1 samples=$2 fault=$3 call first total stride at tries=0 survived=0 why='' said
  packed_reference 2
  for call in $calls; do
    rm -rf "$scratch/left"
    pack_command "$scratch/left"
    strace -e "trace=$call" -o "$scratch/trace" "${packing[@]}" >/dev/null 2>&1
    # What comes before the dataset's directory is first touched is the system's and the libraries' start.
    first=$(grep -n "$scratch/left" "$scratch/trace" | head -n 1 | cut -d: -f1)
    total=$(grep -c "^$call(" "$scratch/trace")
    stride=$(((total - ${first:=1}) / samples))
    for ((at = first; at <= total; at += stride > 1 ? stride : 1)); do
      rm -rf "$scratch/left"
      { strace -e "trace=$call" -e "inject=$call:$fault:when=$at" -o /dev/null "${packing[@]}" >/dev/null 2>&1; } 2>/dev/null
      tries=$((tries + 1))
      if said=$(same_dataset); then
        survived=$((survived + 1))
      elif [ -z "$why" ]; then
        why="at $call $at of $total: $(head -n 1 <<<"$said")"
      fi
    done
  done
  promise "$name" "$tries" "$survived" "$why"
}

# unreadable NAME SAMPLES: lets reads of a shard fail under a run of two ranks; whether both end, with 74 and the shard's name.
unreadable() {
  local name=$1 samples=$2 shard=$scratch/shards/shard-000000.tar.zst rank at code tries=0 survived=0 why=''
  for rank in 0 1; do
    for ((at = 1; at <= samples; at++)); do
      rm -rf "$scratch/unread"
      run_command "$scratch/unread"
      mpirun --oversubscribe -n 2 "$scratch/traced" "$rank" -e trace=pread64 -P "$shard" \
        -e "inject=pread64:error=EIO:when=$at" -o /dev/null -- "${command[@]}" >"$scratch/log" 2>&1
      code=$?
      tries=$((tries + 1))
      if [ "$code" = 74 ] && grep -q "^clip: .*$shard: cannot read: Input/output error" "$scratch/log"; then
        survived=$((survived + 1))
      elif [ -z "$why" ]; then
        why="rank $rank, read $at: exit code $code; $(grep '^clip' "$scratch/log" | tail -n 1)"
      fi
    done
  done
  promise "$name" "$tries" "$survived" "$why"
}

# unanswered NAME: lets one read of a shard take longer than the patience of a run; whether that is what the run says.
unanswered() {
  local name=$1 shard=$scratch/shards/shard-000000.tar.zst code survived=0
  rm -rf "$scratch/unread"
  run_command "$scratch/unread"
  mpirun --oversubscribe -n 2 "$scratch/traced" 1 -e trace=pread64 -P "$shard" \
    -e inject=pread64:delay_enter=30000000:when=4 -o /dev/null -- "${command[@]}" --patience 2 >"$scratch/log" 2>&1
  code=$?
  if [ "$code" = 86 ] && grep -q 'rank 1 on .* in phase data ' "$scratch/log"; then survived=1; fi
  promise "$name" 1 "$survived" "exit code $code; $(grep '^clip' "$scratch/log" | tail -n 1)"
}
