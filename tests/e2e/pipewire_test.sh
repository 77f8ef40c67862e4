#!/bin/sh
# The same desk on PipeWire's JACK: found, connected, the right gains, another period, and back with its connections after
# PipeWire was killed. Skipped where pipewire, pipewire-jack, wireplumber and dbus-run-session are not all installed.
# Timed: PipeWire plays in real time only.
set -eu
for program in pipewire wireplumber pw-jack pw-cli dbus-run-session; do
  command -v $program >/dev/null || { echo "skipped: there is no $program"; exit 77; }
done
if [ -z "${FOHD_IN_SESSION:-}" ]; then
  FOHD_IN_SESSION=yes exec dbus-run-session -- "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"
# PipeWire's server has one name, and its libjack comes before jackd's.
unset JACK_DEFAULT_SERVER
export XDG_RUNTIME_DIR="$work/run" XDG_CONFIG_HOME="$work/config" LD_LIBRARY_PATH="$(pw-jack sh -c 'echo "$LD_LIBRARY_PATH"')"
export PIPEWIRE_LATENCY=256/48000 PROBE_IN_REAL_TIME=yes
mkdir -m 700 "$XDG_RUNTIME_DIR"
pipewire_pid="" session_pid=""
stop_pipewire() {
  for pid in $session_pid $pipewire_pid; do kill "$1" "$pid" 2>/dev/null || true; done
  for pid in $session_pid $pipewire_pid; do wait "$pid" 2>/dev/null || true; done
  pipewire_pid="" session_pid=""
}
leave() {
  status=$?
  kill -9 $desk_pid 2>/dev/null || true
  stop_pipewire -TERM
  (exit $status)
  finish
}
trap leave EXIT
sink() { # a silent sound card
  pw-cli create-node adapter '{ factory.name=support.null-audio-sink node.name=null0 media.class=Audio/Sink object.linger=true audio.position=[FL FR] }'
}
start_pipewire() {
  pipewire >>"$work/pipewire.log" 2>&1 &
  pipewire_pid=$!
  until_ok 10 pw-cli info 0 || fail "pipewire did not start: $(cat "$work/pipewire.log")"
  wireplumber >>"$work/pipewire.log" 2>&1 &
  session_pid=$!
  until_ok 10 sink || fail "no silent sound card"
  until_ok 10 has_port null0:playback_FL || fail "no ports: $(jack_lsp)"
}
# In real time a busy machine drops blocks, which lowers what is measured; a desk that is wrong is never right.
gain_is() {
  tries=5
  until (expect_gain "$@") >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || expect_gain "$@"
  done
}
wired() { until_ok 20 connected fohd:main_l null0:playback_FL && until_ok 20 connected fohd:main_r null0:playback_FR; }

cat >"$work/fohd.toml" <<'END'
[audio]
connect = [{ from = "main_l", to = "null0:playback_FL" }, { from = "main_r", to = "null0:playback_FR" }]
END
start_pipewire
start_desk --config "$work/fohd.toml"
wired || fail "the desk is not connected: $(jack_lsp -c)"
for port_name in in_1 in_32 main_l bus_16; do has_port "fohd:$port_name" || fail "no port $port_name"; done
set_value /main/fader 0
set_value /ch/1/fader 0
gain_is fohd:main_l fohd:in_1 -3.0
gain_is fohd:main_l fohd:in_2 silence
set_value /ch/1/fader -6
set_value /ch/1/pan -100
gain_is fohd:main_l fohd:in_1 -6.0
gain_is fohd:main_r fohd:in_1 silence
set_value /ch/1/send/3/on 1
set_value /ch/1/send/3/level -12
gain_is fohd:bus_3 fohd:in_1 -12.0
says 'Audio runs: 48000 Hz, 256 frames' || fail "the period is not 256: $(grep 'Audio runs' "$work/desk.log")"

runs=$(times_said "Audio runs")
stop_pipewire -9
until_ok 10 says "No audio" || fail "the loss of PipeWire is not told"
"$bin/fohctl" --port "$port" get /main/fader >/dev/null || fail "control is gone without PipeWire"
start_pipewire
until_ok 20 said_more "Audio runs" "$runs" || fail "no audio after PipeWire came back"
wired || fail "the connections did not come back: $(jack_lsp -c)"
gain_is fohd:main_l fohd:in_1 -6.0
end_desk TERM
echo ok
