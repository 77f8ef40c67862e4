#!/bin/sh
# A desk in a terminal: HUP, a window that is closed, Ctrl-S. Skipped where no pseudo-terminal is to be had, as in a chroot
# without devpts.
set -eu
. "$(dirname "$0")/lib.sh"
script -qc true /dev/null >/dev/null 2>&1 </dev/null || { echo "skipped: no pseudo-terminal is to be had here"; exit 77; }
start_jackd 256

# In a terminal HUP rereads, too, as long as the terminal is there. When its window is closed the desk ends and saves, and
# does not go on unseen.
script -qfc "exec '$bin/fohd' run --osc-port "$port" --state-dir '$work/window'" "$work/window.log" >/dev/null 2>&1 </dev/null &
window_pid=$!
until_ok 20 grep -q "OSC is heard" "$work/window.log" || fail "no desk in a terminal"
in_window=$(pgrep -P "$window_pid" | head -1)
# The rate is news to the state and makes a generation; where nothing changes after it, the end writes no other.
until_ok 20 sh -c "grep -q '\"rate_hz\": 48000' '$work'/window/state-*.json" || fail "the rate is not in the state"
"$bin/fohctl" --port "$port" set /ch/3/fader -13 >/dev/null || fail "no control of the desk in a terminal"
kill -HUP "$in_window"
until_ok 10 grep -q "no configuration file to read again" "$work/window.log" || fail "HUP in a terminal does not reread"
kill -9 "$window_pid" # closes the terminal
wait "$window_pid" 2>/dev/null || true
window_pid=""
until_ok 10 sh -c "! kill -0 $in_window" || fail "a closed terminal left the desk running"
newest=$(ls "$work"/window/state-*.json | tail -1)
grep -q '"clean_exit": true' "$newest" || fail "the desk in the closed terminal did not end well"
grep -q '"/ch/3/fader": -13' "$newest" || fail "the desk in the closed terminal did not save"

# Ctrl-S in that window stops its output and nothing else: the desk is played on and ends when it is told to.
mkfifo "$work/keys"
script -qfc "exec '$bin/fohd' run --meters --osc-port "$port" --state-dir '$work/window'" "$work/stopped.log" \
  >/dev/null 2>&1 <"$work/keys" &
window_pid=$!
exec 3>"$work/keys"
until_ok 20 grep -q "channels\|ch 1" "$work/stopped.log" || fail "no meters in a terminal"
in_window=$(pgrep -P "$window_pid" | head -1)
printf '\023' >&3
stands_still() {
  size=$(stat -c %s "$work/stopped.log")
  sleep 0.5 # five drawings
  [ "$(stat -c %s "$work/stopped.log")" = "$size" ]
}
until_ok 10 stands_still || fail "Ctrl-S does not stop the meters"
for level in -21 -22 -23; do
  "$bin/fohctl" --port "$port" set /ch/3/fader "$level" >/dev/null || fail "no control while the terminal is stopped"
done
kill -TERM "$in_window"
until_ok 10 sh -c "! kill -0 $in_window" || fail "a stopped terminal keeps the desk from ending"
exec 3>&-
wait "$window_pid" || true
window_pid=""
grep -q '"/ch/3/fader": -23' "$(ls "$work"/window/state-*.json | tail -1)" || fail "the desk in the stopped terminal did not save"
