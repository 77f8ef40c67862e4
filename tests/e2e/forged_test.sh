#!/bin/sh
# Guests who forge: the engineer's address on packets that come through another interface, and ICMP errors of all kinds.
# Desk, stage and guests are network namespaces here, and the desk's kernel checks no sender's address.
set -eu
. "$(dirname "$0")/lib.sh"

desk=fohd_d$$ stage=fohd_s$$ guest=fohd_g$$
if ! ip netns add "$desk" 2>/dev/null; then
  echo "skipped: this user may not make network namespaces"
  exit 77
fi
leave() {
  for net in $desk $stage $guest; do
    ip netns pids "$net" 2>/dev/null | xargs -r kill 2>/dev/null || true
    ip netns del "$net" 2>/dev/null || true
  done
  finish
}
trap leave EXIT
ip netns add "$stage"
ip netns add "$guest"
ip -n "$desk" link add stage0 type veth peer name eth0 netns "$stage"
ip -n "$desk" link add guest0 type veth peer name eth0 netns "$guest"
ip -n "$desk" addr add 10.99.1.1/24 dev stage0
ip -n "$desk" addr add 10.99.7.1/24 dev guest0
ip -n "$stage" addr add 10.99.1.2/24 dev eth0
ip -n "$stage" addr add 10.99.1.3/24 dev eth0
ip -n "$guest" addr add 10.99.7.2/24 dev eth0
for net in $desk $stage $guest; do
  ip -n "$net" link set lo up
  for link in stage0 guest0 eth0; do ip -n "$net" link set $link up 2>/dev/null || true; done
  ip netns exec "$net" sh -c 'for all in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 >$all; done'
done

cat >"$work/fohd.toml" <<END
[osc]
port = $port
[access]
trust = "approved"
[[access.rule]]
address = "10.99.1.0/24"
role = "engineer"
END

# An engineer's program in small: subscribes, renews, and writes what it hears. And a forger.
cat >"$work/engineer.py" <<'END'
import select, socket, sys, time
port, lease, out = int(sys.argv[1]), sys.argv[2], open(sys.argv[3], "w", buffering=1)
def text(s): return s.encode() + b"\0" * (4 - len(s) % 4)
line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
line.bind(("10.99.1.2", 40000))
line.connect(("10.99.1.1", port))
line.send(text("/subscribe") + text(",si") + text("/main") + int(lease).to_bytes(4, "big"))
renewed = 0
while True:
    if time.monotonic() - renewed > 0.5:
        renewed = time.monotonic()
        line.send(text("/renew") + text(","))
    if select.select([line], [], [], 0.1)[0]:
        try: packet = line.recv(65536)
        except ConnectionRefusedError: continue
        for word in (b"/subscribed", b"/unsubscribed", b"/main/fader", b"/error"):
            for _ in range(packet.count(word + b"\0")): print(word.decode(), file=out)
END
cat >"$work/forge.py" <<'END'
import socket, struct, sys
source, target, port, what = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
def text(s): return s.encode() + b"\0" * (4 - len(s) % 4)
def ip(protocol, source, target, rest):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(rest), 0, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target)) + rest
def udp(source_port, target_port, rest): return struct.pack("!HHHH", source_port, target_port, 8 + len(rest), 0) + rest
def check(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16: total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
line = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
if what[0] == "icmp":  # the desk's packet to 10.99.1.2:40000 found nobody
    quoted = ip(17, "10.99.1.1", "10.99.1.2", udp(port, 40000, b""))
    code, size = (4, 552) if what[1:] == ["size"] else (3, 0)
    head = struct.pack("!BBHI", 3, code, 0, size)
    head = struct.pack("!BBHI", 3, code, check(head + quoted), size)
    packets = [ip(1, source, target, head + quoted)] * 5
else:
    body = text(what[0]) + text("," + "".join("f" for _ in what[1:])) + b"".join(struct.pack("!f", float(x)) for x in what[1:])
    packets = [ip(17, source, target, udp(40000, port, body))] * 5
for packet in packets: line.sendto(packet, (target, 0))
END

inside() { # NAMESPACE COMMAND...
  net=$1
  shift
  ip netns exec "$net" "$@"
}
here() { inside "$desk" "$bin/fohctl" --port "$port" "$@"; }
from_guest() { inside "$guest" python3 "$work/forge.py" "$1" 10.99.7.1 "$port" "$2" ${3:+"$3"}; }
from_stage() { inside "$stage" python3 "$work/forge.py" "$1" 10.99.1.1 "$port" "$2"; }
heard() { grep -c -x "$1" "$work/heard" || true; }
heard_more() { [ "$(heard "$1")" -gt "$2" ]; }
subscribe() { # LEASE
  [ -z "$second_pid" ] || kill "$second_pid" 2>/dev/null || true
  [ -z "$second_pid" ] || wait "$second_pid" 2>/dev/null || true
  until_ok 15 clients 0 || fail "a subscription of before goes on: $(here info)"
  inside "$stage" python3 "$work/engineer.py" "$port" "$1" "$work/heard" &
  second_pid=$!
  until_ok 10 heard_more /subscribed 0 || fail "no subscription"
  until_ok 10 heard_more /main/fader 0 || fail "no state"
}
clients() { here info | grep -qx " *clients *$1"; }
level=-60
still_subscribed() { # WHY NOT
  before=$(heard /main/fader)
  level=$((level + 1))
  here set /main/fader $level >/dev/null || fail "fohctl set"
  until_ok 10 heard_more /main/fader "$before" || fail "$1 took the subscription away: $(cat "$work/heard")"
  [ "$(heard /unsubscribed)" -eq 0 ] || fail "$1 ended the subscription"
}

inside "$desk" "$bin/fohd" run --osc-port "$port" --state-dir "$work/state" --live --config "$work/fohd.toml" \
  >"$work/desk.log" 2>&1 &
desk_pid=$!
until_ok 20 here info || fail "the desk does not answer"

subscribe 10
still_subscribed "nothing"
for verb in /unsubscribe /logout /login /renew /subscribe /resync '/meters'; do
  from_guest 10.99.1.2 $verb
  still_subscribed "a forged $verb through another interface"
done
from_guest 10.99.1.2 /main/fader 5
from_guest 10.99.1.2 /panic 1
still_subscribed "a forged change"
here get /main/fader | grep -qx "/main/fader $level.0" || fail "a forged change came through: $(here get /main/fader)"
here get /panic | grep -qx '/panic 0' || fail "a forged panic came through"
until_ok 5 says 'strangers were not heard; the first came from 10.99.1.2 on guest0' || fail "the forger is not in the log"
[ "$(heard /subscribed)" -eq 1 ] && [ "$(heard /error)" -eq 0 ] || fail "answers to the forger reached the engineer"
clients 1 || fail "the forger has a subscription: $(here info)"

# Under its own address a guest is a viewer, as strangers are here, and 127.0.0.1 from outside is nobody.
from_guest 10.99.7.2 /main/fader 5
from_guest 127.0.0.1 /main/fader 5
still_subscribed "a guest"
here get /main/fader | grep -qx "/main/fader $level.0" || fail "a guest moved the fader"

# ICMP: from the guests with their own address, the engineer's, the desk's; from the engineer's neighbour.
for source in 10.99.7.2 10.99.1.2 10.99.1.1; do
  from_guest $source icmp
  still_subscribed "an ICMP error from $source through another interface"
done
from_stage 10.99.1.3 icmp
still_subscribed "a neighbour's ICMP error"

# "Packets of 552 bytes at most", says a guest: datagrams go out whole all the same.
inside "$guest" python3 "$work/forge.py" 10.99.7.2 10.99.7.1 "$port" icmp size
inside "$stage" python3 "$work/forge.py" 10.99.1.2 10.99.1.1 "$port" /resync
still_subscribed "a word on the size of packets"
cut_up() { inside "$desk" awk '$1 == "Ip:" && !head { for (i = 1; i <= NF; ++i) if ($i == "FragCreates") at = i; head = 1; next }
  $1 == "Ip:" { print $at }' /proc/net/snmp; }
[ "$(cut_up)" -eq 0 ] || fail "a guest has the datagrams cut up: $(cut_up)"

# From the engineer's own address a short lease ends, and the program is told; a longer one does not.
from_stage 10.99.1.2 icmp
until_ok 10 heard_more /unsubscribed 0 || fail "a program that is gone keeps its subscription"
subscribe 60
from_stage 10.99.1.2 icmp
still_subscribed "an ICMP error of its own address, with a long lease,"

end_desk TERM
echo ok
