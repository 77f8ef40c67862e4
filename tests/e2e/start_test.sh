#!/bin/sh
# ./start without a sound card: what it would ask of jackd for --device is shown by a substitute jackd that writes down
# its arguments; wrong arguments get a sentence and change nothing. No hardware is touched here, so that a real interface
# accepts these arguments is not shown. Then Ctrl-C with a real (dummy) jackd: the desk ends first.
# Alone: ./start may link the programs anew that the other scripts run.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
start_pid="" jackd_pid="" holder_pid=""
clean_up() {
  rm -f "$work/held"
  for pid in $start_pid $jackd_pid $holder_pid; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
export JACK_DEFAULT_SERVER="fohdstart$$" JACK_NO_START_SERVER=1 XDG_STATE_HOME="$work/home"

fail() {
  echo "FAILED: $*"
  cat "$work/out" 2>/dev/null || true
  exit 1
}
cat >"$work/jackd" <<EOF
#!/bin/sh
echo "\$@" >"$work/arguments"
echo "substitute: no such card" >&2
exit 1
EOF
chmod +x "$work/jackd"

if PATH="$work:$PATH" "$root/start" --device hw:CARD=Desk --rate 96000 --period 32 >"$work/out" 2>&1; then
  fail "start succeeded though jackd did not"
fi
grep -q -- '-d alsa -d hw:CARD=Desk -r 96000 -p 32' "$work/arguments" || fail "jackd was asked: $(cat "$work/arguments")"
grep -q -- "-n $JACK_DEFAULT_SERVER" "$work/arguments" || fail "jackd got another name: $(cat "$work/arguments")"
grep -q 'jackd did not start on hw:CARD=Desk' "$work/out" || fail "no plain message"
grep -q 'no such card' "$work/out" || fail "jackd's own words are not shown"

if "$root/start" --rate fast >"$work/out" 2>&1; then fail "--rate fast was accepted"; fi
grep -q "'fast' is not a number" "$work/out" || fail "no plain message about --rate"
if "$root/start" --device >"$work/out" 2>&1; then fail "--device without a value was accepted"; fi
grep -q -- '--device needs a value' "$work/out" || fail "no plain message about --device"
if "$root/start" --no-such-thing >"$work/out" 2>&1; then fail "an unknown argument was accepted"; fi
grep -q 'no-such-thing' "$work/out" || fail "the unknown argument is not named"

# A demo beside a running one says so and touches nothing: its state, its place, the programs.
demo=$root/build/demo
mkdir -p "$demo/state"
marker=$demo/state/marker-$$
echo mine >"$marker"
flock "$demo/lock" -c "touch '$work/held'; while [ -e '$work/held' ]; do sleep 0.05; done" &
holder_pid=$!
tries=200
until [ -e "$work/held" ] || ! kill -0 "$holder_pid" 2>/dev/null; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || fail "the lock is not to be had"
  sleep 0.05
done
[ -e "$demo/lock" ] || fail "no lock"
ls -laR --time-style=full-iso "$demo" "$root/build/release/bin" >"$work/before"
if "$root/start" --demo --seconds 1 >"$work/out" 2>&1; then fail "a second demo was started"; fi
grep -q 'a demo runs here already; nothing of it was touched' "$work/out" || fail "no plain message about the running demo"
ls -laR --time-style=full-iso "$demo" "$root/build/release/bin" >"$work/after"
cmp -s "$work/before" "$work/after" || fail "the second demo has touched something: $(diff "$work/before" "$work/after")"
rm "$work/held"
wait "$holder_pid" || true
# And one by hand on that folder, which holds the folder's own lock only.
flock "$demo/state/lock" -c "touch '$work/held'; while [ -e '$work/held' ]; do sleep 0.05; done" &
holder_pid=$!
tries=200
until [ -e "$work/held" ]; do
  tries=$((tries - 1))
  [ "$tries" -gt 0 ] || fail "the folder's lock is not to be had"
  sleep 0.05
done
if "$root/start" --demo --seconds 1 >"$work/out" 2>&1; then fail "a demo was started on the folder of a desk"; fi
grep -q 'a demo runs here already' "$work/out" || fail "no plain message about the desk on that folder"
[ "$(cat "$marker")" = mine ] || fail "the state of the running demo is gone"
rm "$work/held" "$marker"
wait "$holder_pid" || true
holder_pid=""

# until_ok SECONDS COMMAND...: tries every 50 ms.
until_ok() {
  tries=$(($1 * 20))
  shift
  while ! "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.05
  done
}
gone() { ! kill -0 "$1" 2>/dev/null; }
group_of() { ps -o pgid= -p "$1" | tr -d ' '; }

# As a terminal does it: ./start leads a process group, and Ctrl-C goes to all of it.
printf '[desk]\nname = "says nothing of its start"\n' >"$work/desk.toml"
mkdir -p "$work/home/fohd"
echo '{ "boot_id": "another boot", "values": { "/main/fader": 0.0 } }' >"$work/home/fohd/state-000001.json"
setsid env --default-signal=INT "$root/start" --config "$work/desk.toml" --osc-port $((20000 + $$ % 20000)) >"$work/out" 2>&1 &
start_pid=$!
until_ok 60 grep -q 'Audio runs' "$work/out" || fail "no audio with ./start"
grep -q 'The mix is the one of' "$work/out" || fail "the state was not found"
if grep -q 'outputs are shut' "$work/out"; then fail "./start is not live, though the configuration leaves it open"; fi
jackd_pid=$(pgrep -P "$start_pid" -x jackd) || fail "./start has started no jackd"
desk_pid=$(pgrep -P "$start_pid" -x fohd) || fail "./start has started no desk"
[ "$(group_of "$desk_pid")" = "$start_pid" ] || fail "the desk does not hear Ctrl-C"
[ "$(group_of "$jackd_pid")" != "$start_pid" ] || fail "Ctrl-C would end jackd before the desk has ramped out"
kill -INT "-$start_pid"
until_ok 20 gone "$start_pid" || fail "Ctrl-C does not end ./start"
status=0
wait "$start_pid" || status=$?
[ "$status" -eq 0 ] || fail "exit code $status after Ctrl-C"
grep -q 'the outputs ramp out and the mix is saved' "$work/out" || fail "the desk did not end well"
if grep -q 'JACK server has ended' "$work/out"; then fail "jackd ended before the desk"; fi
gone "$jackd_pid" || fail "./start has left its jackd running"
start_pid="" jackd_pid=""
echo ok
