#!/bin/sh
# A flood from one address: sets, patterns and rubbish, 100,000 messages a second and as many as go. How long do others wait for
# their answers, and does the audio notice? Usage: bench/flood.sh [SECONDS]. Prints numbers, judges nothing.
set -eu
. "$(dirname "$0")/live_desk.sh"
cmake --build "$root/build/release" --target bench_flood >/dev/null
seconds=${1:-10}
start_all 256
missed() { "$bin/fohctl" --port "$port" get -v /jack/deadline_misses; }
flood() { # RATE KIND
  before=$(missed)
  "$bin/bench_flood" "$port" "$1" "$seconds" "$2"
  echo "  deadline misses of the audio meanwhile: $(($(missed) - before))"
}
before=$(missed)
sleep "$seconds"
echo "without a flood, deadline misses in $seconds s: $(($(missed) - before))"
flood 1 SET
for kind in SET PATTERN RUBBISH; do
  flood 100000 $kind
  flood 0 $kind
done
"$bin/fohctl" --port "$port" get /osc/lost_datagrams
