#!/bin/sh
# Runs every fuzzer over its kept corpus, then for SECONDS on inputs of its own: tests/fuzz/run.sh BUILD [SECONDS [NAME...]]
# SECONDS 0: the kept inputs alone, which is what ./check does, so that the same tree gives the same answer. An input that breaks
# something is written to the corpus as found-HASH: it stays red until the fault is mended, and the commit that mends it
# keeps it. Inputs that only reached something new lie in BUILD/new/NAME until the next run.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: tests/fuzz/run.sh BUILD [SECONDS [NAME...]]}" && pwd)
seconds=${2:-10}
shift "$(($# < 2 ? $# : 2))"

# A process lives for 30 s at most: what libsndfile loses with every damaged file must not become a finding of its own.
rounds() { # command...
  seed=1 left=$seconds
  while [ "$left" -gt 0 ]; do
    "$@" -seed="$seed" -max_total_time="$((left < 30 ? left : 30))" "$new" "$here/corpus/$name" || return 1
    seed=$((seed + 1)) left=$((left - 30))
  done
}

run_one() { # name
  name=$1
  new=$build/new/$name log=$build/fuzz-logs/$name.log
  rm -rf "$new"
  mkdir -p "$new" "$build/fuzz-logs"
  # Ten seconds for one input are ten thousand times the usual; the memory is that of the sanitizer and a small desk.
  set -- "$build/bin/${name}_fuzz" -timeout=10 -rss_limit_mb=768 -malloc_limit_mb=128 -max_len=5000 \
    -artifact_prefix="$here/corpus/$name/found-" -print_final_stats=1
  [ ! -f "$here/dictionaries/$name.dict" ] || set -- "$@" -dict="$here/dictionaries/$name.dict"
  export ASAN_OPTIONS="quarantine_size_mb=32:${ASAN_OPTIONS:-}"
  {
    "$@" -runs=0 "$here/corpus/$name" && rounds "$@"
  } >"$log" 2>&1 || {
    echo "$name: FOUND something:"
    grep -E 'does not hold|runtime error|ERROR: |SUMMARY|    #[0-9]+ .*(/engine/|/control/|/daemon/)|Test unit written' "$log" | head -20
    grep -q 'Test unit written' "$log" || tail -20 "$log"
    return 1
  }
  covered() { sed -n "s/^#[0-9]*[[:space:]]*$1 .*cov: \([0-9]*\) .*/\1/p" "$log"; }
  runs=$(awk '/^stat::number_of_executed_units/ { sum += $2 } END { print sum }' "$log")
  printf '%-13s %5d kept, coverage %5d, then %5d; %7d runs, %5d/s, %4d MB\n' "$name" "$(find "$here/corpus/$name" -type f | wc -l)" \
    "$(covered DONE | head -1)" "$(covered DONE | tail -1)" "$runs" "$((seconds > 0 ? runs / seconds : 0))" \
    "$(awk '/^stat::peak_rss_mb/ && $2 > most { most = $2 } END { print most }' "$log")"
}

if [ "${FOHD_FUZZ_ONE:-}" ]; then # started below, one process for each fuzzer
  run_one "$FOHD_FUZZ_ONE"
  exit
fi
[ $# -gt 0 ] || set -- $(cd "$here" && for file in *_fuzz.cpp; do echo "${file%_fuzz.cpp}"; done)
printf '%s\n' "$@" | xargs -P "$(nproc)" -I{} env FOHD_FUZZ_ONE={} "$here/run.sh" "$build" "$seconds"
