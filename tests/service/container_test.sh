#!/bin/sh
# The package as a user meets it: installed, crashed, hung, upgraded and purged in a booted Debian 12 with systemd, in a
# container. By hand, not in ctest: it needs root, systemd-nspawn, debootstrap and a mirror, and a few minutes.
#
#   apt-get install debootstrap systemd-container && ./start --build-only && tests/service/container_test.sh
#
# FOHD_MIRROR is another Debian mirror, KEEP=1 leaves the container running. Everything is below build/service.
# Where the machine itself may not grant real-time limits (a container in a container), the capabilities stand in for
# them here; vm_test.sh shows the limits themselves.
set -eu
cd "$(dirname "$0")/../.."
. tests/service/lib.sh
need_root
need_program systemd-nspawn systemd-container
root=$service/container
leader=""

finish() {
  status=$?
  trap - EXIT
  if [ -n "$leader" ] && [ -z "${KEEP:-}" ]; then
    inside systemctl poweroff >/dev/null 2>&1 || true
    until_ok 20 gone "$leader" || kill -9 "$leader" 2>/dev/null || true
  fi
  [ "$status" = 0 ] || [ -z "${KEEP:-}" ] || echo "enter it: nsenter -t $leader -m -u -i -n -p -C -- bash"
  exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM
gone() { [ ! -d "/proc/$1" ]; }
inside() { nsenter -t "$leader" -m -u -i -n -p -C -- env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"; }
show() { inside systemctl show --value -p "$2" "$1"; }
diagnose() {
  inside systemctl --no-pager status fohd fohd-jack || true
  inside journalctl --no-pager -n 40 -u fohd -u fohd-jack || true
  fail "$*"
}
# Milliseconds from a command until the desk gives this answer, measured inside.
time_to_answer() { # COMMAND ADDRESS VALUE
  inside sh -c "$1"'
    begun=$(date +%s%N)
    until [ "$(fohctl --timeout 20 get -v "$0" 2>/dev/null)" = "$1" ]; do
      [ $(($(date +%s%N) - begun)) -lt 40000000000 ] || exit 1
    done
    echo $((($(date +%s%N) - begun) / 1000000))' "$2" "$3" || diagnose "no answer from $2 after: $1"
}
files() { # every name that a package could leave behind
  (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./run -o -path ./tmp -o -path ./root -o -path ./var/log \
    -o -path ./var/cache -o -path ./var/lib/apt -o -path ./var/lib/dpkg -o -path ./var/tmp -o -path './etc/*-' \) -prune -o -print | sort)
}

# --- two versions of the package
release_1=$(FOHD_PACKAGE_RELEASE=1 packaging/build.sh)
release_2=$(FOHD_PACKAGE_RELEASE=2 packaging/build.sh)
make_base "$release_1"

# --- boot
rm -rf "$root"
cp -a "$base" "$root"
cp "$release_1" "$release_2" "$root/root/"
begun=$(date +%s%N)
setsid systemd-nspawn -q -D "$root" --register=no --keep-unit --private-network --capability=all --machine=fohd-test -b \
  </dev/null >"$service/container.log" 2>&1 &
nspawn=$!
find_leader() { leader=$(pgrep -P "$nspawn" -x systemd); }
until_ok 20 find_leader || fail "the container did not boot: see $service/container.log"
until_ok 60 inside systemctl is-system-running --wait || [ "$(inside systemctl is-system-running)" = degraded ] ||
  fail "systemd did not come up"
say "systemd in the container is up" "$((($(date +%s%N) - begun) / 1000000)) ms"
inside ip link set lo up 2>/dev/null || true
files >"$service/files-before"

# --- what the test itself needs around the units
dropins=$root/etc/systemd/system
mkdir -p "$dropins/fohd.service.d" "$dropins/fohd-jack.service.d"
if ! chrt -f 1 true 2>/dev/null; then fail "this machine grants no real-time scheduling even to root"; fi
for unit in fohd fohd-jack; do
  printf '[Service]\nAmbientCapabilities=CAP_SYS_NICE CAP_IPC_LOCK\nCapabilityBoundingSet=CAP_SYS_NICE CAP_IPC_LOCK\n' \
    >"$dropins/$unit.service.d/container.conf"
done
# --- install
begun=$(date +%s%N)
inside apt-get install -y -qq --no-install-recommends "/root/${release_1##*/}" >"$service/install.log" 2>&1 ||
  { cat "$service/install.log"; fail "apt-get install"; }
say "installed" "$((($(date +%s%N) - begun) / 1000000)) ms"
for unit in fohd-jack fohd; do
  until_ok 20 inside systemctl --quiet is-active $unit || diagnose "$unit is not active"
  inside systemctl --quiet is-enabled $unit || diagnose "$unit is not enabled"
done
say "both units are active and enabled"
[ "$(show fohd-jack Type)" = notify ] || fail "fohd-jack is not Type=notify"
until_ok 20 inside fohctl info || diagnose "no answer over OSC"
inside fohctl info | sed 's/^/    /'
until_ok 20 inside sh -c "setpriv --reuid=fohd --regid=fohd --init-groups env JACK_NO_START_SERVER=1 jack_lsp | grep -q '^fohd:main_l'" ||
  diagnose "the desk is not at the JACK server"
say "the desk's ports are at the JACK server"
status=0
inside fohd doctor >"$service/doctor" || status=$?
[ "$status" -lt 2 ] && grep -q "^Looks at the desk that runs as user fohd (process $(show fohd MainPID))" "$service/doctor" ||
  fail "fohd doctor: exit code $status: $(cat "$service/doctor")"
say "fohd doctor as root: $(head -n 1 "$service/doctor")" "$(tail -n 1 "$service/doctor")"
[ "$(inside stat -c '%a %U:%G' /etc/fohd/fohd.toml)" = "640 root:fohd" ] || fail "/etc/fohd/fohd.toml: wrong owner or mode"
inside id fohd | grep -q '(audio)' || fail "fohd is not in the group audio"
[ "$(inside sh -c 'ls /usr/share/fohd/midi/*.toml | wc -l')" -gt 10 ] || fail "no MIDI profiles"
threads() { inside ps -L -o cls=,rtprio=,comm= -p "$(show "$1" MainPID)" | awk '$1 == "FF"' | sort | uniq -c | tr -s ' ' | tr '\n' ';'; }
if inside sh -c 'command -v ps' >/dev/null; then
  say "real-time threads of the JACK server" "$(threads fohd-jack)"
  say "real-time threads of the desk" "$(threads fohd)"
fi
say "locked memory of the desk" "$(inside grep VmLck "/proc/$(show fohd MainPID)/status" | tr -s '\t ' ' ')"
say "exposure of fohd.service (systemd-analyze security)" \
  "$(inside systemd-analyze security --no-pager fohd.service 2>/dev/null | sed -n 's/.*exposure level[^:]*: *//p')"

# --- completion asks the desk itself
completed=$(inside bash -c '. /usr/share/bash-completion/completions/fohd
  COMP_WORDS=(fohctl get /ch/1/fad); COMP_CWORD=2; _fohd fohctl; echo "${COMPREPLY[*]}"')
[ "$completed" = /ch/1/fader ] || fail "completion of an address: '$completed'"
say "fohctl get /ch/1/fad<TAB> is completed" "$completed"

# --- a reload is not a restart
pid=$(show fohd MainPID)
inside systemctl reload fohd || diagnose "systemctl reload"
inside sh -c 'echo nonsense >>/etc/fohd/fohd.toml'
! inside systemctl reload fohd 2>/dev/null || fail "a reload of a broken configuration says nothing"
inside sed -i '$d' /etc/fohd/fohd.toml
[ "$(show fohd MainPID)" = "$pid" ] || fail "a reload restarted the desk"
say "a reload keeps the desk running; one of a broken file fails and changes nothing"

# --- the desk lives through its JACK server
inside systemctl restart fohd-jack || diagnose "restart of fohd-jack"
until_ok 20 inside sh -c "setpriv --reuid=fohd --regid=fohd --init-groups env JACK_NO_START_SERVER=1 jack_lsp | grep -q '^fohd:main_l'" ||
  diagnose "the desk did not come back to a new JACK server"
[ "$(show fohd MainPID)" = "$pid" ] || fail "a restart of fohd-jack restarted the desk"
say "a restart of fohd-jack leaves the same desk, and it comes back to the server"
inside sed -i 's/^DEVICE=.*/DEVICE=hw:CARD=Nothing/' /etc/default/fohd-jack
inside systemctl stop fohd fohd-jack
begun=$(date +%s%N)
inside systemctl start fohd || diagnose "the desk does not start without a sound card"
until_ok 20 inside fohctl get /ch/1/fader || diagnose "no answer without a sound card"
say "start without the sound card that is configured: answers after" "$((($(date +%s%N) - begun) / 1000000)) ms"
say "  fohd-jack meanwhile" "$(show fohd-jack ActiveState) ($(show fohd-jack SubState)), restarts: $(show fohd-jack NRestarts)"
inside sed -i 's/^DEVICE=.*/DEVICE=/' /etc/default/fohd-jack
until_ok 20 inside sh -c "setpriv --reuid=fohd --regid=fohd --init-groups env JACK_NO_START_SERVER=1 jack_lsp | grep -q '^fohd:main_l'" ||
  diagnose "the desk did not come to a JACK server that came later"
say "the JACK server that comes later is found"

# --- a crash brings the same mix back
inside fohctl set /ch/1/fader -7.5 >/dev/null
inside fohctl set /main/fader -3 >/dev/null
inside fohctl set /ch/2/name Snare >/dev/null
sleep 1.5 # the log is written once a second
pid=$(show fohd MainPID)
for round in 1 2 3; do
  say "kill -9 of the desk, $round: the same mix answers after" \
    "$(time_to_answer 'kill -9 "$(systemctl show --value -p MainPID fohd)";' /ch/1/fader -7.5) ms"
  inside sleep 0.5
done
[ "$(show fohd MainPID)" != "$pid" ] || fail "the desk was not killed"
[ "$(inside fohctl get -v /main/fader) $(inside fohctl get -v /ch/2/name)" = "-3.0 Snare" ] ||
  fail "another mix after the crash: $(inside fohctl get /main/fader) $(inside fohctl get /ch/2/name)"

# --- a desk that hangs
until_ok 20 inside systemctl --quiet is-active fohd
cp build/release/bin/jack_tail build/release/bin/hang_thread "$root/usr/local/bin/"
inside fohctl set /main/fader 0 >/dev/null
inside fohctl set /ch/1/fader 0 >/dev/null
sleep 1.5
inside setpriv --reuid=fohd --regid=fohd --init-groups env JACK_NO_START_SERVER=1 /usr/local/bin/jack_tail fohd:main_l fohd:in_1 16 \
  >"$service/tail" 2>&1 &
tail_pid=$!
sleep 2
say "a control thread that hangs: the same mix answers after" \
  "$(time_to_answer '/usr/local/bin/hang_thread "$(systemctl show --value -p MainPID fohd)" >/dev/null 2>&1 & sleep 0.5;' /ch/1/fader 0.0) ms"
inside journalctl --no-pager -q -u fohd | grep -q 'Watchdog timeout' || diagnose "it was not the watchdog"
wait "$tail_pid" || fail "the listener: $(cat "$service/tail")"
say "  its outputs faded: ms from the last full peak to silence, steepest step over the sine's own" "$(cat "$service/tail")"
inside fohctl set /main/fader -3 >/dev/null
inside fohctl set /ch/1/fader -7.5 >/dev/null
sleep 1.5
stopped=$(show fohd MainPID)
say "a desk whose every thread is stopped (SIGSTOP): the same mix answers after" \
  "$(time_to_answer 'kill -STOP "$(systemctl show --value -p MainPID fohd)";' /ch/1/fader -7.5) ms"
rm "$root/usr/local/bin/jack_tail" "$root/usr/local/bin/hang_thread"

# It may answer once more while it fades and ends: a new one is waited for.
renewed() { pid=$(show fohd MainPID) && [ "$pid" != 0 ] && [ "$pid" != "$stopped" ] && inside systemctl --quiet is-active fohd; }
until_ok 20 renewed || diagnose "the stopped desk was not renewed"

# --- an upgrade does not stop the show
pid=$(show fohd MainPID) server=$(show fohd-jack MainPID)
inside apt-get install -y -qq --no-install-recommends "/root/${release_2##*/}" >"$service/upgrade.log" 2>&1 ||
  { cat "$service/upgrade.log"; fail "the upgrade"; }
[ "$(show fohd MainPID) $(show fohd-jack MainPID)" = "$pid $server" ] || fail "the upgrade restarted something"
[ "$(inside fohctl get -v /ch/1/fader)" = -7.5 ] || fail "the upgrade changed the mix"
grep -q 'systemctl restart fohd' "$service/upgrade.log" || fail "the upgrade does not say how to activate it"
say "upgrade to $(inside dpkg-query -W -f='${Version}' fohd): the same desk (pid $pid) and the same mix"
say "systemctl restart fohd (ramps out, saves): the mix answers after" \
  "$(time_to_answer 'systemctl restart fohd;' /ch/1/fader -7.5) ms after the command"
inside systemctl stop fohd
inside dpkg -i "/root/${release_2##*/}" >/dev/null 2>&1
! inside systemctl --quiet is-active fohd || fail "an upgrade started a desk that was stopped"
say "an upgrade does not start a desk that was stopped"

# --- remove, come back, purge
inside systemctl start fohd
inside apt-get remove -y -qq fohd >"$service/remove.log" 2>&1 || fail "remove"
! inside pgrep -u fohd >/dev/null 2>&1 || fail "something still runs after remove"
[ -e "$root/var/lib/fohd" ] && [ -e "$root/etc/fohd/fohd.toml" ] || fail "remove took the mix or the configuration away"
inside apt-get install -y -qq --no-install-recommends "/root/${release_2##*/}" >"$service/again.log" 2>&1 || fail "second installation"
say "removed and installed again: the mix answers after" "$(time_to_answer : /ch/1/fader -7.5) ms"
inside apt-get purge -y -qq fohd >"$service/purge.log" 2>&1 || { cat "$service/purge.log"; fail "purge"; }
files >"$service/files-after"
diff "$service/files-before" "$service/files-after" >"$service/left-behind" || { cat "$service/left-behind"; fail "purge left something"; }
! inside getent passwd fohd >/dev/null || fail "purge left the user"
! inside getent group fohd >/dev/null || fail "purge left the group"
! inside systemctl list-unit-files --no-legend | grep fohd || fail "purge left units"
! inside ls /dev/shm | grep -i jack || fail "purge left shared memory"
say "purged: $(wc -l <"$service/files-after") names of files, as before the installation; user and group gone"
echo "passed"
