#!/bin/sh
# The running desk from outside, at 256 frames and 48 kHz on jackd's dummy backend: time from a set to the first changed sample,
# and a burst of 250,000 OSC messages: are the final values right, were datagrams lost, did the audio notice?
# Usage: bench/live.sh [SETS [MESSAGES]]; builds release first. Prints numbers, judges nothing.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
sets=${1:-2000} messages=${2:-250000}
cmake --build "$root/build/release" --target fohd fohctl bench_live >/dev/null
bin=$root/build/release/bin
work=$(mktemp -d)
port=$((20000 + $$ % 20000))
export JACK_DEFAULT_SERVER="fohd_live_$$" JACK_NO_START_SERVER=1
jackd_pid="" desk_pid=""
finish() {
  [ -z "$desk_pid" ] || kill -TERM "$desk_pid" 2>/dev/null || true
  [ -z "$desk_pid" ] || wait "$desk_pid" 2>/dev/null || true
  [ -z "$jackd_pid" ] || kill -TERM "$jackd_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
if chrt -f 70 true 2>/dev/null; then realtime="-R -P 70"; else realtime=-r; fi
# shellcheck disable=SC2086 # two words or one
jackd $realtime -n "$JACK_DEFAULT_SERVER" -d dummy -r 48000 -p 256 >"$work/jackd.log" 2>&1 &
jackd_pid=$!
timeout 20 jack_wait -w >/dev/null 2>&1
"$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live >"$work/desk.log" 2>&1 &
desk_pid=$!
tries=0
until jack_lsp 2>/dev/null | grep -q fohd:main_l; do
  tries=$((tries + 1))
  [ $tries -lt 200 ] || { cat "$work/desk.log"; exit 1; }
  sleep 0.05
done
sleep 1
missed() { "$bin/fohctl" --port "$port" get /jack/deadline_misses 2>/dev/null | awk '{ print $NF }'; }

"$bin/bench_live" latency "$port" "$sets"
# Six seconds without and with bursts, the same length.
before=$(missed)
sleep 6
quiet=$(missed)
end=$(($(date +%s) + 6))
"$bin/bench_live" burst "$port" "$messages"
while [ "$(date +%s)" -lt "$end" ]; do sleep 0.1; done
busy=$(missed)
echo "deadline misses in 6 s: $((quiet - before)) without, $((busy - quiet)) with the burst"
grep -E 'buffer' "$work/desk.log" || true
"$bin/fohctl" --port "$port" get /osc/lost_datagrams
"$bin/fohctl" --port "$port" info
