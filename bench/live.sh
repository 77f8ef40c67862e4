#!/bin/sh
# The running desk from outside, at 256 frames and 48 kHz on jackd's dummy backend: time from a set to the first changed sample,
# and a burst of 250,000 OSC messages: are the final values right, were datagrams lost, did the audio notice?
# Usage: bench/live.sh [SETS [MESSAGES]]; builds release first. Prints numbers, judges nothing.
set -eu
. "$(dirname "$0")/live_desk.sh"
sets=${1:-2000} messages=${2:-250000}
start_all 256
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
