#!/bin/sh
# The package on a kernel of its own: there the units' real-time and memory limits are really granted, to a user who is
# not root. A Debian 12 in an emulated PC; the package is installed into it before it boots, as into an image.
# By hand, not in ctest: it needs root, debootstrap, qemu and a mirror; with its own kernel's emulation about 3 minutes.
#
#   apt-get install debootstrap qemu-system-x86 && ./start --build-only && tests/service/vm_test.sh
#
# FOHD_MIRROR is another Debian mirror. Everything is below build/service; the console's output is in build/service/vm.log.
set -eu
cd "$(dirname "$0")/../.."
. tests/service/lib.sh
need_root
need_program qemu-system-x86_64 qemu-system-x86
need_program mke2fs e2fsprogs
deb=$(packaging/build.sh)
make_base "$deb"
root=$service/vm
kernel=$service/vm-kernel

if [ "$(cat "$kernel/fohd-depends" 2>/dev/null)" != "$(cat "$base/fohd-depends")" ]; then
  echo "a kernel for it: apt-get, once"
  rm -rf "$kernel"
  cp -a "$base" "$kernel"
  in_root "$kernel" apt-get install -y -qq --no-install-recommends linux-image-cloud-amd64 initramfs-tools \
    >"$service/kernel.log" 2>&1 || { rm -f "$kernel/fohd-depends"; fail "the kernel: see $service/kernel.log"; }
fi
rm -rf "$root"
cp -a "$kernel" "$root"
cp "$deb" "$root/root/"

# Where no systemd runs the package is installed all the same, and the next boot starts the desk.
in_root "$root" dpkg -i "/root/${deb##*/}" >"$service/vm-install.log" 2>&1 || { cat "$service/vm-install.log"; fail "installation without systemd"; }
for unit in fohd fohd-jack; do
  [ -L "$root/etc/systemd/system/multi-user.target.wants/$unit.service" ] || fail "$unit is not enabled"
done
say "installed where no systemd runs; both units are enabled"
# What is asked inside, a line "what: value" each, into a file; then the machine switches itself off.
cat >"$root/root/report.sh" <<'REPORT'
#!/bin/sh
tries=300
until fohctl get /ch/1/fader >/dev/null 2>&1; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || break
  sleep 0.2
done
# Under emulation the desk takes a while to come to the server.
tries=300
desk=$(systemctl show --value -p MainPID fohd)
server=$(systemctl show --value -p MainPID fohd-jack)
threads() { # of a real-time class: "class priority", from the threads' own scheduling data
  for task in /proc/"$1"/task/*; do
    chrt -p "${task##*/}" 2>/dev/null | awk '/policy/ { policy = $NF } /priority/ { if ($NF > 0) print policy, $NF }'
  done | sort | uniq -c | awk '{ printf "%s x %s %s; ", $1, $2, $3 }'
}
until threads "$desk" | grep -q FIFO; do
  tries=$((tries - 1))
  [ $tries -gt 0 ] || break
  sleep 0.2
done
say() { echo "$1: $2"; }
say "state of fohd" "$(systemctl is-active fohd), of fohd-jack $(systemctl is-active fohd-jack)"
say "kernel" "$(uname -r)"
for name in desk server; do
  eval "pid=\$$name"
  say "$name: user" "$(stat -c %U /proc/"$pid"), effective capabilities $(awk '/^CapEff/ { print $2 }' /proc/"$pid"/status)"
  say "$name: real-time threads" "$(threads "$pid")"
  say "$name: memory" "$(awk '/^Vm(RSS|Lck)/ { printf "%s %s kB; ", $1, $2 }' /proc/"$pid"/status)"
  say "$name: limits" "$(awk '/real-?time priority|realtime priority/ { printf "RTPRIO %s; ", $4 } /locked memory/ { printf "MEMLOCK %s; ", $4 } /realtime timeout/ { printf "RTTIME %s", $4 }' /proc/"$pid"/limits)"
  say "$name: oom_score_adj" "$(cat /proc/"$pid"/oom_score_adj)"
done
say "rmem_max" "$(cat /proc/sys/net/core/rmem_max)"
say "receive buffer" "$(journalctl -q -o cat -u fohd | grep -o 'OSC is heard.*')"
say "refusals in the journal" "$(journalctl -q -o cat -u fohd -u fohd-jack | grep -ciE 'cannot (use real|lock)|not permitted|cannot allocate')"
say "after kill -9" "$(fohctl set /ch/1/fader -7.5 >/dev/null; sleep 2; kill -9 "$desk"; until fohctl --timeout 50 get /ch/1/fader 2>/dev/null; do :; done) of pid $(systemctl show --value -p MainPID fohd), was $desk"
say "end" ""
systemctl poweroff
REPORT
chmod +x "$root/root/report.sh"
printf '[Unit]\nAfter=fohd.service\n[Service]\nType=oneshot\nExecStart=/root/report.sh\nStandardOutput=append:/root/report\n[Install]\nWantedBy=multi-user.target\n' \
  >"$root/etc/systemd/system/report.service"
ln -s ../report.service "$root/etc/systemd/system/multi-user.target.wants/report.service"

rm -f "$service/vm.img"
mke2fs -q -t ext4 -d "$root" "$service/vm.img" 2500M
echo "booting; emulated, so about two minutes"
timeout 600 qemu-system-x86_64 -M q35 -cpu max -accel tcg,thread=multi -m 1024 -smp 2 -kernel "$root"/boot/vmlinuz-* \
  -initrd "$root"/boot/initrd.img-* -append "root=/dev/vda rw console=ttyS0 quiet" -drive "file=$service/vm.img,if=virtio,format=raw" \
  -nic none -display none -serial "file:$service/vm.log" -no-reboot >"$service/qemu.log" 2>&1 || fail "qemu: see $service/qemu.log and $service/vm.log"
debugfs -R 'cat /root/report' "$service/vm.img" >"$service/vm-report" 2>/dev/null
cat "$service/vm-report"
holds() { grep -qE "$1" "$service/vm-report" || fail "not seen: $1"; }
holds '^end'
holds '^state of fohd: active, of fohd-jack active'
holds '^desk: user: fohd, effective capabilities 0000000000000000'
holds '^server: user: fohd, effective capabilities 0000000000000000'
holds '^server: real-time threads: .*SCHED_FIFO 70'
holds '^desk: real-time threads: .*SCHED_FIFO 65'
holds '^server: memory: .*VmLck: [1-9]'
holds '^desk: memory: .*VmLck: [1-9]'
holds '^desk: oom_score_adj: -900'
holds '^rmem_max: 16777216'
holds '^refusals in the journal: 0'
holds '^after kill -9: .*-7.5'
echo "passed"
