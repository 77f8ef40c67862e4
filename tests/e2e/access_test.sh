#!/bin/sh
# A stranger's address, a viewer, a monitor engineer who reaches for main, wrong and right keys, approvals over a kill:
# refused or let in, told, logged; and no key ever leaves the configuration. Other machines are a network namespace here.
set -eu
. "$(dirname "$0")/lib.sh"

net=fohd_$$
key="open sesame 42"
if ! ip netns add "$net" 2>/dev/null; then
  echo "skipped: this user may not make network namespaces"
  exit 77
fi
leave() {
  ip netns pids "$net" 2>/dev/null | xargs -r kill 2>/dev/null || true
  ip netns del "$net" 2>/dev/null || true
  finish
}
trap leave EXIT
ip link add "fd$$" type veth peer name eth0 netns "$net"
# Three networks on one cable: private, private, and one of the world's (RFC 5737, for documentation).
for subnet in 10.99.1 10.99.2 203.0.113; do
  ip addr add $subnet.1/24 dev "fd$$"
  ip -n "$net" addr add $subnet.2/24 dev eth0
done
ip link set "fd$$" up
ip -n "$net" link set eth0 up

cat >"$work/fohd.toml" <<END
[osc]
port = $port
[access]
trust = "approved"
[[access.rule]]
address = "10.99.2.0/24"
role = "monitor"
buses = [2]
[[access.key]]
name = "foh"
key = "$key"
role = "engineer"
END

from() { # SUBNET ARGUMENTS: fohctl on another machine
  subnet=$1
  shift
  ip netns exec "$net" "$bin/fohctl" --host "$subnet.1" --port "$port" "$@" >"$work/said" 2>&1
}
refused() { # TEXT SUBNET ARGUMENTS: exit code 1, and the text was told
  text=$1
  shift
  status=0
  from "$@" || status=$?
  [ "$status" -eq 1 ] || fail "$*: exit code $status, expected 1: $(cat "$work/said")"
  grep -q "$text" "$work/said" || fail "$*: not told '$text' but: $(cat "$work/said")"
}
let_in() { from "$@" || fail "$*: $(cat "$work/said")"; }
local_fohctl() { "$bin/fohctl" --port "$port" "$@" >"$work/said" 2>&1 || fail "$*: $(cat "$work/said")"; }

start_desk --config "$work/fohd.toml"
until_ok 20 "$bin/fohctl" --port "$port" info || fail "the desk does not answer"

# A stranger is not heard, whatever it asks.
refused 'does not hear you' 203.0.113 get /main/fader
refused 'does not hear you' 203.0.113 set /main/fader 0
until_ok 5 says 'strangers were not heard; the first came from 203.0.113.2' || fail "the stranger is not in the log"

# A viewer looks, and changes nothing.
let_in 10.99.1 get /main/fader
grep -qx '/main/fader -90.0' "$work/said" || fail "a viewer does not see the fader: $(cat "$work/said")"
refused 'you may look, and change nothing' 10.99.1 set /main/fader 0
refused 'you may look, and change nothing' 10.99.1 set '/ch/*/mute' on
refused 'you may look, and change nothing' 10.99.1 do /start/release
refused 'you may look, and change nothing' 10.99.1 approve 10.99.1.2
until_ok 5 says "Access: 10.99.1.2 on fd$$ was refused" || fail "the viewer's attempts are not in the log"

# A monitor engineer has the bus and its sends; not main, not the limiter that protects ears.
let_in 10.99.2 set /bus/2/fader -12
let_in 10.99.2 set '/ch/*/send/2/level' -6
for address in /main/fader /ch/1/fader /bus/1/fader /ch/1/send/1/level /bus/2/main/on /bus/2/out/limiter/ceiling /panic; do
  refused 'you may change the sound of bus 2' 10.99.2 set $address 1
done

# Keys: wrong ones, too many of them, the right one.
echo "open sesame 43" >"$work/wrong"
echo "$key" >"$work/right"
for try in 1 2 3 4 5; do refused 'not a key of this desk' 10.99.2 login --key-file "$work/wrong"; done
refused 'too many wrong keys' 10.99.2 login --key-file "$work/right"
refused 'you may change the sound of bus 2' 10.99.2 set /main/fader 0
let_in 10.99.1 login --key-file "$work/right"
grep -q 'you are engineer' "$work/said" || fail "the login says nothing: $(cat "$work/said")"
until_ok 5 says "Login from 10.99.1.2 on fd$$: engineer" || fail "the login is not in the log"
said_in_all() { # WRONG KEYS, however the seconds fall
  [ "$(sed -n 's/.*Access: \([0-9]*\) wrong keys\? from 10.99.2.2 on fd.*/\1/p' "$work/desk.log" | awk '{ all += $1 } END { print all + 0 }')" -eq "$1" ]
}
until_ok 5 said_in_all 6 || fail "the wrong keys are not in the log"
local_fohctl metrics
grep -qx 'fohd_wrong_keys_total 6' "$work/said" || fail "the wrong keys are not counted: $(grep keys "$work/said")"
let_in 10.99.1 set /main/fader -20
let_in 10.99.1 logout
refused 'you may look' 10.99.1 set /main/fader 0

# An engineer lets a machine in; a kill later it still is.
local_fohctl approve 10.99.1.2
until_ok 5 test -s "$work/state/approvals.json" || fail "the approval is not on disk"
let_in 10.99.1 set /ch/3/fader -7
kill -9 "$desk_pid"
wait "$desk_pid" 2>/dev/null || true
start_desk --config "$work/fohd.toml"
until_ok 20 "$bin/fohctl" --port "$port" info || fail "the desk does not answer"
let_in 10.99.1 set /ch/3/fader -8
local_fohctl access
grep -q 'approved: 10.99.1.2: engineer' "$work/said" || fail "the list: $(cat "$work/said")"
local_fohctl revoke 10.99.1.2
refused 'you may look' 10.99.1 set /ch/3/fader 0

# Rules of the reread configuration hold at once, also for who only listens.
ip netns exec "$net" "$bin/fohctl" --host 10.99.2.1 --port "$port" watch /bus/2/fader >"$work/watched" 2>&1 &
second_pid=$!
subscribers() { "$bin/fohctl" --port "$port" info | grep -qx " *clients *$1"; }
until_ok 5 subscribers 1 || fail "nobody watches: $("$bin/fohctl" --port "$port" info)"
sed -i 's/role = "monitor"/role = "refused"/; /^buses/d' "$work/fohd.toml"
kill -HUP "$desk_pid"
until_ok 5 says 'was read again' || fail "the configuration was not read again"
refused 'does not hear you' 10.99.2 set /bus/2/fader 0
until_ok 5 subscribers 0 || fail "who is banned still listens"
kill "$second_pid" 2>/dev/null || true

if grep -rq "sesame" "$work/state" "$work/desk.log" "$work/said"; then fail "a key left the configuration"; fi
end_desk TERM
echo ok
