#!/bin/sh
# jackd is killed and started again, at other periods and rates: the desk comes back with the same ports and connections,
# also those a person made, and without those a person took away.
set -eu
. "$(dirname "$0")/lib.sh"

connections() { jack_lsp -c | awk '/^[^ ]/ { from = $0 } /^ / { print from " -" $0 }' | grep fohd: | sort; }
all_back() { connections >"$work/now" 2>/dev/null && cmp -s "$work/before" "$work/now"; }

start_jackd 256
start_desk
audio_runs
set_value /main/fader 0
set_value /ch/1/fader 0
jack_connect system:capture_1 fohd:in_20
jack_connect fohd:bus_5 system:playback_7
jack_disconnect system:capture_4 fohd:in_4
until_ok 5 connected fohd:bus_5 system:playback_7 || fail "cannot connect by hand"
sleep 1.5 # longer than the desk doubts that a person meant it
connections >"$work/before"
[ "$(wc -l <"$work/before")" -eq 22 ] || fail "expected 11 connections seen from both ends: $(cat "$work/before")"

round=0
for how in "9 256 48000" "9 128 48000" "9 256 44100" "TERM 512 48000" "9 256 96000" "9 256 48000"; do
  round=$((round + 1))
  # shellcheck disable=SC2086
  set -- $how
  kill_jackd "$1"
  until_ok 10 says "No audio" || fail "the loss of jackd is not told"
  "$bin/fohctl" --port "$port" get /main/fader >/dev/null || fail "control is gone without jackd"
  start_jackd "$2" "$3"
  until_ok 20 all_back || fail "round $round ($how): $(diff "$work/before" "$work/now")"
  expect_gain fohd:main_l fohd:in_1 -3.0
done

# A client that comes and goes keeps its connection.
jackd_clients=$(jack_lsp | grep -c '^fohd:')
[ "$jackd_clients" -eq 50 ] || fail "expected 50 ports, found $jackd_clients"
end_desk TERM
echo ok
