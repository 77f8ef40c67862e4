#!/bin/sh
# Outputs that wait for /start/release go on waiting through kill -9 and restart, whatever they wait for; once released
# they are open after the next one.
set -eu
. "$(dirname "$0")/lib.sh"

run_desk() { # ARGUMENTS of fohd run
  "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" "$@" >"$work/desk.log" 2>&1 &
  desk_pid=$!
  until_ok 20 "$bin/fohctl" --port "$port" get /main/fader || fail "the desk does not answer"
  audio_runs
}
kill_desk() {
  kill -9 "$desk_pid"
  wait "$desk_pid" 2>/dev/null || true
}
held() { "$bin/fohctl" --port "$port" get /start/held | grep -qE '(^| )(on|1)$'; }
expect_held() { # WHEN
  held || fail "$1: the outputs are not held"
  expect_gain fohd:main_l fohd:in_1 silence
}
expect_open() { # WHEN
  if held; then fail "$1: the outputs are held"; fi
  until_ok 5 sounds || true # the ramp
  expect_gain fohd:main_l fohd:in_1 -3.0
}
sounds() { "$bin/jack_probe" gain fohd:main_l fohd:in_1 1 | grep -q '^-[23]\.'; }
# change DB: a change of the mix that none of the earlier ones equals, until it is on disk.
change() {
  set_value /ch/2/fader "$1"
  until_ok 20 sh -c "grep -q '/ch/2/fader.*: $1' '$work'/state/*" || fail "nothing was written"
}
round=0
# Held twice, with a crash between, then released; open for good after that.
hold_and_release() { # WHY ARGUMENTS
  why=$1
  shift
  run_desk "$@"
  expect_held "$why"
  round=$((round + 1))
  change "-1$round" # releases nothing
  kill_desk
  run_desk "$@"
  expect_held "$why, after a crash"
  "$bin/fohctl" --port "$port" do /start/release >/dev/null || fail "$why: the release is refused"
  until_ok 10 says 'The outputs are released' || fail "$why: the release is not told"
  expect_open "$why, released"
  change "-2$round" # and with it, that the outputs are released
  kill_desk
  run_desk "$@"
  expect_open "$why, released and crashed"
  end_desk TERM
}

mkdir "$work/state"
# The configuration's word counts more than --live-by-default.
printf '[desk]\nstart = "hold"\n' >"$work/hold.toml"
echo '{ "boot_id": "another boot", "values": { "/main/fader": 0.0, "/ch/1/fader": 0.0 } }' >"$work/state/state-000001.json"
start_jackd 256
hold_and_release 'a cold boot' --live-by-default --config "$work/hold.toml"
printf '[geometry]\ninputs = 4\nbuses = 2\n[desk]\nstart = "live"\n' >"$work/small.toml"
hold_and_release 'another geometry, live' --config "$work/small.toml"
kill_jackd TERM
start_jackd 256 44100
hold_and_release 'another rate, live' --config "$work/small.toml"
echo ok
