#!/usr/bin/env bash
# Breaks runs in every way that is known to happen, and looks whether anything is lost: prints a line for each promise,
# with how often it was put to the test and how often it held.
#
#   launch/faults.sh             after `swift build -c release --build-tests`; twenty minutes or so on two cores
#   launch/faults.sh --short     a sample of each, a minute or two; what launch/test.sh runs
#   launch/faults.sh packing     the promises whose names have this word, all of each
#
# What a killed run must do: the same command again ends with the weights of a run that nobody disturbed, byte for byte.
# Needs strace (launch/install.sh brings it), which kills a process at a system call of choice or lets that call fail.
# Exit codes: 0 all promises held, 1 one did not, 77 where strace cannot trace.
set -uo pipefail

cd "$(dirname "$0")/.." || exit
readonly built=$PWD/.build/release/clip
short='' only=''
if [ "${1-}" = --short ]; then short=yes; else only=${1-}; fi
passed=0 failed=0
# Some environments pin OpenBLAS to the kernels of an older processor.
unset OPENBLAS_CORETYPE
# mpirun wants to hear twice from root that it may.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1

[ -x "$built" ] || { echo "faults: $built is not there: run \`swift build -c release\` first" >&2; exit 1; }
strace -e trace=none true 2>/dev/null || { echo "faults: strace cannot trace here" >&2; exit 77; }
scratch=$(mktemp -d)
# A copy, which no build replaces meanwhile.
readonly clip=$scratch/clip
cp "$built" "$clip"
trap 'rm -rf "$scratch"' EXIT

# promise NAME TRIES SURVIVED [WHY]: tells how it went.
promise() {
  if [ "$2" = "$3" ] && [ "$2" -gt 0 ]; then
    passed=$((passed + 1))
    echo "ok $1: $2 tries, $3 survived"
  else
    failed=$((failed + 1))
    echo "FAILED $1: $2 tries, $3 survived${4:+; first: $4}"
  fi
}

# try FUNCTION NAME …: puts a promise to the test, if it is asked for.
try() { [[ $2 != *"$only"* ]] || "$@"; }

# shellcheck source=../Tests/faults/data.sh
. Tests/faults/data.sh

Tests/pack-pictures.sh "$clip" "$scratch" >/dev/null || exit 1
"$clip" vocabulary learn "$scratch/shards" --size 530 --into "$scratch/vocabulary.txt" >/dev/null || exit 1

# The command of a run: small enough that a checkpoint takes no time, with one due after every second step.
run_command() {
  command=("$clip" train --recipe tiny --data "$scratch/shards" --into "$1" --threads 1
    --set "vocabulary=$scratch/vocabulary.txt" --set model.text_cfg.vocab_size=530 --set globalBatch=16
    --set steps="${2:-4}" --set schedule.warmupSteps=1 --set checkpoint.everySteps=2 --set checkpoint.keepLast=1)
}

# The command of a run whose checkpoints are a few kilobytes.
small_command() {
  run_command "$1" "$2"
  command+=(--allow-change steps --set model.embed_dim=4
    --set model.vision_cfg.image_size=16 --set model.vision_cfg.width=8 --set model.vision_cfg.layers=1
    --set model.vision_cfg.head_width=8 --set model.text_cfg.width=8 --set model.text_cfg.heads=1
    --set model.text_cfg.layers=1)
}

# listing RUN: what is in a run's directory. Its event file has the time it was begun in its name.
listing() { ls -A "$1" | sed -E 's/^(events\.out\.tfevents)\.[0-9]+/\1/'; }

# whole RUN REFERENCE [LAUNCHER…]: goes on with a run, and whether that ends as if nothing had happened.
whole() {
  run_command "$1"
  "${@:3}" "${command[@]}" >"$scratch/log" 2>&1 || { tail -n 2 "$scratch/log" | paste -sd ' '; return 1; }
  cmp "$1/step-000000004/model.safetensors" "$2/step-000000004/model.safetensors" || return 1
  "$clip" verify "$1" >"$scratch/log" || { head -n 1 "$scratch/log"; return 1; }
  # An older checkpoint may stay where removing it failed after the last one was complete.
  local left
  left=$(listing "$1" | grep -v step-000000002 | paste -sd ' ')
  [ "$left" = "$(listing "$2" | paste -sd ' ')" ] || { echo "left behind: $left"; return 1; }
}

# Every call that changes what is on the disk, or opens something on it.
readonly calls="openat mkdir write pwrite64 ftruncate fsync fdatasync rename unlink rmdir flock"

# A rank of two, or a process alone, that is traced; the arguments behind -- are the command.
#   traced RANK OPTIONS… -- COMMAND…
cat >"$scratch/traced" <<'WRAPPER'
#!/usr/bin/env bash
rank=$1 options=()
shift
while [ "$1" != -- ]; do options+=("$1"); shift; done
shift
if [ "${OMPI_COMM_WORLD_RANK:-0}" = "$rank" ]; then exec strace -f -qq "${options[@]}" "$@"; fi
exec "$@"
WRAPPER
chmod +x "$scratch/traced"

# Traces every rank into files of its own, one a thread: PREFIX-RANK.THREAD.
#   each-traced PREFIX CALLS COMMAND…
cat >"$scratch/each-traced" <<'WRAPPER'
#!/usr/bin/env bash
exec strace -ff -ttt -T -xx -s 100000000 -e "trace=$2" -o "$1-${OMPI_COMM_WORLD_RANK:-0}" "${@:3}"
WRAPPER
chmod +x "$scratch/each-traced"

# disturbed NAME RANK SAMPLES PART CALLS FAULT REFERENCE [LAUNCHER…]: lets a fault of strace befall a rank of a run that has
# a checkpoint of step 2: at the N-th call of each of CALLS, for N up to the last one it makes or, with fewer SAMPLES, for
# some of them. PART is `run`, or `save` for calls that have to do with the new checkpoint and the removal of the old one
# only: strace counts the calls of each thread, and would hit the first thread that has made N. Whatever comes of it, the
# old checkpoint or the new one is whole afterwards, and the same command ends as if nothing had happened.
disturbed() {
  local name=$1 rank=$2 samples=$3 part=$4 traced=$5 fault=$6 reference=$7 call first total stride at directory file
  local tries=0 survived=0 why='' said only=()
  shift 7
  if [ "$part" = save ]; then
    for directory in step-000000004.tmp step-000000004 step-000000002.old; do
      only+=(-P "$scratch/disturbed/$directory")
      for file in model.safetensors optimizer-000.safetensors.zst recipe.json state.json MANIFEST.json; do
        only+=(-P "$scratch/disturbed/$directory/$file")
      done
    done
  fi
  for call in $traced; do
    rm -rf "$scratch/disturbed"
    cp -r "$scratch/halfway" "$scratch/disturbed"
    run_command "$scratch/disturbed"
    "$@" "$scratch/traced" "$rank" "${only[@]}" -e "trace=$call" -o "$scratch/trace" -- "${command[@]}" >"$scratch/log" 2>&1
    # What comes before the run's directory is first touched is the system's and the libraries' start.
    first=$(grep -n "$scratch/disturbed" "$scratch/trace" | head -n 1 | cut -d: -f1)
    total=$(wc -l <"$scratch/trace")
    stride=$(((total - ${first:=1}) / samples))
    for ((at = first; at <= total; at += stride > 1 ? stride : 1)); do
      rm -rf "$scratch/disturbed"
      cp -r "$scratch/halfway" "$scratch/disturbed"
      run_command "$scratch/disturbed"
      # The braces keep the shell from telling of each death.
      { "$@" "$scratch/traced" "$rank" "${only[@]}" -e "trace=$call" -e "inject=$call:$fault:when=$at" \
        -o /dev/null -- "${command[@]}" >"$scratch/log" 2>&1; } 2>/dev/null
      tries=$((tries + 1))
      if said=$("$clip" checkpoints "$scratch/disturbed" 2>&1 >/dev/null && whole "$scratch/disturbed" "$reference" "$@"); then
        survived=$((survived + 1))
      elif [ -z "$why" ]; then
        why="at $call $at of $total: $said"
      fi
    done
  done
  promise "$name" "$tries" "$survived" "$why"
}

# powerless NAME RANKS: the power fails at every moment of a run that takes two steps more and saves; any of the changes that
# were not synced then may or may not be on the disk. Tests/PowerLoss does this in a simulated file system.
powerless() {
  local name=$1 ranks=$2 rank said launcher=() traces=()
  if [ "$ranks" -gt 1 ]; then launcher=(mpirun --oversubscribe -n "$ranks"); fi
  rm -rf "$scratch/small" "$scratch/before" "$scratch"/power-*
  small_command "$scratch/small" 2
  "${launcher[@]}" "${command[@]}" >"$scratch/log" 2>&1 || { promise "$name" 1 0 "$(tail -n 1 "$scratch/log")"; return; }
  cp -r "$scratch/small" "$scratch/before"
  small_command "$scratch/small" 4
  for ((rank = 0; rank < ranks; rank++)); do traces+=("$scratch/power-$rank"); done
  "${launcher[@]}" "$scratch/each-traced" "$scratch/power" "${calls// /,},close" "${command[@]}" >"$scratch/log" 2>&1
  said=$(.build/release/PowerLoss "$scratch/small" "$scratch/before" "$scratch/after" "${traces[@]}" 2>&1)
  # shellcheck disable=SC2086  # "states N survived M; first: …"
  set -- $said
  promise "$name" "${2:-1}" "$(tr -d ';' <<<"${4:-0}")" "$said"
}

# slow NAME: delays what one rank of two writes, each in turn. Checkpoints are those of a calm run all the same, and steps are
# taken while they are written.
slow() {
  local name=$1 rank tries=0 survived=0 why='' said
  rm -rf "$scratch/calm"
  run_command "$scratch/calm"
  mpirun --oversubscribe -n 2 "${command[@]}" --set checkpoint.keepLast=2 >/dev/null 2>&1
  for rank in 0 1; do
    rm -rf "$scratch/slow"
    run_command "$scratch/slow"
    tries=$((tries + 1))
    mpirun --oversubscribe -n 2 "$scratch/traced" "$rank" -e trace=fdatasync \
      -e inject=fdatasync:delay_enter=1500000:when=1 -o /dev/null -- \
      "${command[@]}" --set checkpoint.keepLast=2 >"$scratch/log" 2>&1 &
    while kill -0 $! 2>/dev/null && [ "$(cat "$scratch/slow/journal.jsonl" 2>/dev/null | wc -l)" -lt 4 ]; do sleep 0.02; done
    # Four steps are done, and the checkpoint of the second is not.
    said=$(ls "$scratch/slow" | paste -sd ' ')
    wait $!
    if [[ $said == *step-000000002.tmp* ]] && "$clip" verify "$scratch/slow" >"$scratch/log" &&
      cmp -s "$scratch/slow/step-000000002/model.safetensors" "$scratch/calm/step-000000002/model.safetensors" &&
      cmp -s "$scratch/slow/step-000000004/model.safetensors" "$scratch/calm/step-000000004/model.safetensors"; then
      survived=$((survived + 1))
    elif [ -z "$why" ]; then
      why="rank $rank: $said"
    fi
  done
  promise "$name" "$tries" "$survived" "$why"
}

# unheard NAME: whether a run ends well whose words nobody takes.
unheard() {
  local name=$1 tries=0 survived=0 where reference
  rm -rf "$scratch/calm"
  run_command "$scratch/calm"
  mpirun --oversubscribe -n 2 "${command[@]}" >/dev/null 2>&1
  for where in full closed full-of-two closed-of-two; do
    rm -rf "$scratch/unheard"
    run_command "$scratch/unheard"
    case $where in
      full) "${command[@]}" >/dev/full 2>&1 ;;
      closed) "${command[@]}" >&- 2>&- ;;
      full-of-two) mpirun --oversubscribe -n 2 "${command[@]}" >/dev/full 2>&1 ;;
      # mpirun itself needs them to be open: what it writes into goes away.
      closed-of-two) mpirun --oversubscribe -n 2 "${command[@]}" 2>&1 | true ;;
    esac
    tries=$((tries + 1))
    case $where in *-of-two) reference=$scratch/calm ;; *) reference=$scratch/alone ;; esac
    cmp -s "$scratch/unheard/step-000000004/model.safetensors" "$reference/step-000000004/model.safetensors" &&
      survived=$((survived + 1))
  done
  promise "$name" "$tries" "$survived"
}

# straggling NAME: stops one rank of two for a tenth of every fifth of a second; whether it is named.
straggling() {
  local name=$1 launcher victim code survived=0
  rm -rf "$scratch/straggling"
  run_command "$scratch/straggling" 100000
  # Steps as long as it is stopped: it is then stopped in what it does itself, not in waiting for the other.
  command+=(--set globalBatch=256 --set microBatch=8)
  mpirun --oversubscribe -n 2 "${command[@]}" >"$scratch/log" 2>&1 &
  launcher=$!
  await_steps "$scratch/straggling" "$launcher"
  victim=$(rank_process 1 "$scratch/straggling")
  for _ in $(seq 150); do
    kill -STOP "$victim" && sleep 0.1
    kill -CONT "$victim" && sleep 0.1
    grep -q "rank 1 is the straggler" "$scratch/log" && survived=1 && break
  done
  kill -USR1 "$launcher"
  wait "$launcher"
  code=$?
  [ "$code" = 143 ] || survived=0
  promise "$name" 1 "$survived" "exit code $code; $(grep '^clip\|^warning' "$scratch/log" | tail -n 1)"
}

# restarted NAME KILLS: kills ranks at random under `clip launch` until the run is done.
restarted() {
  local name=$1 kills=$2 steps tries=0 survived=0 supervisor victims code last
  # Enough for the run to last until the last kill.
  steps=$((200 * kills))
  last=$(printf step-%09d "$steps")
  rm -rf "$scratch/restarted"
  run_command "$scratch/restarted" "$steps"
  "$clip" launch --max-restarts 100 -- mpirun --oversubscribe -n 2 "${command[@]}" >"$scratch/log" 2>&1 &
  supervisor=$!
  while kill -0 "$supervisor" 2>/dev/null && [ "$tries" -lt "$kills" ]; do
    sleep "$((RANDOM % 2 + 1)).$((RANDOM % 10))"
    mapfile -t victims < <(pgrep -f "^$clip train .*--into $scratch/restarted")
    [ ${#victims[@]} = 0 ] && continue
    kill -KILL "${victims[RANDOM % ${#victims[@]}]}" 2>/dev/null && tries=$((tries + 1))
  done
  wait "$supervisor"
  code=$?
  rm -rf "$scratch/calm"
  run_command "$scratch/calm" "$steps"
  mpirun --oversubscribe -n 2 "${command[@]}" >/dev/null 2>&1
  if [ "$code" = 0 ] && cmp -s "$scratch/calm/$last/model.safetensors" \
    "$scratch/restarted/$last/model.safetensors"; then
    survived=$tries
  fi
  promise "$name" "$tries" "$survived" "clip launch ended with $code: $(tail -n 1 "$scratch/log")"
}

# rank_process RANK RUN: the process of a rank of a run.
rank_process() {
  local pid
  for pid in $(pgrep -f "^$clip train .*--into $2"); do
    tr '\0' '\n' <"/proc/$pid/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$1" && echo "$pid"
  done
}

# await_steps RUN PROCESS: waits until a run has taken some steps, or its process has ended.
await_steps() {
  while kill -0 "$2" 2>/dev/null && [ "$(cat "$1/journal.jsonl" 2>/dev/null | wc -l)" -lt 20 ]; do sleep 0.1; done
}

# named: stops a rank of two; whether the other names it and ends the run with 86.
named() {
  local name=$1 rounds=$2 tries=0 survived=0 launcher victim rank why='' code
  for ((tries = 0; tries < rounds; tries++)); do
    rm -rf "$scratch/stuck"
    run_command "$scratch/stuck" 100000
    rank=$((tries % 2))
    mpirun --oversubscribe -n 2 "${command[@]}" --patience 3 >"$scratch/log" 2>&1 &
    launcher=$!
    await_steps "$scratch/stuck" "$launcher"
    sleep 1
    victim=$(rank_process "$rank" "$scratch/stuck")
    kill -STOP "$victim"
    wait "$launcher"
    code=$?
    if [ "$code" = 86 ] && grep -q "no answer from rank $rank on " "$scratch/log"; then
      survived=$((survived + 1))
    elif [ -z "$why" ]; then
      why="exit code $code: $(grep '^clip' "$scratch/log" | tail -n 1)"
    fi
  done
  promise "$name" "$tries" "$survived" "$why"
}

# lost: pulls the cable of one of two hosts; whether the run ends within a minute and goes on when it is mended.
lost() {
  local name=$1 launcher start code=none took=none
  if [ -n "$(cluster/hosts.sh list 2>/dev/null)" ] || ! cluster/hosts.sh up 2 >"$scratch/log" 2>&1; then
    echo "skipped $1: hosts of network namespaces are up already, or not allowed here"
    return
  fi
  run_command "$scratch/lost" 100000
  cluster/on-hosts.sh "${command[@]}" >"$scratch/log" 2>&1 &
  launcher=$!
  await_steps "$scratch/lost" "$launcher"
  start=$SECONDS
  cluster/hosts.sh cut clip-host-1
  wait "$launcher"
  code=$? took=$((SECONDS - start))
  cluster/hosts.sh mend clip-host-1
  # What the lost host still runs notices the loss up to some seconds later, and then clears away folders of mpirun's
  # that a new start there would share.
  while [ -n "$(ip netns pids clip-host-1)" ] && [ $((SECONDS - start)) -lt 90 ]; do sleep 0.2; done
  run_command "$scratch/lost" 100000
  cluster/on-hosts.sh "${command[@]}" >"$scratch/log" 2>&1 &
  launcher=$!
  while kill -0 "$launcher" 2>/dev/null && ! grep -q '^resuming ' "$scratch/log" && [ $((SECONDS - start)) -lt 120 ]; do
    sleep 0.2
  done
  kill -USR1 "$launcher"
  wait "$launcher"
  cluster/hosts.sh down
  if [ "$code" != 0 ] && [ "$took" -lt 60 ] && grep -q '^resuming ' "$scratch/log"; then
    promise "$name" 1 1
  else
    sed 's/^/    /' "$scratch/log"
    promise "$name" 1 0 "exit code $code after $took s; what the second start said is above"
  fi
}

# fewer NAME: pulls the cable of one of three hosts under `clip launch --hosts-file`; whether the run goes on without it.
fewer() {
  local name=$1 launcher start code
  if [ -n "$(cluster/hosts.sh list 2>/dev/null)" ] || ! cluster/hosts.sh up 3 >"$scratch/log" 2>&1; then
    echo "skipped $1: hosts of network namespaces are up already, or not allowed here"
    return
  fi
  printf '%s\n' "clip-host-0 slots=2" "clip-host-1" "clip-host-2   # the one that goes" >"$scratch/hosts"
  rm -rf "$scratch/fewer"
  run_command "$scratch/fewer" 100000
  cluster/hosts.sh exec clip-host-0 "$clip" launch --hosts-file "$scratch/hosts" -- mpirun \
    --mca plm_rsh_agent "$PWD/cluster/enter-host.sh" --mca pml ob1 --mca btl tcp,self --bind-to none \
    --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
    --mca oob_tcp_keepalive_time 10 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 3 \
    "${command[@]}" >"$scratch/log" 2>&1 &
  launcher=$!
  await_steps "$scratch/fewer" "$launcher"
  start=$SECONDS
  cluster/hosts.sh cut clip-host-2
  while kill -0 "$launcher" 2>/dev/null && ! grep -q '^resuming ' "$scratch/log" && [ $((SECONDS - start)) -lt 180 ]; do
    sleep 0.2
  done
  kill -TERM "$launcher" 2>/dev/null
  wait "$launcher"
  code=$?
  cluster/hosts.sh down
  if [ "$code" = 143 ] && grep -q 'clip-host-2 does not answer' "$scratch/log" && grep -q '2 ranks instead of 4' "$scratch/log"
  then
    promise "$name" 1 1
  else
    promise "$name" 1 0 "exit code $code; $(grep '^clip' "$scratch/log" | tail -n 1)"
  fi
}

# tested NAME FILTER: the tests whose names match, which launch/test.sh runs among all others.
tested() {
  local count failed
  swift test -c release --skip-build --filter "$2" >"$scratch/log" 2>&1
  count=$(sed -nE 's/^[^ ]+ Test run with ([0-9]+) tests? .*/\1/p' "$scratch/log" | tail -n 1)
  failed=$(sed -nE 's/^[^ ]+ Test (.*) failed after .*/\1/p' "$scratch/log" | grep -Evc '^(case|run) ')
  promise "$1" "${count:-1}" "$((${count:-0} - failed))" "$(grep ' recorded an issue' "$scratch/log" | head -n 1)"
}

# Runs that nobody disturbed, and one that has come half the way.
run_command "$scratch/alone"
"${command[@]}" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
run_command "$scratch/halfway" 4
"${command[@]}" --set checkpoint.keepLast=2 >"$scratch/log" 2>&1
# As if it had died in its third or fourth step.
rm -rf "$scratch/halfway/step-000000004"
[ -d "$scratch/halfway/step-000000002" ] || { echo "faults: no run to begin with" >&2; exit 1; }
cp -r "$scratch/halfway" "$scratch/two"
run_command "$scratch/two"
mpirun --oversubscribe -n 2 "${command[@]}" >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }


many=${short:+3} few=${short:+1}
try disturbed "killed at every system call of a save, alone" 0 "${many:-100000}" save "$calls" signal=SIGKILL "$scratch/alone"
try disturbed "killed at system calls of a run, alone" 0 "${few:-10}" run "$calls" signal=SIGKILL "$scratch/alone"
for rank in 0 1; do
  try disturbed "killed at every system call of a save of rank $rank of 2" "$rank" "${few:-100000}" save "$calls" signal=SIGKILL \
    "$scratch/two" mpirun --oversubscribe -n 2
done
try disturbed "no space left at every call of a save" 0 "${many:-100000}" save "$calls" error=ENOSPC "$scratch/alone"
try disturbed "no space left at calls of a run" 0 "${few:-20}" run "write pwrite64 fsync rename" error=ENOSPC "$scratch/alone"
try disturbed "input or output errors at every sync of a save" 0 "${many:-100000}" save "fsync fdatasync" error=EIO "$scratch/alone"
try disturbed "a quota met at every write of a save" 0 "${many:-100000}" save "pwrite64 ftruncate" error=EDQUOT "$scratch/alone"
try disturbed "a disk that has become read-only at every call of a save" 0 "${many:-100000}" save "openat mkdir rename" \
  error=EROFS "$scratch/alone"
try disturbed "permission denied at every call of a save" 0 "${many:-100000}" save "openat mkdir rename" error=EACCES \
  "$scratch/alone"
try packing_killed "packing killed at random moments, and again while it goes on" "$([ "$short" ] && echo 2 || echo 50)"
try packing_disturbed "packing killed at system calls" "${few:-40}" signal=SIGKILL
try packing_disturbed "packing with no space left at system calls" "${few:-40}" error=ENOSPC
try unreadable "shards that cannot be read" "${few:-5}"
try unanswered "a disk that does not answer is named"
try unheard "standard output and error on a full disk, or closed"
try powerless "power lost at every moment of a save, alone" 1
try powerless "power lost at every moment of a save of 2 ranks" 2
try slow "a checkpoint of a slow disk is of its step, and training goes on"
try restarted "ranks killed at random under clip launch" "$([ "$short" ] && echo 2 || echo 20)"
try named "a stopped rank is named and the run ended" "$([ "$short" ] && echo 1 || echo 6)"
try straggling "a slow rank is named"
try lost "a host whose cable is pulled"
try fewer "a host that is gone is left out"
if [ -z "$short" ]; then
  try tested "a flipped byte, a cut, a missing or another file in a checkpoint, a forged header" "CheckpointsTests"
  try tested "killed runs go on to the same bytes; 8, 4, 2, 1 and 8 ranks take parts of one" "ResumeTests|ShardingTests|CanonicalTests"
  try tested "ranks that die in every phase leave nothing behind" "DeathTests"
  try tested "signals, restarts, two runs in one directory, other data, batch or model" "PreemptionTests"
  try tested "full disks, damaged files, ranks that do not fit, ranks that hang" "TrainingFaultTests|WatchdogTests"
fi
[ $((passed + failed)) -gt 0 ] || { echo "faults: no promise has \"$only\" in its name" >&2; exit 1; }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
