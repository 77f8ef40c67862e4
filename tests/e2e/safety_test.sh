#!/bin/sh
# Broken sound from a neighbour on the JACK graph: the channel it comes in on is muted for safety, the others play on, the
# desk says so to whoever listens, and a command brings the channel back.
# Timed: a fade is measured in real time.
set -eu
. "$(dirname "$0")/lib.sh"

muted() { "$bin/fohctl" --port "$port" get "$1" | grep -q "$2"; }

start_jackd 256
start_desk
audio_runs
set_value /main/fader 0
set_value /ch/1/fader 0
set_value /ch/2/fader 0
set_value /ch/1/name Vox
"$bin/fohctl" --port "$port" watch /ch/1/muted >"$work/watched" 2>&1 &
second_pid=$!
"$bin/jack_probe" break fohd:in_1 || fail "the probe did not run"
until_ok 10 muted /ch/1/muted 16 || fail "the safety mute is not shown"
muted /ch/2/muted 16 && fail "a channel with whole sound is muted"
until_ok 10 grep -q 16 "$work/watched" || fail "who watches is not told: $(cat "$work/watched")"
until_ok 10 says 'error: Broken sound .*channel 1 (Vox)' || fail "the broken sound is not in the log"
until_ok 10 says 'error: Safety mute: .*channel 1 (Vox)' || fail "the safety mute is not in the log"
expect_gain fohd:main_l fohd:in_1 silence
expect_gain fohd:main_l fohd:in_2 -3.0

"$bin/fohctl" --port "$port" do /safety_mutes/clear || fail "the command is refused"
until_ok 10 muted /ch/1/muted 0 || fail "the safety mute stays"
until_ok 10 says 'off again: channel 1 (Vox)' || fail "the end of the mute is not in the log"
expect_gain fohd:main_l fohd:in_1 -3.0
end_desk TERM
echo ok
