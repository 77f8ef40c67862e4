#!/bin/sh
# Surfaces at the real desk, over JACK: found, painted, obeyed, learned; pulled and returned; JACK itself restarted.
# Timed: a surface must be found and painted while a person would wait.
set -eu
. "$(dirname "$0")/lib.sh"

surface_pid=""
# plug NAME: from then on `say LINE` speaks to it and `answer LINE` prints what it answers.
plug() {
  rm -f "$work/to" "$work/from"
  mkfifo "$work/to" "$work/from"
  "$bin/midi_surface" "$1" <"$work/to" >"$work/from" 2>>"$work/surface.log" &
  surface_pid=$!
  second_pid=$surface_pid
  exec 3>"$work/to" 4<"$work/from"
}
pull() {
  exec 3>&- 4<&-
  wait "$surface_pid" 2>/dev/null || true
  surface_pid="" second_pid=""
}
say() { echo "$*" >&3; }
answer() {
  say "$*"
  read -r reply <&4
  echo "$reply"
}
answers() { [ "$(answer "$1")" = "$2" ]; }
value_is() { [ "$("$bin/fohctl" --port "$port" get -v "$1")" = "$2" ]; }
near() { # ADDRESS VALUE: within 0.05 dB
  awk -v a="$("$bin/fohctl" --port "$port" get -v "$1")" -v b="$2" 'BEGIN { d = a - b; exit !(d < 0.05 && d > -0.05) }'
}
midi() { "$bin/fohctl" --port "$port" midi "$@"; }

printf '[midi]\napi = "jack"\n' >"$work/fohd.toml"
start_jackd 256
start_desk --config "$work/fohd.toml"
audio_runs
set_value /ch/1/fader 0
set_value /ch/2/fader -10
set_value /ch/2/name Snare

# It is found by its name and painted; 0 dB is 0.75 of 15935, -10 dB is 0.5 of it.
plug X-Touch
until_ok 5 says "X-Touch is there, as x-touch" || fail "the surface is not found"
until_ok 5 answers "where 1" 11951 || fail "fader 1 stands at $(answer "where 1"), expected 11951"
until_ok 5 answers "where 2" 7968 || fail "fader 2 stands at $(answer "where 2"), expected 7968"
case $(answer text) in *Snare*) ;; *) fail "no name on the display: $(answer text)" ;; esac

# A hand moves the desk; nothing is sent against it; a button is obeyed, and its LED follows whoever changes the mute.
say touch 1 1
say fader 1 7968
until_ok 5 near /ch/1/fader -10 || fail "the hand did not move the desk"
set_value /ch/1/fader -40
sleep 0.3
[ "$(answer "where 1")" = 11951 ] || fail "something was sent under the hand"
say touch 1 0
until_ok 5 answers "where 1" 2988 || fail "after the hand it stands at $(answer "where 1"), expected 2988 (-40 dB)"
say press 16
until_ok 5 value_is /ch/1/mute 1 || fail "mute was not pressed"
until_ok 5 answers "led 16" 127 || fail "the LED is dark"
set_value /ch/1/mute off
until_ok 5 answers "led 16" dark || fail "the LED does not follow"

# Learning, listing, forgetting, saving; watching.
midi learn /ch/5/mute >"$work/learned" 2>&1 &
learner=$!
sleep 0.5
say press 93
wait "$learner" || fail "not learned: $(cat "$work/learned")"
say press 93
until_ok 5 value_is /ch/5/mute 1 || fail "what was learned does nothing"
midi list | grep -q 'learned on x-touch: note 93 ch 1 /ch/5/mute' || fail "the list does not know it: $(midi list)"
midi list x-touch | grep -q '^  stop .*note 93 ch 1 .*/ch/5/mute on' || fail "the controls do not show it"
midi save my-touch >"$work/saved" || fail "not saved: $(cat "$work/saved")"
grep -q '^does = "/ch/5/mute"' "$work/state/midi/my-touch.toml" || fail "the saved profile lacks it"
midi forget /ch/5/mute || fail "not forgotten"
say press 93
sleep 0.2
value_is /ch/5/mute 1 || fail "a forgotten button does something"
midi learn /no/such 2>/dev/null && fail "an address that is none is learned"
midi monitor --seconds 1.5 >"$work/watched" &
watcher=$!
sleep 0.5
say press 16
wait "$watcher" || fail "cannot watch"
grep -q 'x-touch in  90 10 7F' "$work/watched" || fail "what came in is not shown: $(cat "$work/watched")"
grep -q 'mute 1: /ch/1/mute on' "$work/watched" || fail "what it did is not shown: $(cat "$work/watched")"
grep -q 'x-touch out 90 10 7F' "$work/watched" || fail "what was sent is not shown: $(cat "$work/watched")"
set_value /ch/1/mute off

# Noise, endless exclusives and halves of messages on the real wire.
say bytes F0 1 2 3 4 5 6 7 8 9
say bytes F0 0 0 66 14
say bytes E0
say bytes 90 10
say bytes FF
say bytes F0 0 0 66 14 12
say press 16
until_ok 5 value_is /ch/1/mute 1 || fail "an exclusive without an end makes the desk deaf"
set_value /ch/1/mute off
say touch 1 1
say touch 1 0

# Pulled in the middle of a move, changed meanwhile, back: painted within a second of being there.
round=0
while [ "$round" -lt 8 ]; do
  round=$((round + 1))
  say touch 3 1
  say fader 3 $((round * 1000))
  pull
  set_value /ch/3/fader $((-round))
  set_value /ch/4/fader $((round - 10))
  plug X-Touch
  # 0.75 - round / 40 of 15935, to the nearest; and 0.5 + round / 40.
  third=$(awk -v r="$round" 'BEGIN { printf "%d", (0.75 - r / 40) * 15935 + 0.5 }')
  fourth=$(awk -v r="$round" 'BEGIN { printf "%d", (0.5 + r / 40) * 15935 + 0.5 }')
  until_ok 5 answers "where 4" "$fourth" || fail "round $round: fader 4 at $(answer "where 4"), expected $fourth"
  until_ok 5 answers "where 3" "$third" || fail "round $round: fader 3 at $(answer "where 3"), expected $third"
done

# A server that dies takes the ports along, while a surface is there; the desk finds it again on the next one.
round=0
while [ "$round" -lt 5 ]; do
  round=$((round + 1))
  losses=$(times_said "No audio") runs=$(times_said "Audio runs")
  kill_jackd 9
  pull
  until_ok 10 said_more "No audio" "$losses" || fail "server $round: the loss of jackd is not told"
  start_jackd 256
  until_ok 20 said_more "Audio runs" "$runs" || fail "server $round: no audio on the new one"
  found=$(times_said "X-Touch is there")
  plug X-Touch
  until_ok 10 said_more "X-Touch is there" "$found" || fail "server $round: the surface is not found"
  until_ok 5 answers "where 4" "$fourth" || fail "server $round: the surface is not painted"
done
pull
if says "lost"; then fail "MIDI bytes were lost"; fi
end_desk TERM
# What was saved is there at the next start.
start_desk --config "$work/fohd.toml"
until_ok 5 says "17 device profiles are known" || fail "the saved profile is not read"
end_desk TERM
echo ok
