#!/usr/bin/python3
"""Measures and draws main's limiter, with x42's and others' beside it (figures to the terminal, build/limiter/*.png).

    bench/limiter_analysis.py BIN [MUSIC ...]

BIN holds bench_engine_limiter_render and, for the others, bench_lv2_host (with x42-plugins, lsp-plugins-lv2). MUSIC:
files of real music. Everything is limited to -1 dBTP; what goes in is band-limited to 20 kHz where it is not music.
True peaks: zero-padded polyphase resampling with 64 taps a phase, 4 and 16 times.
"""
import os
import subprocess
import sys
import tempfile

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy import signal
from scipy.io import wavfile

BIN = sys.argv[1]
RATE = 48000
OUT = os.path.join(os.path.dirname(__file__), "..", "build", "limiter")
X42 = "http://gareus.org/oss/lv2/dpl#stereo"
LSP = "http://lsp-plug.in/plugins/lv2/limiter_stereo"
# Threshold -1 dB; release as ours, 150 ms. LSP's automatic level regulation is its own idea of release.
PEERS = {"x42 dpl": (X42, "threshold=-1 truepeak=1 release=0.15"),
         "LSP limiter": (LSP, "th=0.891 ovs=4 boost=0 lk=5 at=5 rt=20")}


def db(x):
    return 20 * np.log10(np.maximum(np.abs(x), 1e-12))


def limited(dry, **dials):
    arguments = [f"{name}={value}" for name, value in ({"rate_hz": RATE} | dials).items()]
    done = subprocess.run([f"{BIN}/bench_engine_limiter_render", *arguments], stdout=subprocess.PIPE, check=True,
                          input=np.ascontiguousarray(dry, np.float32).tobytes())
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 2)


def by_peer(dry, name):
    """None where it is not installed."""
    uri, dials = PEERS[name]
    with tempfile.TemporaryDirectory() as folder:
        wavfile.write(f"{folder}/in.wav", RATE, np.ascontiguousarray(dry, np.float32))
        try:
            done = subprocess.run([f"{BIN}/bench_lv2_host", "render", uri, f"{folder}/in.wav", f"{folder}/out.wav",
                                   *dials.split()], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError):
            return None
        return wavfile.read(f"{folder}/out.wav")[1]


def true_peak_db(x, times):
    taps = signal.firwin(64 * times + 1, 1 / times, window=("kaiser", 8)) * times
    return max(db(signal.upfirdn(taps, side, times)).max() for side in x.T)


def to_20_khz(x):
    taps = signal.firwin(511, 20000, fs=RATE, window=("kaiser", 9))
    return signal.fftconvolve(x, taps[:, None], mode="same", axes=0)


def signals():
    rng = np.random.default_rng(1)
    n = 10 * RATE
    t = np.arange(n) / RATE
    clicks = np.zeros((n, 2))
    clicks[rng.integers(1000, n - 1000, 400), rng.integers(0, 2, 400)] = rng.choice([-20, 20], 400)
    sweep = signal.chirp(t, 20, 10, 20000, "logarithmic")
    square = signal.square(2 * np.pi * 997 * t)
    return {"noise, 12 dB over": to_20_khz(rng.standard_normal((n, 2))),
            "square 997 Hz, 12 dB over": to_20_khz(4 * np.stack([square, square], 1)),
            "clicks, 26 dB over": to_20_khz(clicks),
            "sweep 20 Hz..20 kHz, 6 dB over": 2 * np.stack([sweep, sweep], 1)}


def read_music(path):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-ar", str(RATE), "-ac", "2", "-c:a", "pcm_f32le",
                        f"{folder}/m.wav"], check=True)
        return wavfile.read(f"{folder}/m.wav")[1]


def peaks(music):
    print(f"{'signal, limited to -1 dBTP':44} {'sample':>8} {'4x':>8} {'16x':>8}   dBFS / dBTP")
    inputs = signals()
    for path in music:
        x = read_music(path)
        inputs[f"{os.path.basename(path)} ({len(x) / RATE:.0f} s), 12 dB up"] = 4 * x
    for name, dry in inputs.items():
        rows = {"fohd": limited(dry)} | {peer: by_peer(dry, peer) for peer in PEERS}
        for who, wet in rows.items():
            if wet is None:
                continue
            wet = wet.astype(float)
            print(f"{(name if who == 'fohd' else '    ' + who):44} {db(wet).max():8.3f} "
                  f"{true_peak_db(wet, 4):8.3f} {true_peak_db(wet, 16):8.3f}")


def distortion():
    print("\n50 Hz, 6 dB of reduction, settled: THD+N")
    t = np.arange(8 * RATE) / RATE
    tone = 10 ** (5 / 20) * np.sin(2 * np.pi * 50 * t)
    dry = np.stack([tone, tone], 1)
    for who, wet in ({"fohd": limited(dry)} | {peer: by_peer(dry, peer) for peer in PEERS}).items():
        if wet is None:
            continue
        x = wet[4 * RATE : 7 * RATE, 0].astype(float)
        s, c = np.sin(2 * np.pi * 50 * np.arange(len(x)) / RATE), np.cos(2 * np.pi * 50 * np.arange(len(x)) / RATE)
        fundamental = 2 * (x @ s) / len(x) * s + 2 * (x @ c) / len(x) * c
        rest = x - fundamental
        level = db(np.sqrt(2) * np.sqrt((fundamental ** 2).mean()))
        print(f"  {who:12} {100 * np.sqrt((rest ** 2).mean() / (fundamental ** 2).mean()):.6f} %   (level {level:.2f} dBFS)")


def recovery():
    """A loud second in a soft tone: how the gain comes back. And a kick on a pad: does the pad pump?"""
    t = np.arange(6 * RATE) / RATE
    loud = np.where((t > 1) & (t < 2), 10 ** (11 / 20), 0.1)
    tone = loud * np.sin(2 * np.pi * 1000 * t)
    burst = np.where(t % 0.5 < 0.04, 1.6, 0) * np.sin(2 * np.pi * 60 * (t % 0.5))
    pad = 0.3 * np.sin(2 * np.pi * 440 * t)
    figure, axes = plt.subplots(2, 1, figsize=(11, 7))
    for axis, dry, title in ((axes[0], tone, "gain around a loud second (12 dB over)"),
                             (axes[1], burst + pad, "gain under a kick twice a second (6 dB over)")):
        stereo = np.stack([dry, dry], 1)
        for who, wet in ({"fohd": limited(stereo)} | {peer: by_peer(stereo, peer) for peer in PEERS}).items():
            if wet is None:
                continue
            smooth = lambda x: signal.filtfilt([1 / 96] * 96, 1, np.abs(x))
            gain = db(smooth(wet[: len(dry), 0].astype(float)) / np.maximum(smooth(dry), 1e-6))
            axis.plot(t, gain, lw=0.7, label=who)
            if who == "fohd" and axis is axes[0]:
                back = [f"{after} ms {gain[int((2 + after / 1000) * RATE)]:.2f} dB" for after in (50, 150, 300, 600, 1200, 2400)]
                print("\nrecovery after a second of 12 dB of reduction, release 150 ms: " + ", ".join(back))
                step = np.abs(np.diff(gain[2 * RATE + 2000 :: 480])).max()
                print(f"largest step of the gain within 10 ms on the way back: {step:.3f} dB")
            if who == "fohd" and axis is axes[1]:
                swing = gain[3 * RATE :]
                print(f"pad under a kick: gain between {swing.min():.2f} and {swing.max():.2f} dB")
        axis.set_title(title, fontsize=9), axis.set_ylim(-16, 1), axis.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(os.path.join(OUT, "recovery.png"), dpi=80)


os.makedirs(OUT, exist_ok=True)
peaks(sys.argv[2:])
distortion()
recovery()
