# Shared by live.sh and midi.sh: builds release, starts a JACK server (dummy backend, 48 kHz) and a desk on it, ends both at
# exit. Source it, then: start_all PERIOD [ARGUMENTS of fohd run]. Leaves $bin, $port, $work, $desk_pid.
root=$(cd "$(dirname "$0")/.." && pwd)
cmake --build "$root/build/release" --target fohd fohctl bench_live >/dev/null
bin=$root/build/release/bin
work=$(mktemp -d)
port=$((20000 + $$ % 20000))
export JACK_DEFAULT_SERVER="fohd_bench_$$" JACK_NO_START_SERVER=1
jackd_pid="" desk_pid=""
finish() {
  [ -z "$desk_pid" ] || kill -TERM "$desk_pid" 2>/dev/null || true
  [ -z "$desk_pid" ] || wait "$desk_pid" 2>/dev/null || true
  [ -z "$jackd_pid" ] || kill -TERM "$jackd_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

start_all() {
  period=$1
  shift
  if chrt -f 70 true 2>/dev/null; then realtime="-R -P 70"; else realtime=-r; fi
  # shellcheck disable=SC2086 # two words or one
  jackd $realtime -n "$JACK_DEFAULT_SERVER" -d dummy -r 48000 -p "$period" >"$work/jackd.log" 2>&1 &
  jackd_pid=$!
  timeout 20 jack_wait -w >/dev/null 2>&1
  "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live "$@" >"$work/desk.log" 2>&1 &
  desk_pid=$!
  tries=0
  until jack_lsp 2>/dev/null | grep -q fohd:main_l; do
    tries=$((tries + 1))
    [ $tries -lt 200 ] || { cat "$work/desk.log"; exit 1; }
    sleep 0.05
  done
  sleep 1
}
