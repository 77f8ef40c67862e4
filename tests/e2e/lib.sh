# Shared by the scripts: a JACK server and a desk of their own, waited for instead of slept for. Source it with the
# folder of the programs in $1.
bin=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
server=fohd_e2e_$$
port=$((20000 + $$ % 20000))
jackd_pid="" desk_pid="" second_pid="" window_pid="" place_kept=""
export JACK_DEFAULT_SERVER="$server" JACK_NO_START_SERVER=1 JACK_NO_AUDIO_RESERVATION=1 XDG_STATE_HOME="$work/home"

finish() {
  status=$?
  trap - EXIT
  for pid in $second_pid $desk_pid $window_pid; do kill -9 "$pid" 2>/dev/null || true; done
  # Never -9 for the last jackd of a name: the machine has room for 8 names, and a killed one keeps its place until a
  # server of the same name has ended well.
  if [ -n "$place_kept" ]; then
    jackd -n "$server" -r -d dummy -p 1024 >/dev/null 2>&1 &
    jackd_pid=$!
    until_ok 5 jack_lsp || true
  fi
  [ -z "$jackd_pid" ] || kill -TERM "$jackd_pid" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$work" /dev/shm/jack_"$server"_* /dev/shm/jack_sem.*_"$server"_* 2>/dev/null || true
  exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM

fail() {
  echo "FAILED: $*"
  echo "--- log of the desk"
  tail -40 "$work/desk.log" 2>/dev/null || true
  exit 1
}

# until_ok SECONDS COMMAND...: tries every 50 ms.
until_ok() {
  tries=$(($1 * 20))
  shift
  while ! "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.05
  done
}

start_jackd() { # PERIOD [RATE]
  jackd -n "$server" -r -d dummy -r "${2:-48000}" -p "$1" -C 8 -P 8 >"$work/jackd.log" 2>&1 &
  jackd_pid=$!
  place_kept=""
  until_ok 20 jack_lsp || fail "jackd did not start: $(cat "$work/jackd.log")"
}

kill_jackd() { # SIGNAL
  kill "-$1" "$jackd_pid" 2>/dev/null || true
  wait "$jackd_pid" 2>/dev/null || true
  jackd_pid=""
  case $1 in 9 | KILL) place_kept=yes ;; esac
}

start_desk() { # ARGUMENTS of fohd run
  "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live "$@" >"$work/desk.log" 2>&1 &
  desk_pid=$!
}

# The moment of the last line of the log with TEXT, in seconds of the day; and now.
second_said() { grep "$1" "$work/desk.log" | tail -1 | awk -F '[: ]' '{ print $1 * 3600 + $2 * 60 + $3 }'; }
second_now() { date +%H:%M:%S.%3N | awk -F : '{ print $1 * 3600 + $2 * 60 + $3 }'; }
has_port() { jack_lsp 2>/dev/null | grep -qx "$1"; }
connected() { jack_lsp -c "$1" 2>/dev/null | grep -q "^   $2\$"; }
not_connected() { has_port "$1" && ! connected "$1" "$2"; }
says() { grep -q "$1" "$work/desk.log"; }
times_said() { grep -c "$1" "$work/desk.log" || true; }
said_more() { [ "$(times_said "$1")" -gt "$2" ]; } # TEXT THAN
set_value() { "$bin/fohctl" --port "$port" set "$@" >/dev/null || fail "fohctl set $*"; }
audio_runs() { until_ok 20 connected fohd:main_r system:playback_2 || fail "no audio"; }

# The desk ends within 3 s (1 s and what a busy machine adds) and says it is well.
end_desk() { # SIGNAL
  kill "-$1" "$desk_pid"
  tries=60
  while kill -0 "$desk_pid" 2>/dev/null; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "the desk does not end on SIG$1"
    sleep 0.05
  done
  status=0
  wait "$desk_pid" || status=$?
  desk_pid=""
  [ "$status" -eq 0 ] || fail "exit code $status after SIG$1"
}

# expect_gain FROM TO DB: within 0.1 dB, or "silence".
expect_gain() {
  got=$("$bin/jack_probe" gain "$1" "$2" 1) || fail "the probe did not run"
  if [ "$3" = silence ] || [ "$got" = silence ]; then
    [ "$got" = "$3" ] || fail "$2 -> $1: $got dB, expected $3"
  else
    awk -v a="$got" -v b="$3" 'BEGIN { d = a - b; exit !(d < 0.11 && d > -0.11) }' ||
      fail "$2 -> $1: $got dB, expected $3"
  fi
}
