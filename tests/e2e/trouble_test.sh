#!/bin/sh
# What can be wrong around the desk: no JACK server, a port in use, names that clash, wrong files. Each gets a plain
# sentence and the exit code that scripts expect.
set -eu
. "$(dirname "$0")/lib.sh"

# No JACK at the start: control works, audio comes with the server.
start_desk
until_ok 20 says 'No audio: no JACK server' || fail "the missing server is not told"
until_ok 10 "$bin/fohctl" --port "$port" get /main/fader || fail "no control without JACK"
set_value /main/fader 0
set_value /ch/1/fader 0
start_jackd 256
audio_runs
expect_gain fohd:main_l fohd:in_1 -3.0

# A second desk on the same port: its audio runs, it says so, and it takes the port when it is free.
printf '[audio]\nclient = "second"\n' >"$work/second.toml"
"$bin/fohd" run --config "$work/second.toml" --osc-port "$port" --state-dir "$work/state2" --live >"$work/second.log" 2>&1 &
second_pid=$!
until_ok 20 has_port second:main_l || fail "the second desk has no audio"
until_ok 10 grep -q "port $port is in use" "$work/second.log" || fail "the busy port is not told"
# A second client of the same name is refused by the server, and told.
"$bin/fohd" run --osc-port $((port + 1)) --state-dir "$work/state3" --seconds 1 >"$work/third.log" 2>&1 ||
  fail "a desk without audio ended badly: $(cat "$work/third.log")"
grep -q 'already has a client called "fohd"' "$work/third.log" || fail "the taken name is not told: $(cat "$work/third.log")"
end_desk TERM
until_ok 10 "$bin/fohctl" --port "$port" get /main/fader || fail "the freed port was not taken"

# HUP: what can change live does; a wrong file changes nothing.
printf '[audio]\nclient = "second"\nconnect = [{ from = "bus_1", to = "system:playback_8" }]\n' >"$work/second.toml"
kill -HUP "$second_pid"
until_ok 10 connected second:bus_1 system:playback_8 || fail "the reread connection is not made"
printf '[audio]\nclient = 5\n' >"$work/second.toml"
kill -HUP "$second_pid"
until_ok 10 grep -q "second.toml:2:10: .client. in .audio. must be text" "$work/second.log" || fail "no complaint after HUP"
kill -0 "$second_pid" || fail "a wrong file ended the desk"
# What is no file is told at once and changes nothing, also a pipe without a writer, which would be waited for.
rm "$work/second.toml"
mkfifo "$work/second.toml"
kill -HUP "$second_pid"
until_ok 10 grep -q "second.toml: this is a pipe, not a regular file" "$work/second.log" || fail "a pipe is not refused"
for level in -31 -32 -33; do set_value /ch/3/fader "$level"; done
rm "$work/second.toml"
printf '[audio]\nclient = "second"\nconnect = [{ from = "bus_2", to = "system:playback_7" }]\n' >"$work/second.toml"
kill -HUP "$second_pid"
until_ok 10 connected second:bus_2 system:playback_7 || fail "the file was not read after the pipe"

# Panic by signal: the outputs shut and the desk knows.
kill -USR1 "$second_pid"
until_ok 10 sh -c "'$bin/fohctl' --port $port get /panic | grep -qiE '(on|1)'" || fail "panic is not shown"
kill -TERM "$second_pid"
status=0
wait "$second_pid" || status=$?
[ "$status" -eq 0 ] || fail "exit code $status of the second desk"

# A JACK server that stands still lets nobody go. The desk ends all the same, with a whole recording, and says it.
start_desk --record "$work/whole.wav"
audio_runs
grows() { [ "$(stat -c %s "$work/whole.wav")" -gt 700000 ]; } # past the second header, which tells of 2 s
until_ok 30 grows || fail "nothing is recorded"
kill -STOP "$jackd_pid"
kill -TERM "$desk_pid"
status=0
wait "$desk_pid" || status=$?
kill -CONT "$jackd_pid"
desk_pid=""
[ "$status" -eq 2 ] || fail "exit code $status of a desk that JACK did not let go"
says 'error: JACK does not let go' || fail "it is not told that JACK does not let go"
told=$(od -An -tu4 -j4 -N4 "$work/whole.wav" | tr -d ' ')
[ $((told + 8)) -eq "$(stat -c %s "$work/whole.wav")" ] || fail "the recording was not closed: its header tells of $told bytes"

refused() { # CODE TEXT ARGUMENTS
  code=$1 text=$2
  shift 2
  status=0
  "$bin/fohd" "$@" >"$work/desk.log" 2>&1 || status=$?
  [ "$status" -eq "$code" ] || fail "fohd $*: exit code $status, expected $code"
  grep -q -- "$text" "$work/desk.log" || fail "fohd $*: \"$text\" is not said"
}
# The newest generation is cut off: the one before it and the logs are the same mix, and it is told which is used. The
# damaged file stays as it is, and what comes after it gets a new number (docs/STATE.md).
fader_is() { "$bin/fohctl" --port "$port" get /ch/5/fader | grep -q -- "$1"; }
start_desk
until_ok 20 "$bin/fohctl" --port "$port" get /ch/5/fader || fail "no control"
for level in -15 -16 -17; do set_value /ch/5/fader "$level"; done
end_desk TERM
newest=$(ls "$work"/state/state-*.json | tail -1)
previous=$(ls "$work"/state/state-*.json | tail -2 | head -1)
grep -q '"/ch/5/fader": -17' "$newest" || fail "the mix was not saved"
cp "$newest" "$work/whole.json"
truncate -s 1000 "$newest"
cp "$newest" "$work/cut.json"
start_desk
until_ok 20 fader_is -17 || fail "the mix of before is not there: $("$bin/fohctl" --port "$port" get /ch/5/fader)"
says "$newest is damaged: .*\. The previous one is used: $previous" || fail "the damaged state is not told"
says "The mix is the one of $previous" || fail "it is not told which mix it is"
set_value /ch/5/fader -18
end_desk TERM
cmp -s "$newest" "$work/cut.json" || fail "the damaged state was written over"
after=$(ls "$work"/state/state-*.json | tail -1)
[ "$after" != "$newest" ] || fail "the next generation got no new number"
grep -q '"/ch/5/fader": -18' "$after" || fail "the mix was not saved behind a damaged state"

printf '[audio]\nclient = "%s"\n' "$server" >"$work/clash.toml"
refused 1 'both called' run --config "$work/clash.toml"
refused 1 'no such configuration file' run --config "$work/missing.toml"
refused 1 'this is a folder' run --config "$work"
refused 1 'no such folder' run --play "$work/missing" --seconds 1
refused 1 'there is no folder .* to record into' run --record "$work/missing/mix.wav" --seconds 1
refused 1 'a recording is called NAME.wav or NAME.flac' run --record "$work/mix.mp3" --seconds 1
# A state that was named and cannot be used: no desk with other mixes in its place, and nothing is touched.
sed 's|"/ch/5/fader": -17|"/ch/5/fader": -7|' "$work/whole.json" >"$work/altered.json"
cmp -s "$work/whole.json" "$work/altered.json" && fail "nothing was altered"
all_states() { (cd "$work" && ls -lR --time-style=full-iso state home 2>&1 && cksum state/*) || true; }
all_states >"$work/before"
for damaged in cut altered; do
  for folder in "--state-dir $work/state" ""; do
    # shellcheck disable=SC2086 # two words or none
    refused 1 "error: .*$work/$damaged.json is damaged: .* named with --state.*nothing was changed" \
      run --state "$work/$damaged.json" $folder --seconds 1
  done
done
refused 1 "error: $work/no.json: there is no such state" run --state "$work/no.json" --state-dir "$work/state" --seconds 1
all_states >"$work/after"
cmp -s "$work/before" "$work/after" || fail "a refused state changed the folder: $(diff "$work/before" "$work/after")"
refused 1 'osc-port' run --osc-port 70000
refused 1 'no-such' run --no-such
refused 1 'subcommand' --
refused 0 'Example' run --help
refused 0 'Example' render --help
refused 0 'Example' parameters --help
refused 0 'Example' check-config --help
refused 0 'fohd 0' --version
refused 0 '/ch/N/fader' parameters --format md
echo ok
