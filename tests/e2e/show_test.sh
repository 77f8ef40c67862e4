#!/bin/sh
# A minute of show on the demo band: faders ride, a snare is muted, a guitar walks from right to left, a monitor mix changes
# on its bus. fohctl makes each step over OSC while the real daemon plays and records under a real jackd; then the
# recording is compared, between every two steps, with what the offline desk makes of the same script. A step that was
# not carried out, or carried out wrongly, leaves a difference; the recording is also compared with a render without any step, which
# must differ, so that a comparison that cannot fail would be found out.
#
# Time is the recording's own: a step is made when the file has grown that long, so a machine that misses periods or
# is slow to start shifts nothing.
set -eu
. "$(dirname "$0")/lib.sh"

"$bin/fohd" stems --session "$root/configs/demo/session.toml" --out "$work/stems" >"$work/stems.log" 2>&1 ||
  fail "stems: $(cat "$work/stems.log")"
# The wedge is heard on main for two stretches, so that the recording can tell what the monitor mix does.
{
  cat "$root/configs/demo/show.osc"
  cat <<'WEDGE'
30.0 /ch/*/main/on 0
30.0 /bus/1/main/on 1
37.0 /bus/1/main/on 0
37.0 /ch/*/main/on 1
54.0 /ch/*/main/on 0
54.0 /bus/1/main/on 1
59.0 /bus/1/main/on 0
59.0 /ch/*/main/on 1
WEDGE
} | grep -E '^[0-9]' | sort -s -n >"$work/show.osc"
for script in "--script $work/show.osc" ""; do
  # shellcheck disable=SC2086 # two words or none
  "$bin/fohd" render --config "$root/configs/demo/fohd.toml" --state "$root/configs/demo/state.json" --in "$work/stems" \
    --rate 48000 --seconds 61 --bits 24 $script --out "$work/render${script:+-show}.wav" >"$work/render.log" 2>&1 ||
    fail "render: $(cat "$work/render.log")"
done

start_jackd 1024
start_desk --config "$root/configs/demo/fohd.toml" --state "$root/configs/demo/state.json" --play "$work/stems" \
  --record "$work/live.wav" --seconds 62

audio_runs
late=$("$bin/fohctl" --port "$port" get /main/latency | awk '{ print $NF }')
[ "$late" -gt 0 ] || fail "main does not say how late it is: '$late'"

recorded_ms() { # 24-bit stereo: 6 bytes a frame, 288 a millisecond at 48 kHz
  bytes=$(stat -c %s "$work/live.wav" 2>/dev/null || echo 0)
  echo $((bytes / 288))
}
while read -r at address value; do
  at_ms=$(awk "BEGIN { print int($at * 1000) }")
  while [ "$(recorded_ms)" -lt "$at_ms" ]; do
    kill -0 "$desk_pid" 2>/dev/null || fail "the desk ended before $at s"
    sleep 0.02
  done
  "$bin/fohctl" --port "$port" set "$address" "$value" >"$work/set.log" 2>&1 || fail "$at $address: $(cat "$work/set.log")"
done <"$work/show.osc"
status=0
wait "$desk_pid" || status=$?
desk_pid=""
[ "$status" = 0 ] || fail "the desk left with exit code $status"
grep -iE 'lost|underrun' "$work/desk.log" || true

# Between two steps, 1.2 s behind one and 0.7 s in front of the next: fohctl, the ramps, a busy machine, and compressors
# that remember how late a step came (eight of the longest release in the mix) have their time there.
windows=$(awk '{ print $1 }' "$work/show.osc" | sort -nu |
  awk 'BEGIN { last = 0.5 } { if ($1 - last >= 2.4) printf "%.1f %.1f ", last + 1.2, $1 - 0.7; last = $1 }')
echo "with the script:"
# -60 dB: dither at 24 bits lies near -140 dBFS; what remains of the mix's filters after 0.7 s is far below this too.
# shellcheck disable=SC2086 # a list of numbers
"$bin/compare_mixes" "$work/live.wav" "$late" "$work/render-show.wav" -60 $windows || fail "a step is missing or wrong"
echo "without it, where the snare is muted, the guitar walks and the wedge is heard:"
for window in "12.7 14.3" "30.7 31.3" "47.7 51.3"; do
  # shellcheck disable=SC2086
  if "$bin/compare_mixes" "$work/live.wav" "$late" "$work/render.wav" -40 $window; then fail "the comparison sees no difference"; fi
done
echo ok
