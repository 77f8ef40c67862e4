#!/bin/sh
# From exec to the first answer over OSC and to the first sound through main, with the mix of before: warm, and cold (nothing of
# the programs in memory; needs root). Usage: bench/start_time.sh [TIMES]. Prints numbers, judges nothing.
set -eu
. "$(dirname "$0")/live_desk.sh"
cmake --build "$root/build/release" --target bench_start_time >/dev/null
start_all 256
"$bin/fohctl" --port "$port" set /main/fader 0 >/dev/null
"$bin/fohctl" --port "$port" set /ch/1/fader 0 >/dev/null
kill -TERM "$desk_pid"
wait "$desk_pid" || true
desk_pid=""
once() { "$bin/bench_start_time" "$port" "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live 2>>"$work/desk.log"; }
i=0
while [ $i -lt "${1:-5}" ]; do i=$((i + 1)); echo "warm: $(once)"; done
i=0
while [ $i -lt "${1:-5}" ] && { sync; echo 3 >/proc/sys/vm/drop_caches; } 2>/dev/null; do i=$((i + 1)); echo "cold: $(once)"; done
