#!/bin/sh
# A JACK client that is killed while it holds a lock in the server's database of port names, which wedges that server, each new
# one and every client: the desk goes on, says so, and has sound again once the server has been killed and started, whatever
# it was doing when it happened. In a /dev/shm of its own, or not at all.
set -eu
if [ -z "${FOHD_APART:-}" ]; then
  apart=$(cd "$(dirname "$0")" && pwd)/apart.sh
  "$apart" --can || { echo "skipped: no /dev/shm of its own is to be had here"; exit 77; }
  FOHD_APART=yes exec "$apart" "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

database=/dev/shm/jack_db-$(id -u)
# A server that hangs obeys no TERM, and the places of this /dev/shm go with it.
leave() {
  left_with=$?
  set +e
  trap - EXIT
  [ -z "$jackd_pid" ] || kill -KILL "$jackd_pid" 2>/dev/null
  place_kept="" jackd_pid=""
  rm -rf "$database"
  (exit "$left_with")
  finish
}
trap leave EXIT
# Which of its locks holds up everybody is the library's own affair: with Berkeley DB 5.3 the third one does.
wedge() {
  for locks in 2 4 10 12; do
    status=0
    timeout -s KILL 10 "$bin/die_with_lock" "$server" "$locks" >"$work/doomed" 2>&1 || status=$?
    [ "$status" -eq 137 ] || fail "the client did not die: exit code $status $(cat "$work/doomed")"
    if wedged; then return 0; fi
  done
  fail "everything answers though a lock is held"
}
# Nobody is let in any more. A client that hangs is killed, as a person would do it.
wedged() {
  status=0
  timeout 3 jack_lsp >/dev/null 2>&1 || status=$?
  [ "$status" -eq 124 ]
}
no_database() { [ ! -e "$database" ]; }
lives() { kill -0 "$desk_pid" 2>/dev/null; }
comes_back() { # WHEN
  start_jackd 256
  until_ok 40 connected fohd:main_r system:playback_2 || fail "$1: no audio again"
  lives || fail "$1: the desk has ended"
  "$bin/fohctl" --port "$port" get /ch/1/fader | grep -q ' 0.0' || fail "$1: another mix"
  expect_gain fohd:main_l fohd:in_1 -3.0
}

start_jackd 256
start_desk
audio_runs
set_value /main/fader 0
set_value /ch/1/fader 0
end_desk TERM

# While a desk runs: it plays on. Then the server is killed, as the log says to.
start_desk
audio_runs
wedge
set_value /ch/1/name Wedged # a name of a port, which waits for that lock
sleep 2
lives || fail "the desk has ended"
kill_jackd KILL
until_ok 40 no_database || fail "what holds up everybody is still there: $(ls /dev/shm)"
comes_back "while a desk runs"
[ "$(cat "/proc/$desk_pid/comm")" = fohd ] || fail "the desk has another name: $(cat "/proc/$desk_pid/comm")"
"$bin/fohctl" --port "$port" get /ch/1/name | grep -q Wedged || fail "a change is lost"
end_desk TERM

# A desk that starts beside what is left, without a server.
wedge
kill_jackd KILL
start_desk
until_ok 20 says "Removed $database" || fail "a start beside it: it is not told what was removed"
comes_back "a start beside it"
end_desk TERM

# A server that hangs in its start, since something was left: the desk says so, is not drawn in and comes back.
wedge
kill_jackd KILL
jackd -n "$server" -r -d dummy -p 256 >"$work/jackd.log" 2>&1 &
jackd_pid=$!
start_desk
until_ok 20 says 'does not get ready' || fail "a server that hangs in its start is not told of"
sleep 3
lives || fail "the desk has ended beside a server that hangs"
"$bin/fohctl" --port "$port" get /main/fader >/dev/null || fail "no control beside a server that hangs"
kill_jackd KILL
until_ok 20 no_database || fail "it was not removed"
comes_back "a server that hung in its start"

[ "$(times_said "Removed $database")" -le 1 ] || fail "it is removed again and again"

# By hand: nothing while a server runs, all of it without.
"$bin/fohd" clear-jack >"$work/cleared" || fail "clear-jack: $(cat "$work/cleared")"
[ ! -s "$work/cleared" ] || fail "something was removed under a server that runs: $(cat "$work/cleared")"
expect_gain fohd:main_l fohd:in_1 -3.0
end_desk TERM
wedge
kill_jackd KILL
"$bin/fohd" doctor >"$work/doctor" 2>&1 || true
tr -s ' \n' ' ' <"$work/doctor" | grep -q "$database, which a killed one has left" || fail "doctor: $(cat "$work/doctor")"
"$bin/fohd" clear-jack >"$work/cleared" || fail "clear-jack: $(cat "$work/cleared")"
grep -q "removed $database" "$work/cleared" || fail "clear-jack says: $(cat "$work/cleared")"
no_database || fail "clear-jack has removed nothing"
start_jackd 256
echo ok
