#!/usr/bin/env python3
"""Times channel strips in scsynth, offline: prints ns per strip and frame.

usage: scsynth.py [strips=32] [seconds=40] [rate_hz=48000]

A strip: two HPF (24 dB/oct), three BPeakEQ, one BHiShelf, two Companders (an expander and a compressor), Pan2 into the
main mix. All hear one noise. Start-up is taken off by rendering two lengths. Needs Debian's supercollider-server.
"""
import os
import struct
import subprocess
import sys
import tempfile
import time

CONTROL, AUDIO = 1, 2


def pascal(text):
    return struct.pack("B", len(text)) + text.encode()


class SynthDef:
    """A synth definition in scsynth's file format (SCgf, version 2)."""

    def __init__(self, name):
        self.name, self.constants, self.ugens = name, [], []

    def value(self, x):
        if isinstance(x, tuple):
            return x
        if x not in self.constants:
            self.constants.append(x)
        return (-1, self.constants.index(x))

    def add(self, kind, *inputs, outputs=1):
        self.ugens.append((kind, [self.value(x) for x in inputs], outputs))
        return [(len(self.ugens) - 1, i) for i in range(outputs)]

    def bytes(self):
        data = pascal(self.name) + struct.pack(f">i{len(self.constants)}f", len(self.constants), *self.constants)
        data += struct.pack(">ii", 0, 0)  # no parameters
        data += struct.pack(">i", len(self.ugens))
        for kind, inputs, outputs in self.ugens:
            data += pascal(kind) + struct.pack(">biih", AUDIO, len(inputs), outputs, 0)
            for pair in inputs:
                data += struct.pack(">ii", *pair)
            data += struct.pack("b", AUDIO) * outputs
        return b"SCgf" + struct.pack(">ih", 2, 1) + data + struct.pack(">h", 0)


def strip():
    d = SynthDef("strip")
    (x,) = d.add("In", 16.0)
    for _ in range(2):
        (x,) = d.add("HPF", x, 100.0)
    for hz in (125.0, 500.0, 2000.0):
        (x,) = d.add("BPeakEQ", x, hz, 0.5, 3.0)
    (x,) = d.add("BHiShelf", x, 10000.0, 1.0, 3.0)
    (x,) = d.add("Compander", x, x, 0.1, 2.0, 1.0, 0.001, 0.1)
    (x,) = d.add("Compander", x, x, 0.2, 1.0, 0.33, 0.01, 0.15)
    sides = d.add("Pan2", x, 0.2, 0.1, outputs=2)
    d.add("Out", 0.0, *sides, outputs=0)
    return d.bytes()


def noise():
    d = SynthDef("noise")
    (x,) = d.add("WhiteNoise")
    d.add("Out", 16.0, x, outputs=0)
    return d.bytes()


def padded(data):
    return data + b"\0" * (-len(data) % 4)


def message(address, *arguments):
    tags, data = ",", b""
    for argument in arguments:
        if isinstance(argument, str):
            tags, data = tags + "s", data + padded(argument.encode() + b"\0")
        elif isinstance(argument, bytes):
            tags, data = tags + "b", data + struct.pack(">i", len(argument)) + padded(argument)
        else:
            tags, data = tags + "i", data + struct.pack(">i", argument)
    return padded(address.encode() + b"\0") + padded(tags.encode() + b"\0") + data


def bundle(at_s, *messages):
    data = b"#bundle\0" + struct.pack(">Q", int(at_s * 2**32))
    for one in messages:
        data += struct.pack(">i", len(one)) + one
    return struct.pack(">i", len(data)) + data


def render(folder, strips, seconds, rate_hz):
    score = os.path.join(folder, "score.osc")
    with open(score, "wb") as file:
        file.write(bundle(0, message("/d_recv", strip()), message("/d_recv", noise())))
        file.write(bundle(0, message("/s_new", "noise", 1000, 0, 0)))
        for n in range(strips):
            file.write(bundle(0, message("/s_new", "strip", 1001 + n, 1, 0)))
        file.write(bundle(seconds, message("/c_set", 0, 0)))
    begin = time.monotonic()
    subprocess.run(["scsynth", "-N", score, "_", os.path.join(folder, "out.wav"), str(rate_hz), "WAV", "float", "-i",
                    "0", "-o", "2", "-z", "64"], check=True, capture_output=True)
    return time.monotonic() - begin


def main():
    numbers = [int(x) for x in sys.argv[1:]]
    strips, seconds, rate_hz = numbers + [32, 40, 48000][len(numbers):]
    with tempfile.TemporaryDirectory() as folder:
        few = render(folder, strips, seconds / 4, rate_hz)
        many = render(folder, strips, seconds, rate_hz)
    print(f"{(many - few) * 1e9 / (0.75 * seconds * rate_hz * strips):.2f}")


main()
