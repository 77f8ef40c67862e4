# Sourced by ./start and ./check: installs what .ci/packages lists and is missing. Needs root or sudo only then.
# Usage: install_packages run [check] [cross]; install_arm64_packages

fohd_packages() { # sections... -> names
  awk -v wanted=" $* " '/^\[/ { on = index(wanted, " " substr($0, 2, length($0) - 2) " "); next }
                        on && NF && $1 !~ /^#/ { print $1 }' "$FOHD_ROOT/.ci/packages"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    echo "fohd: packages must be installed and this is neither root nor is there sudo. As root, run:" >&2
    echo "  $*" >&2
    exit 1
  fi
}

apt_install() { # packages...; quiet, and patient with another apt that holds the lock
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=400 update -qq
  # jackd2 asks about real-time priority; the default "no" stands, the service's unit brings the limits.
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=400 install -y -qq \
    --no-install-recommends "$@" >"${TMPDIR:-/tmp}/fohd-apt.log" 2>&1 || {
    tail -20 "${TMPDIR:-/tmp}/fohd-apt.log" >&2
    echo "fohd: apt-get could not install: $*" >&2
    exit 1
  }
}

is_installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

install_packages() {
  missing=""
  for package in $(fohd_packages "$@"); do
    is_installed "$package" || missing="$missing $package"
  done
  [ -z "$missing" ] && return 0
  echo "fohd: installing$missing"
  # shellcheck disable=SC2086 # one word a package is meant
  apt_install $missing
}

install_arm64_packages() { # what a cross-build links against
  [ "$(dpkg --print-architecture)" != arm64 ] || return 0
  dpkg --print-foreign-architectures | grep -qx arm64 || as_root dpkg --add-architecture arm64
  install_packages cross arm64
}

use_compiler_cache() { # it serves every clone of this tree, wherever it lies
  export CCACHE_BASEDIR="$FOHD_ROOT" CCACHE_NOHASHDIR=1
  # Precompiled headers may be cached where the date of their files is not looked at.
  export CCACHE_SLOPPINESS=pch_defines,time_macros
}
