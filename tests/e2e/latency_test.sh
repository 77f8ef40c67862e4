#!/bin/sh
# fohctl latency measure, under a real JACK server: a client that delays by 123 frames is found to delay by 123 frames;
# nothing that comes back, no such port and no such server are each told in words and by exit code.
# Timed: frames that a busy machine drops would be counted as delay.
set -eu
. "$(dirname "$0")/lib.sh"

# A long period: this test is about counting frames, not about how punctual a busy machine is.
start_jackd 1024
"$bin/delay_client" e2edelay 123 "$server" >"$work/delay" 2>&1 &
second_pid=$!
until_ok 20 grep -q ready "$work/delay" || fail "the delaying client did not start: $(cat "$work/delay")"

asked=$server
measure() { # options...; leaves text in $work/out and $work/err, the exit code in $code
  code=0
  "$bin/fohctl" latency measure --jack-server "$asked" "$@" >"$work/out" 2>"$work/err" || code=$?
}

found=
for _ in 1 2 3; do # an overloaded machine may lose impulses with its xruns
  measure --out e2edelay:in --in e2edelay:out
  cat "$work/out"
  if grep -q '^123 frames, 2.56 ms at 48000 Hz' "$work/out"; then found=1 && break; fi
done
[ -n "$found" ] || fail "the latency is not 123 frames: $(cat "$work/err")"

measure --out system:playback_1 --in system:capture_1 --count 1
[ "$code" = 2 ] && grep -q 'nothing came back from system:capture_1' "$work/err" || fail "silence: exit code $code: $(cat "$work/err")"
measure --out nobody:in --in system:capture_1
[ "$code" = 3 ] && grep -q 'e2edelay:in' "$work/err" || fail "no such port: exit code $code: $(cat "$work/err")"

# Through a desk, as often as one likes: it remembers connections, and the way of the measurement before is not measured too.
asked=$server
start_desk
audio_runs
set_value /main/fader 0
set_value /ch/1/fader 0
for time in first second third; do
  measure --out fohd:in_1 --in fohd:main_l --count 3
  [ "$code" = 0 ] || fail "the $time measurement through the desk: exit code $code: $(cat "$work/err")"
done
measure --out fohd:in_2 --in fohd:main_l --count 1
[ "$code" = 2 ] || fail "something came through a channel whose fader is down: $(cat "$work/out" "$work/err")"
end_desk TERM

asked=$server-not
measure --out a:b --in c:d
[ "$code" = 2 ] && grep -q "no JACK server called \"$asked\"" "$work/err" || fail "no such server: exit code $code: $(cat "$work/err")"
echo "latency: all as it should be"
