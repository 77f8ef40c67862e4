#!/bin/sh
# What became of a recording is told at its end: file, length, peak, clips and lost blocks; at another sample rate of each
# file; and that nothing was recorded, where there was no audio.
set -eu
. "$(dirname "$0")/lib.sh"

run_desk() { # ARGUMENTS of fohd run
  "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live "$@" >"$work/desk.log" 2>&1 || fail "exit code $? of $*"
}
run_desk --record "$work/none.wav" --seconds 0.5
says 'Nothing was recorded, since there was no audio' || fail "it is not told that nothing was recorded"
[ ! -e "$work/none.wav" ] || fail "there is a file though nothing was recorded"

start_jackd 256
run_desk --record "$work/mix.wav" --seconds 3
says "Recorded $work/mix.wav: 0:00:0[1-4], silence, 0 clipped samples, [0-9]* lost blocks" || fail "the end is not told"

# Another sample rate is another file.
start_desk --record "$work/mix.wav"
audio_runs
kill_jackd TERM
start_jackd 256 44100
until_ok 20 says "Recorded $work/mix.wav: " || fail "the end of the first file is not told"
audio_runs
end_desk TERM
[ "$(times_said "Recorded $work/mix.wav: ")" -eq 2 ] || fail "not both files are told"
echo ok
