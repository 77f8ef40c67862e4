#!/bin/sh
# The house stands only while arrows point down: daemon -> control -> engine. Also: no file over 600 lines.
cd "$1" || exit 2
bad=0
deny() {
  if grep -rnE "#include *[<\"]($2)" "$1"; then
    echo "layering: $1/ may not include the above (DESIGN section 2)"
    bad=1
  fi
}
deny engine 'lo/|rtmidi|RtMidi|jack/|boost/|spdlog/|sndfile|samplerate|toml|nlohmann|control/|daemon/|filesystem|fstream|iostream|thread|mutex|chrono'
deny control 'jack/|boost/|spdlog/|sndfile|samplerate|daemon/|thread|mutex|sys/socket'
long=$(find engine control daemon tests bench -name '*.cpp' -o -name '*.h' | xargs wc -l | awk '$1 > 600 && $2 != "total"')
if [ -n "$long" ]; then
  echo "layering: over 600 lines, split it:"
  echo "$long"
  bad=1
fi
exit $bad
