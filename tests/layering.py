#!/usr/bin/env python3
"""The house stands while arrows point down: between the layers, and between the folders of each.

Usage: tests/layering.py [ROOT]; lists each #include that points up, each folder that has no place below, and each
source over 600 lines. `--arrows` prints instead how many includes go from which folder to which.
"""
import collections
import os
import re
import sys

# Bottom to top: a folder may include its own files and those of folders before it. The files of a layer that lie in no
# folder are its top. To add a folder, give it its place here.
ORDER = {
    "engine": ["crossing", "tile", "processors", "effects", "stages"],
    "control": ["toml", "parameters", "rights", "desk", "commands", "watches", "readouts", "targets", "console", "clients", "osc", "midi", "access",
                "reference"],
    "daemon": ["base", "machine", "config", "doors", "store", "disk", "audio", "jack", "net", "midi", "access", "service",
               "blackbox", "metrics", "offline", "desk", "doctor", "fohctl", "cli"],
}
LAYERS = list(ORDER)
# What a layer may not include of other people's: the engine is arithmetic; control knows no thread, file or socket.
FORBIDDEN = {
    "engine": r"lo/|rtmidi|RtMidi|jack/|boost/|spdlog/|sndfile|samplerate|toml|nlohmann|filesystem|fstream|iostream|thread|mutex|chrono",
    "control": r"jack/|boost/|spdlog/|sndfile|samplerate|thread|mutex|sys/socket|filesystem|fstream",
    "daemon": r"$^",
}
MOST_LINES = 600
INCLUDE = re.compile(r'#\s*include\s*[<"]([^>"]+)')


def place(path):
    """(layer, folder) as numbers that grow upwards; None: no place."""
    layer, *inside = path.split("/")
    if layer not in ORDER:
        return None
    folders = ORDER[layer]
    if len(inside) == 1:
        return LAYERS.index(layer), len(folders)
    return (LAYERS.index(layer), folders.index(inside[0])) if inside[0] in folders else None


def room(path):
    return "/".join(path.split("/")[:2]) if path.count("/") > 1 else path.split("/")[0]


def sources(folders):
    for top in folders:
        for folder, _, names in sorted(os.walk(top)):
            for name in sorted(names):
                if name.endswith((".cpp", ".h")):
                    yield os.path.join(folder, name)


def main():
    arguments = [a for a in sys.argv[1:] if a != "--arrows"]
    os.chdir(arguments[0] if arguments else os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    wrong, arrows = [], collections.Counter()
    for path in sources(LAYERS):
        here = place(path)
        if here is None:
            wrong.append(f"{path}: its folder has no place in the order of tests/layering.py")
            continue
        for number, line in enumerate(open(path), 1):
            if not (found := INCLUDE.match(line)):
                continue
            included = found.group(1)
            if re.match(FORBIDDEN[path.split("/")[0]], included):
                wrong.append(f"{path}:{number}: {path.split('/')[0]} may not include <{included}>")
            if included.split("/")[0] in ORDER:
                if room(path) != room(included):
                    arrows[room(path), room(included)] += 1
                if (there := place(included)) is None or there > here:
                    wrong.append(f"{path}:{number}: {room(path)} may not include {included}, which is above it")
    for path in sources([*LAYERS, "tests", "bench"]):
        if (lines := sum(1 for _ in open(path))) > MOST_LINES:
            wrong.append(f"{path}: {lines} lines, more than {MOST_LINES}; split it by meaning")
    if "--arrows" in sys.argv:
        for (here, there), count in sorted(arrows.items()):
            print(f"{count:4} {here} -> {there}")
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


main()
