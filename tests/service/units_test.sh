#!/bin/sh
# What can be said of the service and its package without installing it: systemd takes the units, they are as closed as
# they claim, the JACK server is started as configured, the package holds what it should, the scripts are clean.
# What needs systemd-analyze, shellcheck or dpkg-deb is left out, and told, where that is missing.
# Usage: units_test.sh BUILD_FOLDER (a release build of everything)
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
failed=0
wrong() {
  echo "FAILED: $*"
  failed=1
}
units="fohd.service fohd-jack.service"

if command -v systemd-analyze >/dev/null; then
  for unit in $units; do
    # The programs of the package are not installed here; that they are in it is checked below.
    sed -E 's#=-?(/usr/bin/fohd|/usr/libexec/fohd/jack-server)#=/bin/true#' "systemd/$unit" >"$work/$unit"
  done
  # It finds nothing to say, not even a warning.
  (cd "$work" && SYSTEMD_UNIT_PATH=$work: systemd-analyze verify --man=no ./fohd.service ./fohd-jack.service) >"$work/verify" 2>&1 ||
    wrong "systemd-analyze verify"
  grep -F "$work" "$work/verify" && wrong "systemd-analyze verify has something to say"
  for unit in $units; do
    # 2.5 of 10, where 10 is a root process that may do everything.
    systemd-analyze security --no-pager --offline=true --threshold=25 "$work/$unit" >"$work/security" 2>&1 || wrong "$unit is too open: $(tail -1 "$work/security")"
    tail -1 "$work/security"
  done
else
  echo "systemd-analyze is not here: the units were not looked at"
fi
# What would end the sound, said once more where a well-meant hardening meets it.
for unit in $units; do
  grep -nE '^(RestrictRealtime|PrivateDevices|PrivateIPC|PrivateUsers|DynamicUser)=' "systemd/$unit" && wrong "$unit: JACK cannot work with that"
  grep -q '^LimitRTTIME=infinity' "systemd/$unit" || wrong "$unit: LimitRTTIME kills real-time threads"
done
grep -qE '^(Requires|BindsTo|PartOf)=' systemd/fohd.service && wrong "the desk would go down with its JACK server"

# The JACK server, by a stand-in that says how it is called.
mkdir "$work/bin"
printf '#!/bin/sh\necho "$*"\n' >"$work/bin/jackd"
chmod +x "$work/bin/jackd"
called() { env PATH="$work/bin:$PATH" "$@" systemd/jack-server 2>/dev/null; }
expect() { [ "$2" = "$3" ] || wrong "jackd for $1 is called as '$2', not '$3'"; }
expect "no device" "$(called)" "-n default -R -P 70 -d dummy -r 48000 -p 256 -C 32 -P 18"
expect "a device" "$(called DEVICE=hw:CARD=Desk)" "-n default -R -P 70 -d alsa -d hw:CARD=Desk -r 48000 -p 64 -n 2"
expect "all settings" "$(called DEVICE=hw:CARD=Desk RATE=96000 PERIOD=32 PERIODS=3 SERVER_OPTIONS=--sync 'DEVICE_OPTIONS=-i 8 -o 8')" \
  "-n default -R -P 70 --sync -d alsa -d hw:CARD=Desk -r 96000 -p 32 -n 3 -i 8 -o 8"
client=$(sed -n 's/^#*client *= *"\(.*\)".*/\1/p' packaging/etc/fohd.toml)
[ "${client:-fohd}" != default ] || wrong "the desk has the JACK server's name"

"$build/bin/fohd" check-config packaging/etc/fohd.toml >"$work/check" || wrong "the configuration that is installed"

# The manual names every command that the programs have.
for program in fohd fohctl; do
  gzip -dc "$build/packaging/$program.1.gz" >"$work/page"
  for command in $("$build/bin/$program" --help | awk '/^Subcommands:/ { on = 1; next } /^$/ { on = 0 } on && /^  [a-z]/ { print $1 }'); do
    sed 's/\\-/-/g' "$work/page" | grep -q "^\.SS \"$command\"" || wrong "$program(1) does not know $command"
  done
done

# Completion asks the programs.
completed() { # WORDS...
  PATH="$build/bin:$PATH" bash -c '. packaging/completion/fohd.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fohd "$1"; echo "${COMPREPLY[*]}"' - "$@"
}
[ "$(completed fohd check)" = check-config ] || wrong "completion of a command"
[ "$(completed fohd run --conf)" = --config ] || wrong "completion of an option"
[ "$(completed fohctl --port 1 latency m)" = measure ] || wrong "completion of a command's command"

# What is asked for in vain is refused with a sentence.
if packaging/build.sh mips >"$work/out" 2>&1; then wrong "a package for mips was promised"; fi
grep -q "not for 'mips'" "$work/out" || wrong "no plain message about an architecture: $(cat "$work/out")"

if command -v dpkg-deb >/dev/null && command -v cpack >/dev/null; then
  # As packaging/build.sh does it; the dependencies take a while and have nothing to do with the files.
  cpack --config "$build/CPackConfig.cmake" -B "$work/package" -D CPACK_DEBIAN_PACKAGE_SHLIBDEPS=OFF >"$work/cpack" 2>&1 ||
    { cat "$work/cpack"; wrong "cpack"; }
  deb=$(echo "$work"/package/*.deb)
  dpkg-deb -c "$deb" | awk '{ print $6 }' | grep -v '/$' | sed 's|^\.||' | sort >"$work/is"
  {
    cat <<'LIST'
/etc/default/fohd-jack
/etc/fohd/fohd.toml
/etc/needrestart/conf.d/fohd.conf
/usr/bin/fohctl
/usr/bin/fohd
/usr/lib/sysctl.d/60-fohd.conf
/usr/lib/systemd/system/fohd-jack.service
/usr/lib/systemd/system/fohd.service
/usr/libexec/fohd/jack-server
/usr/share/bash-completion/completions/fohctl
/usr/share/bash-completion/completions/fohd
/usr/share/doc/fohd/CHANGELOG.md
/usr/share/doc/fohd/README.md
/usr/share/doc/fohd/copyright
/usr/share/man/man1/fohctl.1.gz
/usr/share/man/man1/fohd.1.gz
/usr/share/man/man5/fohd.toml.5.gz
LIST
    for file in docs/*.md; do echo "/usr/share/doc/fohd/${file##*/}"; done
    for file in configs/*.toml; do echo "/usr/share/doc/fohd/examples/${file##*/}"; done
    for file in configs/midi/*.toml; do echo "/usr/share/fohd/midi/${file##*/}"; done
  } | sort >"$work/shall"
  diff "$work/shall" "$work/is" || wrong "the package holds other files than it should (< missing, > too many)"
  # What administrators change must be known as such, or an upgrade would overwrite it.
  dpkg-deb --ctrl-tarfile "$deb" | tar -xO ./conffiles | sort >"$work/conffiles"
  grep '^/etc/' "$work/shall" | diff - "$work/conffiles" || wrong "conffiles"
  dpkg-deb -c "$deb" | grep '^-rw-r----- root/root .* \./etc/fohd/fohd.toml' >"$work/mode" || wrong "the configuration may be read by everybody"
else
  echo "cpack or dpkg-deb is not here: the package was not built"
fi

if command -v shellcheck >/dev/null; then
  shellcheck -x -S warning packaging/build.sh packaging/man/*.sh systemd/jack-server packaging/debian/* tests/service/*.sh &&
    shellcheck -s bash -S warning packaging/completion/*.bash || wrong "shellcheck"
else
  echo "shellcheck is not here: the scripts were not looked at"
fi
exit "$failed"
