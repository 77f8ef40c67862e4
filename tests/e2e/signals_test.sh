#!/bin/sh
# Signals: what means nothing to a desk does nothing, from its first moment on; a panic and a HUP of that moment are not lost;
# who asks for an end gets a faded one; a fault fades too.
# Timed: a fade is measured in real time.
set -eu
. "$(dirname "$0")/lib.sh"

number() { /bin/kill -l "$1"; } # dash knows names one way only
# All that end or stop a process by default, but those that are asked for below, KILL and STOP. 34 to 64: the real-time ones.
stray="USR2 ALRM VTALRM PROF POLL XCPU XFSZ PIPE PWR STKFLT TRAP TSTP TTIN TTOU"
stray_numbers="$(for name in $stray; do number "$name"; done) 34 50 64"
lives() { kill -0 "$desk_pid" 2>/dev/null && ! grep -q '^State:.*stopped' "/proc/$desk_pid/status"; }
hears_us() { jack_lsp -c fohd:main_l 2>/dev/null | grep -q tail_; }
listen() { # SECONDS
  "$bin/jack_tail" fohd:main_l fohd:in_1 "$1" >"$work/tail" &
  tail_pid=$!
  until_ok 10 hears_us || fail "the listener is not connected"
  sleep 0.7 # a start ramp and what the listener wants to have heard
}
faded() { # AFTER WHAT
  wait "$tail_pid" || fail "the listener"
  awk '{ exit !($1 > 15 && $1 < 22 && $2 < 1.1) }' "$work/tail" || fail "no fade after $1: $(cat "$work/tail") (ms, steepest step)"
}
start_with() { # SIGNALS ARGUMENTS of fohd run: they wait for it when it begins
  signals=$1
  shift
  "$bin/with_pending" "$signals" "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live "$@" >"$work/desk.log" 2>&1 &
  desk_pid=$!
}

start_jackd 1024
start_desk
audio_runs
set_value /main/fader 0
set_value /ch/1/fader 0
for signal in $stray_numbers; do
  kill "-$signal" "$desk_pid"
  sleep 0.1
  lives || fail "signal $signal ($(kill -l "$signal")) ended or stopped the desk"
done
expect_gain fohd:main_l fohd:in_1 -3.0
"$bin/fohctl" --port "$port" get /panic | grep -qE ' (off|0)$' || fail "a stray signal is panic"

# Ctrl-\ : an end, as with Ctrl-C.
listen 3
end_desk QUIT
faded QUIT
says 'Asked to end (SIGQUIT)' || fail "the end is not told"

# A fault.
start_desk
audio_runs
listen 3
kill -TRAP "$desk_pid"
kill -BUS "$desk_pid"
faded BUS
status=0
wait "$desk_pid" || status=$?
desk_pid=""
[ "$status" -eq $((128 + $(number BUS))) ] || fail "exit code $status after a BUS"

# All of the stray ones before the first line of the program.
# shellcheck disable=SC2086
start_with "$(echo $stray_numbers | tr ' ' ,)"
audio_runs
expect_gain fohd:main_l fohd:in_1 -3.0
end_desk INT

# A HUP of that moment: the configuration is read once more, when it can be.
printf '[desk]\nname = "Early"\n' >"$work/desk.toml"
start_with "$(number HUP)" --config "$work/desk.toml"
until_ok 20 says 'desk.toml was read again' || fail "an early HUP is lost"
audio_runs
end_desk TERM

# A panic of that moment: the outputs never open, and /panic says why.
start_with "$(number USR1)"
audio_runs
expect_gain fohd:main_l fohd:in_1 silence
"$bin/fohctl" --port "$port" get /panic | grep -qE ' (on|1)$' || fail "an early panic is not shown"
set_value /panic 0
until_ok 10 "$bin/fohctl" --port "$port" get /panic
sleep 0.7
expect_gain fohd:main_l fohd:in_1 -3.0
end_desk TERM

# An end of that moment: it is a good one.
for signal in TERM INT QUIT; do
  start_with "$(number "$signal")"
  tries=400
  while kill -0 "$desk_pid" 2>/dev/null; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "an early $signal is lost"
    sleep 0.05
  done
  status=0
  wait "$desk_pid" || status=$?
  desk_pid=""
  [ "$status" -eq 0 ] || fail "exit code $status after an early $signal"
  says "Asked to end (SIG$signal)" || fail "the end by an early $signal is not told"
done
echo ok
