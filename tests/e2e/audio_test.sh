#!/bin/sh
# A microphone comes out of main with the gain that the fader says, at any period; TERM and INT end the desk well, and
# the mix is there again.
set -eu
. "$(dirname "$0")/lib.sh"

start_jackd 256
start_desk
audio_runs
for port_name in in_1 in_32 main_l main_r bus_1 bus_16; do has_port "fohd:$port_name" || fail "no port $port_name"; done
connected fohd:in_8 system:capture_8 || fail "capture_8 is not connected to in_8"

expect_gain fohd:main_l fohd:in_1 silence # a new desk: all faders are down
set_value /main/fader 0
set_value /ch/1/fader 0
expect_gain fohd:main_l fohd:in_1 -3.0 # the middle of a constant-power pan
expect_gain fohd:main_r fohd:in_1 -3.0
set_value /ch/1/fader -6
expect_gain fohd:main_l fohd:in_1 -9.0
expect_gain fohd:main_l fohd:in_2 silence
set_value /ch/1/pan -100
expect_gain fohd:main_l fohd:in_1 -6.0
expect_gain fohd:main_r fohd:in_1 silence
set_value /ch/1/send/3/on 1
set_value /ch/1/send/3/level -12
expect_gain fohd:bus_3 fohd:in_1 -12.0 # before the fader
set_value /ch/1/mute 1
expect_gain fohd:main_l fohd:in_1 silence
set_value /ch/1/mute 0
set_value /ch/1/name Kick
shown_as() { [ "$(jack_property --port --list "fohd:$1" http://jackaudio.org/metadata/pretty-name)" = "$2" ]; } # PORT NAME
until_ok 10 shown_as in_1 Kick || fail "in_1 is not shown as Kick"
if shown_as in_2 Kick; then fail "in_2 is shown as Kick, too"; fi

for period in 64 1024 100; do
  jack_bufsize "$period" >/dev/null 2>&1 || fail "jack_bufsize $period"
  expect_gain fohd:main_l fohd:in_1 -6.0
done

end_desk TERM
start_desk
audio_runs
expect_gain fohd:main_l fohd:in_1 -6.0 # the same mix
end_desk INT
echo ok
