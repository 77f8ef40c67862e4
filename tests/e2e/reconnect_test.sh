#!/bin/sh
# jackd is killed and started again, at other periods and rates: the desk comes back with the same ports and connections,
# also those a person made, and without those a person took away. And the server changes its period while it runs: nothing is
# lost by it, not even the client. ROUNDS=100 PERIODS=100 for more of both.
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

# The desk's own log tells when audio ran again; how long that takes depends on the machine and is only reported.
round=0
while [ "$round" -lt "${ROUNDS:-20}" ]; do
  round=$((round + 1))
  case $((round % 5)) in
    1) how="9 256 48000" ;;
    2) how="9 128 48000" ;;
    3) how="9 256 44100" ;;
    4) how="TERM 512 48000" ;;
    0) how="9 256 96000" ;;
  esac
  # shellcheck disable=SC2086
  set -- $how
  losses=$(times_said "No audio") runs=$(times_said "Audio runs")
  kill_jackd "$1"
  until_ok 10 said_more "No audio" "$losses" || fail "round $round: the loss of jackd is not told"
  "$bin/fohctl" --port "$port" get /main/fader >/dev/null || fail "round $round: control is gone without jackd"
  began=$(second_now)
  start_jackd "$2" "$3"
  until_ok 20 said_more "Audio runs" "$runs" || fail "round $round ($how): no audio"
  awk -v a="$began" -v b="$(second_said "Audio runs")" 'BEGIN { print (b < a ? b - a + 86400 : b - a) }' >>"$work/times"
  until_ok 20 all_back || fail "round $round ($how): $(diff "$work/before" "$work/now")"
  expect_gain fohd:main_l fohd:in_1 -3.0
  kill -0 "$desk_pid" || fail "round $round: the desk has ended"
done
sort -n "$work/times" | awk '{ t[NR] = $1 } END {
  printf "%d restarts of jackd; from its start to running audio: median %.2f s, at most %.2f s\n", NR, t[int((NR + 1) / 2)], t[NR] }'

# Another period, while the same client plays on.
losses=$(times_said "No audio") round=0
while [ "$round" -lt "${PERIODS:-10}" ]; do
  round=$((round + 1))
  frames=$((64 << round * 7 % 5)) # 64 to 1,024, each another one than before
  timeout 20 jack_bufsize "$frames" >/dev/null 2>&1 || fail "jackd did not change its period to $frames"
  shows_period() { "$bin/fohctl" --port "$port" get /jack/period | grep -qx "/jack/period $frames"; }
  began=$(second_now)
  until_ok 20 shows_period || fail "period $round: the desk does not show $frames frames"
  awk -v a="$began" -v b="$(second_now)" 'BEGIN { print (b < a ? b - a + 86400 : b - a) }' >>"$work/period-times"
  all_back || fail "period $round ($frames): $(diff "$work/before" "$work/now")"
  expect_gain fohd:main_l fohd:in_1 -3.0
done
[ "$(times_said "No audio")" -eq "$losses" ] || fail "a change of the period cost audio"
sort -n "$work/period-times" | awk '{ t[NR] = $1 } END {
  printf "%d changes of the period; until the desk shows it: median %.2f s, at most %.2f s\n", NR, t[int((NR + 1) / 2)], t[NR] }'

# A client that comes and goes keeps its connections, and the log says so; unless nothing is to be remembered.
start_client() {
  : >"$work/client"
  "$bin/delay_client" e2edelay 64 "$server" >"$work/client" 2>&1 &
  second_pid=$!
  until_ok 20 grep -q ready "$work/client" || fail "the client did not start: $(cat "$work/client")"
}
end_client() {
  kill -9 "$second_pid"
  wait "$second_pid" 2>/dev/null || true
  second_pid=""
  until_ok 10 has_no_port e2edelay:out || fail "the client's ports stay"
}
has_no_port() { ! has_port "$1"; }
start_client
jack_connect e2edelay:out fohd:in_6
jack_connect fohd:bus_2 e2edelay:in
until_ok 5 connected fohd:in_6 e2edelay:out || fail "cannot connect by hand"
sleep 0.3 # the desk has seen it
for time in first second; do
  end_client
  start_client
  until_ok 10 connected fohd:in_6 e2edelay:out || fail "the connection did not come back the $time time"
  until_ok 10 connected fohd:bus_2 e2edelay:in || fail "the other connection did not come back the $time time"
done
until_ok 10 says 'Connected again: .*e2edelay:out to fohd:in_6.*made by hand' || fail "the log does not tell what was connected"
jackd_clients=$(jack_lsp | grep -c '^fohd:')
[ "$jackd_clients" -eq 50 ] || fail "expected 50 ports, found $jackd_clients"
end_desk TERM
end_client

printf '[audio]\nremember = false\nconnect = [ { from = "e2edelay:out", to = "in_7" } ]\n' >"$work/desk.toml"
start_desk --config "$work/desk.toml"
until_ok 20 says "Audio runs" || fail "no audio"
start_client
until_ok 10 connected fohd:in_7 e2edelay:out || fail "the rule is not followed"
until_ok 10 says 'Connected again: e2edelay:out to fohd:in_7 (the configuration' || fail "the log does not tell of the rule"
jack_connect e2edelay:out fohd:in_6
until_ok 5 connected fohd:in_6 e2edelay:out || fail "cannot connect by hand"
sleep 0.3
end_client
start_client
until_ok 10 connected fohd:in_7 e2edelay:out || fail "the rule is not followed a second time"
sleep 0.3
not_connected fohd:in_6 e2edelay:out || fail "what was made by hand came back though nothing is to be remembered"
# And it can be switched on while it runs.
sed -i 's/remember = false/remember = true/' "$work/desk.toml"
kill -HUP "$desk_pid"
until_ok 10 says 'remembered from now on' || fail "the switch is not followed"
jack_connect e2edelay:out fohd:in_6
until_ok 5 connected fohd:in_6 e2edelay:out || fail "cannot connect by hand"
sleep 0.3
end_client
start_client
until_ok 10 connected fohd:in_6 e2edelay:out || fail "the connection did not come back after the switch"
end_client
end_desk TERM
echo ok
