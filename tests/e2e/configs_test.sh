#!/bin/sh
# Every example configuration starts a desk; every broken one is refused with its file and line.
set -eu
. "$(dirname "$0")/lib.sh"

for config in "$root"/tests/configs/*.toml; do
  status=0
  "$bin/fohd" run --config "$config" --seconds 0.2 >"$work/desk.log" 2>&1 || status=$?
  [ "$status" -eq 1 ] || fail "$config: exit code $status, expected 1"
  grep -q "$config:[0-9]*:[0-9]*: " "$work/desk.log" || fail "$config: no line is named"
  if "$bin/fohd" check-config "$config" >"$work/desk.log" 2>&1; then fail "check-config accepts $config"; fi
done
for config in "$root"/configs/*.toml; do
  "$bin/fohd" check-config "$config" >"$work/desk.log" 2>&1 || fail "check-config refuses $config"
  "$bin/fohd" run --config "$config" --osc-port "$port" --state-dir "$work/state" --seconds 0.5 >"$work/desk.log" 2>&1 ||
    fail "$config: exit code $?"
  grep -q 'OSC is heard' "$work/desk.log" || fail "$config: no control"
  rm -rf "$work/state"
done
echo ok
