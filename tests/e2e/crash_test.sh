#!/bin/sh
# kill -9 of the whole desk, 20 times, in the middle of a fader ride over OSC. Each time the state loads, what it holds is
# what was sent up to about a second before (docs/STATE.md), and the outputs open by themselves, since the machine
# was not switched off: without --live only a restart in the same boot does that.
# Timed: what the state holds is compared with what was sent a second before.
set -eu
. "$(dirname "$0")/lib.sh"
seed=${SEED:-$$}
rounds=20

run_desk() {
  "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" >"$work/desk.log" 2>&1 &
  desk_pid=$!
  until_ok 20 "$bin/fohctl" --port "$port" get /main/fader || fail "the desk does not answer"
}
# A loaded machine makes a disk slow; five times what is aimed at still tells a store that forgets.
oldest_allowed_s=5.5

start_jackd 256
run_desk
audio_runs
set_value /main/fader 0
set_value /ch/1/fader -80
until_ok 20 sh -c "grep -q '/ch/1/fader.*-80' '$work'/state/*" || fail "nothing was written"

step=0 round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  life_ms=$(awk -v s="$seed" -v r="$round" 'BEGIN { srand(s * 100 + r); print int(30 + 2400 * rand()) }')
  "$bin/ride_and_kill" "$port" "$desk_pid" "$life_ms" "$step" >"$work/sent" || fail "the desk was not there to be killed"
  wait "$desk_pid" 2>/dev/null || true
  run_desk
  says 'The mix is the one of' || fail "round $round (seed $seed): the state did not load"
  level_db=$("$bin/fohctl" --port "$port" get /ch/1/fader | awk '{ print $NF == "dB" ? $(NF - 1) : $NF }')
  # The first step that is missing was sent this long before the kill.
  awk -v level="$level_db" -v first="$step" '
    BEGIN { kept = int((level + 80) * 100 + 0.5) }
    $1 == kept + 1 { lost_s = $2 }
    { last = $1 }
    END { print kept, last + 1, (kept > last || kept < first - 1 ? "wrong" : lost_s + 0) }' "$work/sent" >"$work/age"
  read -r kept next age_s <"$work/age"
  [ "$age_s" != wrong ] || fail "round $round (seed $seed): /ch/1/fader is $level_db dB (step $kept), sent were $step..$((next - 1))"
  echo "$age_s" >>"$work/ages"
  awk -v a="$age_s" -v b="$oldest_allowed_s" 'BEGIN { exit !(a <= b) }' ||
    fail "round $round (seed $seed): what was sent $age_s s before the kill is lost"
  audio_runs
  if says 'outputs are shut'; then fail "round $round (seed $seed): the outputs wait for /start/release"; fi
  step=$((kept + 1))
done
set_value /ch/1/fader 0
expect_gain fohd:main_l fohd:in_1 -3.0 # and /main/fader is still where it was before the first kill
sort -n "$work/ages" | awk '{ t[NR] = $1 } END {
  printf "%d times kill -9, the state always loads; oldest change that was lost: median %.2f s, at most %.2f s\n", NR, t[int((NR + 1) / 2)], t[NR] }'
end_desk TERM
echo ok
