"""What bench/run and bench/pi share: the desks, the stages, the count of instructions, and who writes which part of
docs/PERFORMANCE.md."""
import os
import re
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = os.path.join(ROOT, "docs/PERFORMANCE.md")
FRAMES = 64  # a block
# What bench/block_time.cpp calls a kind of desk, and what the page calls it.
DESK_KINDS = {"": "equalisers", "design": "design", "dynamics": "dynamics", "effects": "effects"}

# Which functions make up which stage: the first pattern that is found in a function's name. Kernels are found by their
# own names; where there is but one SIMD target (NEON), by the names of the functions that would have chosen one.
STAGES = {"low cuts and equalisers": "cascade_lanes|FilterChain|process_lanes_ramped|svf_cascade|svf_process_ramped",
          "compressors": "compress", "gates": "gate_lanes|gate_process|GateKind",
          "keys": "KeyTile|collect_keys|KeyListener",
          "sends and mixes (gain matrix)": "MixSettled|MixMoving|GainMatrix|mix_settled|mix_moving",
          "main limiter and width": "TruePeak|true_peak|::between|::hear|turn_down|MainBusStage|StereoWidth|SlidingMaximum",
          "meters": "Measure|fohd::measure",
          "inputs (patch, delay, transposing)": "InputStage|TransposeIn|PeakBits|transpose_in|peak_bits",
          "outputs (level, safety limiter, delay, transposing)":
              "OutputStage|FinishOutput|TransposeOut|ApplyGain|safety_limit|SumSquares|Shutter|finish_output|"
              "transpose_out|apply_gain|sum_squares"}
THE_REST = "the rest (copies of blocks, grid, calls)"


def out(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more)


def stage_of(function):
    return next((stage for stage, pattern in STAGES.items() if re.search(pattern, function)), THE_REST)


def desk_command(preset, inputs, buses, rate, frames=FRAMES, blocks=3000, sweep=0, kind="dynamics"):
    """kind: head of bench/block_time.cpp."""
    numbers = map(str, (inputs, buses, rate, frames, blocks, sweep))
    return (f"{ROOT}/build/{preset}/bin/bench_block_time", *numbers, *([kind] if kind else []))


class NotCounted(Exception):
    """This machine cannot count instructions; says why, fit for a table."""


def callgrind(*command, profile="/dev/null"):
    """What valgrind says of one program's run. It needs a CPU that valgrind knows: on others it dies of the first
    instruction that it does not."""
    if not shutil.which("valgrind"):
        raise NotCounted("valgrind is not installed")
    ended = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", *command],
                           capture_output=True, text=True)
    if ended.returncode != 0 or "Collected : " not in ended.stderr:
        raise NotCounted(f"valgrind cannot run here ({last_words(ended)})")
    return ended.stderr


def last_words(ended):
    """The signal that a program died of, as valgrind tells it; else the last line it said, else its exit code."""
    said = re.findall(r"\((SIG[A-Z]+)\)", ended.stderr)[:1] or ended.stderr.strip().splitlines()[-1:]
    return (said or [f"exit code {ended.returncode}"])[0].replace("|", "/")


def counted(count):
    """One cell of a table: the number that count() gives, or why there is none."""
    try:
        return f"{count():.0f}"
    except NotCounted as why:
        return f"not counted: {why}"


def instructions(*command):
    """Instructions that one program executes."""
    return int(re.search(r"Collected : (\d+)", callgrind(*command)).group(1))


def per_frame(make_command):
    """Instructions per frame in steady state: start-up is taken off by running two lengths."""
    few, many = 200, 600
    return (instructions(*make_command(many)) - instructions(*make_command(few))) / (many - few) / FRAMES


def per_stage(make_command):
    """Instructions per frame and stage: what a longer run has more."""
    def by_function(blocks):
        with tempfile.NamedTemporaryFile() as profile:
            callgrind(*make_command(blocks), profile=profile.name)
            text = out("callgrind_annotate", "--threshold=100", profile.name).stdout
        counts = {}
        for number, name in re.findall(r"^ *([\d,]+) \(.*?\)  (.*)$", text, re.M):
            counts[name] = counts.get(name, 0) + int(number.replace(",", ""))
        return counts
    few, many = by_function(200), by_function(600)
    stages = dict.fromkeys([*STAGES, THE_REST], 0.0)
    for name, count in many.items():
        if "PROGRAM TOTALS" not in name:
            stages[stage_of(name)] += (count - few.get(name, 0)) / 400 / FRAMES
    return stages


def write_part(script, text):
    """Puts text into the page in place of what the same script wrote before; parts of other scripts stay."""
    begin, end = f"<!-- written by {script} -->\n", f"<!-- end of {script} -->\n"
    page = ""
    if os.path.exists(PAGE):
        with open(PAGE) as file:
            page = file.read()
    part = begin + text + end
    if begin in page and end in page:
        before, after = page.split(begin)[0], page.split(end)[1]
        page = before + part + after
    else:
        page += ("\n" if page else "") + part
    with open(PAGE, "w") as file:
        file.write(page)
