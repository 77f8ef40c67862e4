#!/bin/sh
# What a service manager relies on: ready without audio, pings while control and audio move, none when either stands still;
# panic is the audio thread's own; and an end by a fatal signal fades the outputs, whoever sends it, and brings the same mix
# back.
# Timed: pings and panic are compared with the clock.
set -eu
. "$(dirname "$0")/lib.sh"

manage() { # WATCHDOG_MS: the desk under a service manager
  "$bin/service_manager" "$work/notify" "$1" "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live \
    >"$work/manager.log" 2>"$work/desk.log" &
  second_pid=$!
  until_ok 20 notified 'READY=1' || fail "no READY=1: $(cat "$work/manager.log")"
  desk_pid=$(pgrep -P "$second_pid")
}
notified() { grep -q "$1" "$work/manager.log"; }
faded() { # what jack_tail printed
  awk '{ exit !($1 > 15 && $1 < 22 && $2 < 1.1) }' "$1"
}
listen() { # SECONDS
  "$bin/jack_tail" fohd:main_l fohd:in_1 "$1" >"$work/tail" &
  tail_pid=$!
  until_ok 10 hears_us || fail "the listener is not connected"
  sleep 0.7 # a start ramp and what the listener wants to have heard
}
hears_us() { jack_lsp -c fohd:main_l 2>/dev/null | grep -q tail_; }

# Without audio: ready at once, and never taken for dead.
manage 1000
until_ok 5 notified 'STATUS=No audio' || fail "the status does not say that there is no audio"
sleep 2.5
notified 'watchdog' && fail "a desk without JACK was taken for dead"

# With audio, and a control thread that hangs: the watchdog's SIGABRT fades the outputs before the end.
start_jackd 1024
audio_runs
until_ok 5 notified 'STATUS=Audio runs: 48000 Hz, 1024 frames' || fail "the status does not tell of audio: $(cat "$work/manager.log")"
set_value /main/fader 0
set_value /ch/1/fader 0
listen 5
sleep 1.2 # the change is on disk
"$bin/hang_thread" "$desk_pid" &
until_ok 20 notified 'signal 6' || fail "the watchdog did not end the desk: $(cat "$work/manager.log")"
wait "$tail_pid" || fail "the listener"
cat "$work/tail"
faded "$work/tail" || fail "a hanging desk did not fade: $(cat "$work/tail") (ms, steepest step)"
wait "$second_pid" || true
awk '/signal 6/ { for (i = 1; i <= NF; ++i) if ($i ~ /^[0-9]+$/ && $(i+1) == "ms") exit !($i < 1000) }' "$work/manager.log" ||
  fail "the end took too long: $(cat "$work/manager.log")"

# Panic: the same 20 ms, from a client and, while the control thread hangs, from a signal; and the desk lives on.
start_desk
audio_runs
listen 2
set_value /panic 1
wait "$tail_pid" || fail "the listener"
cat "$work/tail"
faded "$work/tail" || fail "panic of a client: $(cat "$work/tail") (ms, steepest step)"
set_value /panic 0
listen 2
"$bin/hang_thread" "$desk_pid" &
sleep 0.2
kill -USR1 "$desk_pid"
wait "$tail_pid" || fail "the listener"
cat "$work/tail"
faded "$work/tail" || fail "panic of a desk that hangs: $(cat "$work/tail") (ms, steepest step)"
kill -0 "$desk_pid" || fail "the desk has ended"
kill -9 "$desk_pid"
wait "$desk_pid" 2>/dev/null || true

# A fault of our own: the same fade, and the exit status is the signal's.
for fault in SEGV ABRT; do
  start_desk
  audio_runs
  "$bin/fohctl" --port "$port" get /ch/1/fader | grep -q '0.0' || fail "the mix did not come back"
  listen 3
  kill "-$fault" "$desk_pid"
  status=0
  wait "$desk_pid" || status=$?
  desk_pid=""
  [ "$status" -ge 128 ] || fail "SIG$fault ended the desk with $status"
  wait "$tail_pid" || fail "the listener"
  cat "$work/tail"
  faded "$work/tail" || fail "after SIG$fault: $(cat "$work/tail") (ms, steepest step)"
done

# A JACK server that stands still is told, and no reason to end the desk: another one would have no sound either. It goes on
# when the server does. And the desk's own panic was never touched.
manage 1000
until_ok 20 notified 'STATUS=Audio runs' || fail "no audio"
"$bin/fohctl" --port "$port" get /panic | grep -qx '/panic 0' || fail "the end of a desk set its panic"
kill -STOP "$jackd_pid"
told=yes
until_ok 20 says 'No audio: the JACK server stands still' || told=no
until_ok 20 notified 'STATUS=No audio: the JACK server stands still' || told=no
sleep 2.5 # more than two pings
kill -CONT "$jackd_pid"
[ "$told" = yes ] || fail "a server that stands still is not told of"
notified 'watchdog' && fail "a desk was ended because its server stood still: $(cat "$work/manager.log")"
until_ok 20 says 'Audio runs again' || fail "it is not told that the server goes on"
"$bin/fohctl" --port "$port" get /main/fader >/dev/null || fail "no control after it"
kill -TERM "$second_pid"
until_ok 20 notified 'exit 0' || fail "the desk did not end well: $(cat "$work/manager.log")"
wait "$second_pid" || true
desk_pid="" second_pid=""

# A desk that starts while the server hangs says so, and comes in when it wakes up.
kill -STOP "$jackd_pid"
start_desk
told=yes
until_ok 20 says 'the JACK server does not answer' || told=no
kill -CONT "$jackd_pid"
[ "$told" = yes ] || fail "a server that hangs is not told of"
audio_runs
end_desk TERM

# What systemd's journal reads has weights, and no clock of its own.
"$bin/journal_reader" "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live --seconds 0.3 >"$work/journal" 2>&1 ||
  fail "the desk did not end well: $(cat "$work/journal")"
grep -q '^<6>OSC is heard' "$work/journal" || fail "no weights in the journal: $(cat "$work/journal")"

# The regular way.
manage 1000
audio_runs
kill -TERM "$second_pid"
until_ok 10 notified 'exit 0' || fail "the desk did not end well: $(cat "$work/manager.log")"
notified 'STOPPING=1' || fail "STOPPING=1 was not told"
desk_pid="" second_pid=""
echo ok
