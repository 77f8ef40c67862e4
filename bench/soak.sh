#!/bin/sh
# Hours of audio in freewheel with random control traffic from all sides, on a desk that ends if its audio thread allocates or
# locks (optimised, with the guard of debug builds). Usage: bench/soak.sh [MINUTES]. Prints numbers; fails where a sample is
# broken or above full scale, or the desk ends.
set -eu
minutes=${1:-10}
root=$(cd "$(dirname "$0")/.." && pwd)
# NDEBUG is what turns the guard off.
cmake -S "$root" -B "$root/build/soak" -G Ninja -DCMAKE_BUILD_TYPE=Guarded -DCMAKE_CXX_FLAGS_GUARDED=-O3 >/dev/null
cmake --build "$root/build/soak" --target fohd fohctl bench_soak bench_live >/dev/null
. "$(dirname "$0")/live_desk.sh"
bin=$root/build/soak/bin
printf '[midi]\napi = "jack"\n' >"$work/fohd.toml"
start_all 1024 --config "$work/fohd.toml"
"$bin/bench_soak" "$port" "$desk_pid" "$minutes" 32 16 || { tail -20 "$work/desk.log"; exit 1; }
kill -0 "$desk_pid" || { tail -20 "$work/desk.log"; exit 1; }
"$bin/fohctl" --port "$port" get /jack/deadline_misses
"$bin/fohctl" --port "$port" metrics | grep "^fohd_block_max_seconds"
grep -E 'error|Safety|lost' "$work/desk.log" | sed 's/^[0-9:.]* //' | sort | uniq -c | sort -rn | head
