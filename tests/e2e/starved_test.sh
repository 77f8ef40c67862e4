#!/bin/sh
# Little memory: whatever the limit, the desk either keeps the mix or says that it does not, and SIGTERM ends it.
set -eu
. "$(dirname "$0")/lib.sh"

ran=0 kept=0
for limit_kb in 60000 64000 68000 72000 76000 80000 86000 92000 100000 120000 150000; do
  # Where the program itself does not start (a sanitizer's memory), the limit says nothing.
  (ulimit -v "$limit_kb" && "$bin/fohd" --version >/dev/null 2>&1) || continue
  rm -rf "$work/state" "$work/desk.log" # what the last desk said is none of this one
  (
    ulimit -v "$limit_kb"
    exec "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live >"$work/desk.log" 2>&1
  ) &
  desk_pid=$!
  ran=$((ran + 1))
  has_state() { [ -s "$work/state/state-000001.json" ]; }
  said_why() { grep -qE 'not being saved|cannot run|memory' "$work/desk.log"; }
  has_come() { has_state || said_why || ! kill -0 "$desk_pid" 2>/dev/null; }
  until_ok 20 has_come || fail "$limit_kb KiB: the mix is not kept, without a word"
  kill -TERM "$desk_pid" 2>/dev/null || true
  has_ended() { ! kill -0 "$desk_pid" 2>/dev/null; }
  until_ok 12 has_ended || fail "$limit_kb KiB: SIGTERM does not end the desk"
  wait "$desk_pid" 2>/dev/null || true
  desk_pid=""
  if has_state; then kept=$((kept + 1)); else said_why || fail "$limit_kb KiB: nothing is kept, without a word"; fi
done
[ "$ran" -gt 0 ] || exit 77
[ "$kept" -gt 0 ] || fail "no limit leaves room for the mix"

# What is no file in the state folder, also where the next generation will be written, is told and not waited for.
rm -rf "$work/state"
mkdir "$work/state"
mkfifo "$work/state/state-000004.json.part" "$work/state/approvals.json" "$work/state/state-000003.log"
ln -s /dev/zero "$work/state/state-000002.json"
start_desk
until_ok 20 says 'approvals.json: this is a pipe' || fail "approvals that are a pipe are not told"
until_ok 20 says 'state-000002.json is damaged' || fail "a device as a generation is not told"
until_ok 20 "$bin/fohctl" --port "$port" set /ch/1/fader -7 || fail "no desk beside odd files"
until_ok 20 grep -q '"/ch/1/fader": -7' "$work/state/state-000004.json" "$work/state/state-000004.log" || fail "the mix is not kept"
end_desk TERM
