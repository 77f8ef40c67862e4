#!/bin/sh
# `fohd doctor` on this machine as it is: what it says of a desk and its JACK server is so, it is soon done even where the
# server hangs, it disturbs nothing, and its exit code is the worst that it found.
set -eu
. "$(dirname "$0")/lib.sh"

printf '[osc]\nport = %d\n' "$port" >"$work/desk.toml"

# doctor EXIT_CODES ARGUMENTS...: its words are in $work/doctor, and its exit code is one of those.
doctor() {
  expected=$1
  shift
  status=0
  began=$(date +%s%N)
  "$bin/fohd" doctor "$@" >"$work/doctor" 2>&1 || status=$?
  took_ms=$((($(date +%s%N) - began) / 1000000))
  case " $expected " in *" $status "*) ;; *) fail "exit code $status, expected $expected: $(cat "$work/doctor")" ;; esac
  # 3 s, and what a busy machine adds.
  [ "$took_ms" -lt 6000 ] || fail "it took $took_ms ms"
}
# Lines that a long text was broken into are one again.
tells() { tr -s ' \n' ' ' <"$work/doctor" | grep -q "$1" || fail "not told: $1; but: $(cat "$work/doctor")"; }

# Nothing runs: no sound, a free port.
doctor 2 --config "$work/desk.toml"
tells "FAIL JACK server No JACK server \"$server\""
tells "OSC port UDP port $port is free" # a neighbour of this test may have a desk on another: a note
[ ! -e "$work/home" ] || fail "it has made the state folder"

# A desk in a dummy server: both are found, nothing is disturbed.
start_jackd 256
start_desk
audio_runs
until_ok 10 "$bin/fohctl" --port "$port" get /main/fader || fail "no control"
jack_lsp -c >"$work/before"
doctor "0 1" --config "$work/desk.toml"
took_with_jack_ms=$took_ms
tells "JACK server \"$server\" runs at 48000 Hz with periods of 256 frames (5.3 ms)"
tells "WARN JACK real-time The server runs without real-time priority"
tells "JACK load [0-9.]* % of a period at most in 1.[0-9] s"
tells "A desk runs on UDP port $port: \"FOH\", version [0-9.]*, process $desk_pid, with audio"
jack_lsp -c >"$work/after"
cmp -s "$work/before" "$work/after" || fail "it has changed the graph: $(diff "$work/before" "$work/after")"

# The same desk with another configuration: its port is taken, and it is not what would run.
printf '[desk]\nname = "Monitors"\n[osc]\nport = %d\n' "$port" >"$work/other.toml"
doctor "0 1" --config "$work/other.toml"
tells 'By this configuration it would be "Monitors"'

# A server that hangs holds nobody up.
kill -STOP "$jackd_pid"
doctor 2 --config "$work/desk.toml"
tells "FAIL JACK server The JACK server \"$server\" is there but does not answer"
tells "kill -KILL $jackd_pid"
kill -CONT "$jackd_pid"

# A desk that hangs.
kill -STOP "$desk_pid"
doctor 2 --config "$work/desk.toml"
tells "FAIL OSC port UDP port $port is held by fohd (process $desk_pid: .*does not answer as a desk"
kill -CONT "$desk_pid"
until_ok 10 "$bin/fohctl" --port "$port" get /main/fader || fail "no control after it"
end_desk TERM

# Somebody else has the port.
oscdump -L "$port" >/dev/null 2>&1 &
second_pid=$!
until_ok 10 sh -c "\"$bin/fohd\" doctor --config '$work/desk.toml' | tr -s ' \n' ' ' | grep -q 'held by oscdump'" ||
  fail "the program on the port is not told"
doctor 2 --config "$work/desk.toml"
tells "FAIL OSC port UDP port $port is held by oscdump (process $second_pid: oscdump -L $port), which does not answer"
kill "$second_pid"
wait "$second_pid" 2>/dev/null || true
second_pid=""

# A wrong configuration, and one that is not there.
printf '[osc]\nport = 70000\n' >"$work/broken.toml"
doctor 2 --config "$work/broken.toml"
tells "FAIL Configuration The desk does not start with it: $work/broken.toml:2:8: .port. in .osc."
tells "do: mend the file, then: fohd check-config $work/broken.toml"
doctor 2 --config "$work/missing.toml"
tells "there is no such configuration file"
doctor 1 --no-such-option

# No terminal, no colours.
if grep -q "$(printf '\033')" "$work/doctor"; then fail "escape sequences in a file"; fi
"$bin/fohd" doctor --help | grep -q "Exit code: 0 nothing to do; 1 .*warnings" || fail "the exit codes are not in --help"
echo "with a server and a desk it took $took_with_jack_ms ms"
echo ok
