#!/bin/sh
# The Raspberry Pi 4 has no AES unit, and Highway's NEON target lets the compiler use one: prove that it did not.
# Usage: arm64_no_aes.sh BUILD_FOLDER
set -eu
objects=$(find "$1" -path '*fohd_engine*' -name '*.o')
[ -n "$objects" ] || { echo "no arm64 objects below $1"; exit 1; }
# shellcheck disable=SC2086
aarch64-linux-gnu-objdump -d $objects >"$1/disassembly.txt"
instructions=$(grep -cE '^ +[0-9a-f]+:' "$1/disassembly.txt")
[ "$instructions" -gt 1000 ] || { echo "only $instructions instructions disassembled: not believable"; exit 1; }
if grep -nE '[[:space:]](aes[a-z]+|pmull2?|sha[0-9][a-z0-9]*)[[:space:]]' "$1/disassembly.txt" | head; then :; fi
found=$(grep -cE '[[:space:]](aes[a-z]+|pmull2?|sha[0-9][a-z0-9]*)[[:space:]]' "$1/disassembly.txt" || true)
rm -f "$1/disassembly.txt"
echo "$instructions arm64 instructions, $found of them AES, PMULL or SHA"
[ "$found" = 0 ]
