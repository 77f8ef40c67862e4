#!/bin/sh
# Surfaces at the running desk, over JACK's MIDI on the dummy backend: time from a MIDI message to the first changed sample,
# and what eight surfaces of nine faders cost that all move at 100 messages a second (7,200 in all).
# Usage: bench/midi.sh [SETS [SECONDS]]. Prints numbers, judges nothing.
set -eu
. "$(dirname "$0")/live_desk.sh"
sets=${1:-2000} seconds=${2:-20}
printf '[geometry]\ninputs = 64\n[midi]\napi = "jack"\n' >"$work/fohd.toml"
start_all 256 --config "$work/fohd.toml"
"$bin/bench_live" midi "$port" "$sets"

# Ticks (10 ms) that the control thread has used: the process' first thread.
used() { awk '{ print $14 + $15 }' "/proc/$desk_pid/task/$desk_pid/stat"; }
mkfifo "$work/says"
"$bin/bench_live" surfaces "$port" "$seconds" >"$work/says" &
while read -r line; do
  case $line in
    moving) before=$(used) ;;
    still) echo "control thread, of one core: $(awk -v t="$(($(used) - before))" -v s="$seconds" 'BEGIN { printf "%.1f %%", t / s }')" ;;
    *) echo "$line" ;;
  esac
done <"$work/says"
grep -E 'MIDI:.*(lost|cannot|takes)' "$work/desk.log" || true
