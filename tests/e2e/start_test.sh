#!/bin/sh
# ./start without a sound card: what it would ask of jackd for --device is shown by a substitute jackd that writes down
# its arguments; wrong arguments get a sentence and change nothing. No hardware is touched here, so that a real interface
# accepts these arguments is not shown.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export JACK_DEFAULT_SERVER="fohdstart$$" JACK_NO_START_SERVER=1

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
echo ok
