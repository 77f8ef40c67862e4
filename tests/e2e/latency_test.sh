#!/bin/sh
# fohctl latency measure, under a real JACK server: a client that delays by 123 frames is found to delay by 123 frames;
# nothing that comes back, no such port and no such server are each told in words and by exit code.
set -eu
BIN=$1
WORK=$(mktemp -d)
SERVER=fohd-latency-$$
export JACK_NO_START_SERVER=1 JACK_NO_AUDIO_RESERVATION=1
# A long period: this test is about counting frames, not about how punctual a busy machine is.
jackd -n "$SERVER" -r -d dummy -r 48000 -p 1024 >"$WORK/jackd.log" 2>&1 &
JACKD=$!
DELAY=
finish() {
  [ -z "$DELAY" ] || kill "$DELAY" 2>/dev/null || true
  kill "$JACKD" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$WORK"
}
trap finish EXIT
fail() {
  echo "FAILED: $*"
  cat "$WORK"/*
  exit 1
}
JACK_DEFAULT_SERVER=$SERVER timeout 20 jack_wait -w >/dev/null 2>&1 || fail "no JACK server"
"$BIN/delay_client" e2edelay 123 "$SERVER" >"$WORK/delay" 2>&1 &
DELAY=$!
for _ in $(seq 100); do grep -q ready "$WORK/delay" && break || sleep 0.1; done
grep -q ready "$WORK/delay" || fail "the delaying client did not start"

measure() { # options...; leaves text in $WORK/out and $WORK/err, the exit code in $code
  code=0
  "$BIN/fohctl" latency measure --jack-server "$SERVER" "$@" >"$WORK/out" 2>"$WORK/err" || code=$?
}

found=
for _ in 1 2 3; do # an overloaded machine may lose impulses with its xruns
  measure --out e2edelay:in --in e2edelay:out
  cat "$WORK/out"
  if grep -q '^123 frames, 2.56 ms at 48000 Hz' "$WORK/out"; then found=1 && break; fi
done
[ -n "$found" ] || fail "the latency is not 123 frames"

measure --out system:playback_1 --in system:capture_1 --count 1
[ "$code" = 2 ] && grep -q 'nothing came back from system:capture_1' "$WORK/err" || fail "silence: exit code $code"
measure --out nobody:in --in system:capture_1
[ "$code" = 3 ] && grep -q 'e2edelay:in' "$WORK/err" || fail "no such port: exit code $code"
SERVER=$SERVER-not
measure --out a:b --in c:d
[ "$code" = 2 ] && grep -q "no JACK server called \"$SERVER\"" "$WORK/err" || fail "no such server: exit code $code"
echo "latency: all as it should be"
