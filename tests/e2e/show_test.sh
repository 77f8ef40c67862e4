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
BIN=$1
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
WORK=$(mktemp -d)
SERVER=fohdshow$$
PORT=$((20000 + $$ % 20000))
export JACK_NO_START_SERVER=1 JACK_NO_AUDIO_RESERVATION=1
JACKD="" DESK=""
finish() {
  for process in $DESK $JACKD; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$WORK"
}
trap finish EXIT
fail() {
  echo "FAILED: $*"
  cat "$WORK/desk.log" 2>/dev/null || true
  exit 1
}

"$BIN/fohd" stems --session "$ROOT/configs/demo/session.toml" --out "$WORK/stems" >"$WORK/stems.log" 2>&1 ||
  fail "stems: $(cat "$WORK/stems.log")"
# The wedge is heard on main for two stretches, so that the recording can tell what the monitor mix does.
{
  cat "$ROOT/configs/demo/show.osc"
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
} | grep -E '^[0-9]' | sort -s -n >"$WORK/show.osc"
for script in "--script $WORK/show.osc" ""; do
  # shellcheck disable=SC2086 # two words or none
  "$BIN/fohd" render --config "$ROOT/configs/demo/fohd.toml" --state "$ROOT/configs/demo/state.json" --in "$WORK/stems" \
    --rate 48000 --seconds 61 --bits 24 $script --out "$WORK/render${script:+-show}.wav" >"$WORK/render.log" 2>&1 ||
    fail "render: $(cat "$WORK/render.log")"
done

jackd -n "$SERVER" -r -d dummy -r 48000 -p 1024 >"$WORK/jackd.log" 2>&1 &
JACKD=$!
JACK_DEFAULT_SERVER=$SERVER timeout 20 jack_wait -w >/dev/null 2>&1 || fail "no JACK server"
"$BIN/fohd" run --config "$ROOT/configs/demo/fohd.toml" --jack-server "$SERVER" --osc-port "$PORT" \
  --state "$ROOT/configs/demo/state.json" --state-dir "$WORK/state" --play "$WORK/stems" --record "$WORK/live.wav" --seconds 62 >"$WORK/desk.log" 2>&1 &
DESK=$!

recorded_ms() { # 24-bit stereo: 6 bytes a frame, 288 a millisecond at 48 kHz
  bytes=$(stat -c %s "$WORK/live.wav" 2>/dev/null || echo 0)
  echo $((bytes / 288))
}
while read -r at address value; do
  at_ms=$(awk "BEGIN { print int($at * 1000) }")
  while [ "$(recorded_ms)" -lt "$at_ms" ]; do
    kill -0 "$DESK" 2>/dev/null || fail "the desk ended before $at s"
    sleep 0.02
  done
  "$BIN/fohctl" --port "$PORT" set "$address" "$value" >"$WORK/set.log" 2>&1 || fail "$at $address: $(cat "$WORK/set.log")"
done <"$WORK/show.osc"
status=0
wait "$DESK" || status=$?
DESK=""
[ "$status" = 0 ] || fail "the desk left with exit code $status"
grep -iE 'lost|underrun' "$WORK/desk.log" || true

# Between two steps, 0.7 s away from each: fohctl, the ramps and a busy machine have their time there.
windows=$(awk '{ print $1 }' "$WORK/show.osc" | sort -nu |
  awk 'BEGIN { last = 0.5 } { if ($1 - last >= 1.9) printf "%.1f %.1f ", last + 0.7, $1 - 0.7; last = $1 }')
echo "with the script:"
# -60 dB: dither at 24 bits lies near -140 dBFS; what remains of the mix's filters after 0.7 s is far below this too.
# shellcheck disable=SC2086 # a list of numbers
"$BIN/compare_mixes" "$WORK/live.wav" "$WORK/render-show.wav" -60 $windows || fail "a step is missing or wrong"
echo "without it, where the snare is muted, the guitar walks and the wedge is heard:"
for window in "12.7 14.3" "30.7 31.3" "47.7 51.3"; do
  # shellcheck disable=SC2086
  if "$BIN/compare_mixes" "$WORK/live.wav" "$WORK/render.wav" -40 $window; then fail "the comparison sees no difference"; fi
done
echo ok
