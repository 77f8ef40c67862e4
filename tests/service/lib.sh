# shellcheck shell=sh
# Shared by container_test.sh and vm_test.sh: a minimal Debian 12 with systemd and what the package depends on, made once
# and kept in build/service. Needs root. Source it from the top of the tree.
service=$PWD/build/service
base=$service/base
mirror=${FOHD_MIRROR:-http://deb.debian.org/debian}

say() { printf '%-66s %s\n' "$1" "${2:-}"; }
fail() {
  echo "FAILED: $*"
  exit 1
}
need_root() { [ "$(id -u)" = 0 ] || fail "this test needs root"; }
need_program() { # program package
  command -v "$1" >/dev/null || fail "$1 is missing: apt-get install $2"
}

# until_ok SECONDS COMMAND...: tries every 100 ms.
until_ok() {
  tries=$(($1 * 10))
  shift
  while ! "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1
  done
}

in_root() { # ROOT COMMAND...
  in=$1
  shift
  chroot "$in" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive "$@"
}

make_base() { # DEB: the root with everything but the package itself
  mkdir -p "$service"
  if [ ! -e "$base/etc/debian_version" ]; then
    need_program debootstrap debootstrap
    echo "a minimal Debian for the test: debootstrap, once"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,udev,ca-certificates bookworm "$base.part" \
      "$mirror" >"$service/debootstrap.log" 2>&1 || fail "debootstrap: see $service/debootstrap.log"
    rm -rf "$base"
    mv "$base.part" "$base"
  fi
  depends=$(dpkg-deb -f "$1" Depends)
  [ "$(cat "$base/fohd-depends" 2>/dev/null)" != "$depends" ] || return 0
  echo "what the package depends on: apt-get, once"
  { in_root "$base" apt-get -o DPkg::Lock::Timeout=400 update -qq &&
    in_root "$base" apt-get -o DPkg::Lock::Timeout=400 satisfy -y -qq --no-install-recommends "$depends"; } \
    >"$service/depends.log" 2>&1 || fail "dependencies: see $service/depends.log"
  printf '%s\n' "$depends" >"$base/fohd-depends"
}

