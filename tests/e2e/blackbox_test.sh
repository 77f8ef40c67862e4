#!/bin/sh
# The black box of a real desk: a killed JACK server, panic, a subscriber and a refused configuration are in it; after
# kill -9 of the desk it is read from its folder and by the next desk; it is bounded; the metrics come over OSC and HTTP.
set -eu
. "$(dirname "$0")/lib.sh"

http=$((port + 1))
printf '[osc]\nport = %d\n[metrics]\nhttp_port = %d\n' "$port" "$http" >"$work/desk.toml"
tells() { # TEXT ARGUMENTS of fohctl log
  text=$1
  shift
  "$bin/fohctl" --port "$port" log "$@" >"$work/log" && grep -q "$text" "$work/log"
}
# One request, one answer, with nothing that might not be installed.
ask_http() { # REQUEST
  python3 - "$http" "$1" <<'END'
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as line:
    line.sendall(sys.argv[2].encode().decode("unicode_escape").encode())
    answer = b""
    while part := line.recv(65536): answer += part
sys.stdout.buffer.write(answer)
END
}

start_jackd 256
start_desk --config "$work/desk.toml"
audio_runs
until_ok 10 tells "info jack Audio runs: 48000 Hz, 256 frames" || fail "the start is not in the box: $(cat "$work/log")"
grep -q "info start fohd [0-9.]*, process $desk_pid" "$work/log" || fail "no first line: $(cat "$work/log")"

# Everything at once: a server that is killed and comes back at another period, panic, a subscriber, a wrong file.
"$bin/fohctl" --port "$port" watch /main --seconds 3 >"$work/watched" 2>&1 &
second_pid=$!
"$bin/fohctl" --port "$port" set /panic on >/dev/null
kill_jackd 9
until_ok 10 tells "error jack No audio: the JACK server has ended" --kind jack || fail "the loss: $(cat "$work/log")"
"$bin/fohctl" --port "$port" set /panic off >/dev/null
start_jackd 128
until_ok 20 tells "info jack Audio runs: 48000 Hz, 128 frames" --kind jack || fail "the return: $(cat "$work/log")"
if grep -qvE ' (info|warn|error) jack ' "$work/log"; then fail "--kind jack: $(cat "$work/log")"; fi
echo '[osc]' >>"$work/desk.toml"
kill -HUP "$desk_pid"
until_ok 10 tells "error config The configuration is wrong" --kind config || fail "the wrong file: $(cat "$work/log")"
until_ok 10 tells "127.0.0.1:[0-9]* subscribed; 1 subscribers" --kind osc || fail "the subscriber: $(cat "$work/log")"
until_ok 10 tells " left; 0 subscribers" --kind osc || fail "its end: $(cat "$work/log")"
tells "warn outputs Panic: all outputs are shut" --kind outputs || fail "panic: $(cat "$work/log")"
tells "info outputs Panic is over" --kind outputs || fail "the end of panic: $(cat "$work/log")"
until_ok 20 tells "info load JACK [0-9]* %; our block at most [0-9.]* ms" --kind load || fail "no load: $(cat "$work/log")"
tells "info machine .*memory [0-9.]* MB" --kind machine || fail "no machine: $(cat "$work/log")"
wait "$second_pid" || true
second_pid=""

# The metrics, over OSC and HTTP, are the same lines.
"$bin/fohctl" --port "$port" metrics >"$work/metrics" || fail "fohctl metrics"
ask_http 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n' >"$work/http"
head -1 "$work/http" | grep -q '^HTTP/1.1 200 OK' || fail "HTTP: $(head -3 "$work/http")"
sed '1,/^\r$/d' "$work/http" >"$work/body"
for file in metrics body; do sed 's/ [^ ]*$//' "$work/$file" | grep -v '^#' >"$work/$file.names"; done
cmp -s "$work/metrics.names" "$work/body.names" || fail "different metrics: $(diff "$work/metrics.names" "$work/body.names")"
grep -qx 'fohd_jack_connected 1' "$work/body" || fail "not connected: $(cat "$work/body")"
grep -qx 'fohd_jack_period_frames 128' "$work/body" || fail "the period: $(cat "$work/body")"
before=$(awk '$1 == "fohd_audio_frames_total" { print $2 }' "$work/metrics")
sleep 0.3
ask_http 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n' | awk -v before="$before" '
  $1 == "fohd_audio_frames_total" { grown = $2 > before } END { exit !grown }' || fail "the frames do not grow"
ask_http 'GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n' | head -1 | grep -q ' 404 ' || fail "another page is not refused"
ask_http 'POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n' | head -1 | grep -q ' 405 ' || fail "POST is not refused"
ask_http 'GET /metrics HTTP/1.1\r\nHost: rebound.example\r\n\r\n' | head -1 | grep -q ' 421 ' || fail "another name is served"
ask_http '\x00\x01garbage\r\n\r\n' >/dev/null
audio_runs

# Off again, without a restart.
printf '[osc]\nport = %d\n' "$port" >"$work/desk.toml"
kill -HUP "$desk_pid"
until_ok 5 says 'was read again' || fail "the configuration was not read again"
if ask_http 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n' >/dev/null 2>&1; then fail "the HTTP port is still open"; fi

# kill -9: all that is older than the 10 s is on the disk; alarms are at once.
kill_jackd 9
until_ok 10 tells "error jack No audio: the JACK server has ended" --since 2s || fail "the second loss"
sleep 1.2
kill -9 "$desk_pid"
wait "$desk_pid" 2>/dev/null || true
"$bin/fohctl" log --state "$work/state" >"$work/log" || fail "the box of the killed desk is not read"
[ "$(grep -c 'error jack No audio: the JACK server has ended' "$work/log")" -eq 2 ] || fail "losses: $(cat "$work/log")"
if grep -q ' end The desk ends' "$work/log"; then fail "a killed desk says that it ended"; fi
lines=$(wc -l <"$work/log")

# The next desk goes on with it, and says how the last one ended.
start_jackd 256
start_desk --config "$work/desk.toml"
audio_runs
until_ok 5 says 'did not end in good order' || fail "the killed desk is not told of"
tells 'warn start The desk did not end in good order' || fail "not in the box: $(cat "$work/log")"
[ "$(wc -l <"$work/log")" -gt "$lines" ] || fail "the life before is gone: $(cat "$work/log")"
end_desk TERM
"$bin/fohctl" log --state "$work/state" --since 10s | tail -1 | grep -q ' info end The desk ends$' || fail "no last line"

# In good order is not told of. Without a state folder the box is in memory.
start_desk --config "$work/desk.toml"
until_ok 10 tells "info start" || fail "no answer"
if says 'did not end in good order'; then fail "a good end is called bad"; fi
end_desk TERM
[ "$(find "$work/state/blackbox" -name '*.log' | wc -l)" -eq 1 ] || fail "files: $(ls -l "$work/state/blackbox")"
"$bin/fohd" run --osc-port "$port" --state "$work/state/state-000001.json" >"$work/desk.log" 2>&1 &
desk_pid=$!
until_ok 10 tells "info osc OSC is heard" || fail "a desk in memory only has no box: $(cat "$work/log")"
end_desk TERM
echo ok
