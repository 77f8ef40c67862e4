#!/bin/sh
# Builds the Debian package into build/package and prints its path; installs what is missing for that. It is what
# `./start --package [arm64]` calls. FOHD_PACKAGE_RELEASE=2 makes it version 0.1.0-2.
# Usage: build.sh [ARCHITECTURE]   (default: what this machine is)
set -eu
cd "$(dirname "$0")/.."
FOHD_ROOT=$PWD
. .ci/setup.sh
here=$(dpkg --print-architecture)
architecture=${1:-$here}
case $architecture in
  "$here") preset=release ;;
  arm64) preset=arm64 ;;
  *) echo "packaging/build.sh: packages are built for $here, the machine's own, and for arm64; not for '$architecture'" >&2; exit 2 ;;
esac
install_packages run package >&2
[ $preset = release ] || install_arm64_packages >&2
log=$PWD/build/package-$architecture.log
mkdir -p build/package
# The tests' own packages may be missing here; where ./check has turned the tests on they stay on.
tests=""
[ -f "build/$preset/CMakeCache.txt" ] || tests=-DFOHD_TESTS=OFF
pack() {
  # shellcheck disable=SC2086
  cmake --preset "$preset" $tests && cmake --build --preset "$preset" --target package_files &&
    # dpkg-shlibdeps looks for the libraries of the package's architecture.
    DEB_HOST_ARCH=$architecture cpack --config "build/$preset/CPackConfig.cmake" \
      ${FOHD_PACKAGE_RELEASE:+-D CPACK_DEBIAN_PACKAGE_RELEASE="$FOHD_PACKAGE_RELEASE"}
}
if ! pack >"$log" 2>&1; then
  tail -30 "$log" >&2
  echo "packaging/build.sh: the package could not be built; all of it is in $log" >&2
  exit 1
fi
rm -rf build/package/_CPack_Packages
sed -n 's/^CPack: - package: \(.*\) generated\.$/\1/p' "$log"
