#!/usr/bin/python3
"""Draws and measures the reverb (build/reverb/*.png, figures to the terminal).

    bench/reverb_analysis.py RENDER [LADSPA_DIRECTORY]

RENDER is the program bench_reverb_render. LADSPA_DIRECTORY holds zita-reverbs.so (Debian's rev-plugins), drawn beside
ours as a peer; nothing links it. Sounds: sonic-pi-samples, where installed, read by libsndfile.

What is measured, always on an impulse in both inputs:
  T30      Schroeder's backward integration over an octave around 1 kHz (Butterworth of order 3: one with steep
           flanks rings longer than a short decay), left and right summed, -5..-35 dB, times 2
  density  share of a 20 ms window's samples beyond one standard deviation, over that of Gaussian noise (J. Abel,
           P. Huang, "A simple, robust measure of reverberation echo density", AES 121, 2006)
  peaks    power spectrum of the tail (from 100 ms on), smoothed over a 1/12 octave, against the same over an octave
"""
import ctypes
import os
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy import signal, special

RATE = 48000
OUT = os.path.join(os.path.dirname(__file__), "..", "build", "reverb")
SAMPLES = "/usr/share/sonic-pi/samples"


def render(program, dry, tail_s=4.0, **dials):
    arguments = [f"{name}={value}" for name, value in dials.items()]
    done = subprocess.run([program, f"tail_s={tail_s}", *arguments], input=dry.astype(np.float32).tobytes(),
                          stdout=subprocess.PIPE, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 2).astype(float)


def impulse():
    x = np.zeros((RATE // 100, 2))
    x[0] = 1
    return x


def smoothed(power, hz, octaves):
    """Mean over a band of so many octaves around each bin."""
    total = np.concatenate([[0], np.cumsum(power)])
    width = hz[1] - hz[0]
    low = np.clip((hz * 2 ** (-octaves / 2) / width).round().astype(int), 0, len(power) - 1)
    high = np.clip((hz * 2 ** (octaves / 2) / width).round().astype(int) + 1, low + 1, len(power))
    return (total[high] - total[low]) / (high - low)


def t30_s(response, center_hz=1000):
    n = 1 << int(np.ceil(np.log2(len(response) * 2)))
    spectrum = np.fft.rfft(response, n, axis=0)
    hz = np.fft.rfftfreq(n, 1 / RATE)
    detuned = hz[1:] / center_hz - center_hz / hz[1:]
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(1 + (detuned * np.sqrt(2)) ** 6)[:, None]  # Butterworth of order 3, zero phase
    energy = (np.fft.irfft(spectrum, n, axis=0)[: len(response)] ** 2).sum(1)
    left = np.cumsum(energy[::-1])[::-1]
    decay_db = 10 * np.log10(left / left[0] + 1e-30)
    begin, end = np.argmax(decay_db < -5), np.argmax(decay_db < -35)
    slope = np.polyfit(np.arange(begin, end) / RATE, decay_db[begin:end], 1)[0]
    return -60 / slope


def echo_density(response, window_s=0.020):
    n = int(window_s * RATE)
    window = np.hanning(n)
    window /= window.sum()
    power = signal.fftconvolve(response ** 2, window, "same")
    hop = RATE // 1000
    times, densities = [], []
    for at in range(n // 2, min(len(response) - n, RATE // 2), hop):
        part = response[at - n // 2 : at - n // 2 + n]
        beyond = np.abs(part) > np.sqrt(max(power[at], 0))
        times.append(at / RATE)
        densities.append((window * beyond).sum() / special.erfc(1 / np.sqrt(2)))
    return np.array(times), np.array(densities)


def tail_peaks_db(response, low_hz=100, high_hz=6000):
    """Largest and smallest of 1/12 octave over octave."""
    tail = response[RATE // 10 :]
    n = 1 << int(np.ceil(np.log2(len(tail))))
    power = (np.abs(np.fft.rfft(tail, n, axis=0)) ** 2).sum(1)
    hz = np.fft.rfftfreq(n, 1 / RATE)
    ratio_db = 10 * np.log10(smoothed(power, hz, 1 / 12) / smoothed(power, hz, 1))
    band = (hz > low_hz) & (hz < high_hz)
    return ratio_db[band].max(), ratio_db[band].min(), hz[band][ratio_db[band].argmax()]


def ideal_tail(decay_s, seed, seconds=4.0):
    t = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).standard_normal((len(t), 2))
    return noise * 10 ** (-3 * t / decay_s)[:, None]


def correlation(response):
    tail = response[RATE // 10 : RATE]
    return np.corrcoef(tail.T)[0, 1]


class Ladspa:
    """Just enough of a LADSPA host for one plug-in of two inputs and two outputs."""

    class Descriptor(ctypes.Structure):
        _fields_ = [("id", ctypes.c_ulong), ("label", ctypes.c_char_p), ("properties", ctypes.c_int),
                    ("name", ctypes.c_char_p), ("maker", ctypes.c_char_p), ("copyright", ctypes.c_char_p),
                    ("port_count", ctypes.c_ulong), ("ports", ctypes.POINTER(ctypes.c_int)),
                    ("port_names", ctypes.POINTER(ctypes.c_char_p)), ("hints", ctypes.c_void_p),
                    ("data", ctypes.c_void_p),
                    ("instantiate", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ulong)),
                    ("connect", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_void_p)),
                    ("activate", ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
                    ("run", ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_ulong))]

    def __init__(self, library, label):
        get = ctypes.CDLL(library).ladspa_descriptor
        get.restype = ctypes.POINTER(self.Descriptor)
        self.plug_in = next(p for p in map(get, range(8)) if p and p.contents.label.decode() == label).contents

    def names(self):
        return [self.plug_in.port_names[i].decode() for i in range(self.plug_in.port_count)]

    def run(self, dry, controls):
        handle = self.plug_in.instantiate(ctypes.addressof(self.plug_in), RATE)
        keep = []
        inputs, outputs = [dry[:, 0], dry[:, 1]], []
        for port, name in enumerate(self.names()):
            kind = self.plug_in.ports[port]  # 1 input, 2 output, 4 control, 8 audio
            if kind & 8 and kind & 1:
                array = np.ascontiguousarray(inputs.pop(0), np.float32)
            elif kind & 8:
                array = np.zeros(len(dry), np.float32)
                outputs.append(array)
            else:
                array = np.array([controls.get(name, 0)], np.float32)
            keep.append(array)
            self.plug_in.connect(handle, port, array.ctypes.data)
        if self.plug_in.activate:
            self.plug_in.activate(handle)
        self.plug_in.run(handle, len(dry))
        return np.stack(outputs, 1).astype(float)


def zita(directory, dry, tail_s, decay_s):
    path = os.path.join(directory, "zita-reverbs.so")
    if not os.path.exists(path):
        return None
    plug_in = Ladspa(path, "zita-reverb")
    controls = {}
    for name in plug_in.names():  # the plug-in's own words
        low = name.lower()
        controls[name] = (0.02 if low.startswith("delay") else 200 if low.startswith("xover") else
                          decay_s if low.startswith("rt") else 5700 if "damp" in low else
                          1.0 if low.startswith("output") else 1000 if low.endswith("freq") else 0)
    silence = np.zeros((int(tail_s * RATE), 2))
    return plug_in.run(np.concatenate([dry, silence]), controls)


def read_sound(name):
    path = os.path.join(SAMPLES, name + ".flac")
    if not os.path.exists(path):
        return None
    library = ctypes.CDLL("libsndfile.so.1")

    class Info(ctypes.Structure):
        _fields_ = [("frames", ctypes.c_int64), ("rate", ctypes.c_int), ("channels", ctypes.c_int),
                    ("format", ctypes.c_int), ("sections", ctypes.c_int), ("seekable", ctypes.c_int)]

    info = Info()
    library.sf_open.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(library.sf_open(path.encode(), 0x10, ctypes.byref(info)))
    data = np.zeros((info.frames, info.channels), np.float32)
    library.sf_readf_float(handle, ctypes.c_void_p(data.ctypes.data), ctypes.c_int64(info.frames))
    library.sf_close(handle)
    mono = signal.resample_poly(data.mean(1), RATE // 100, info.rate // 100)
    return np.stack([mono, mono], 1)


def draw_spectrogram(axis, sound, title):
    window = 1024
    hz, t, power = signal.spectrogram(sound, RATE, "hann", window, window - 256, mode="psd")
    level = 10 * np.log10(power + 1e-20)
    top = level.max()
    axis.pcolormesh(t, hz, level, vmin=top - 90, vmax=top, cmap="magma", shading="auto", rasterized=True)
    axis.set_yscale("symlog", linthresh=500)
    axis.set_ylim(40, 20000)
    axis.set_title(title, fontsize=9)


def draw_spectrograms(program, ladspa):
    sounds = {"impulse": impulse(), "snare": read_sound("drum_snare_hard"), "snare_soft": read_sound("sn_dolf"),
              "voice": read_sound("ambi_choir"), "tabla": read_sound("tabla_na_s")}
    for name, dry in sounds.items():
        if dry is None:
            continue
        rendered = {"default": render(program, dry, 3), "plate": render(program, dry, 3, **PLATE),
                    "small": render(program, dry, 3, size_percent=10, decay_s=0.8),
                    "hall": render(program, dry, 3, **HALL)}
        peer = zita(ladspa, dry, 3, 1.6) if ladspa else None
        if peer is not None:
            rendered["zita-rev1, 1.6 s"] = peer
        figure, axes = plt.subplots(len(rendered), 1, figsize=(11, 3 * len(rendered)), squeeze=False)
        for axis, (title, wet) in zip(axes[:, 0], rendered.items()):
            draw_spectrogram(axis, wet[: int(2.5 * RATE), 0], f"{name}: {title}")
        figure.tight_layout()
        figure.savefig(os.path.join(OUT, f"spectrogram_{name}.png"), dpi=80)
        plt.close(figure)


def draw_response(program, ladspa):
    responses = {"default": render(program, impulse()), "plate": render(program, impulse(), **PLATE)}
    if ladspa:
        responses["zita-rev1"] = zita(ladspa, impulse(), 4, 1.6)
    figure, axes = plt.subplots(4, 1, figsize=(11, 14))
    for name, response in responses.items():
        if response is None:
            continue
        t = np.arange(len(response)) / RATE
        axes[0].plot(t[: RATE // 4], response[: RATE // 4, 0], lw=0.4, label=name)
        axes[1].plot(*echo_density(response[:, 0]), label=name)
        left = np.cumsum((response ** 2).sum(1)[::-1])[::-1]
        axes[2].plot(t, 10 * np.log10(left / left[0] + 1e-12), label=name)
        tail = response[RATE // 10 :]
        hz = np.fft.rfftfreq(len(tail), 1 / RATE)
        power = (np.abs(np.fft.rfft(tail, axis=0)) ** 2).sum(1)
        axes[3].semilogx(hz[1:], 10 * np.log10(smoothed(power, hz, 1 / 12)[1:]), lw=0.7, label=name)
    for axis, title in zip(axes, ("impulse, left", "echo density", "energy left, dB", "tail, 1/12 octave, dB")):
        axis.set_title(title, fontsize=9)
        axis.legend(fontsize=8)
    axes[1].axhline(0.9, color="k", lw=0.5)
    axes[2].set_ylim(-90, 3)
    axes[3].set_xlim(40, 20000)
    figure.tight_layout()
    figure.savefig(os.path.join(OUT, "response.png"), dpi=80)


PLATE = dict(predelay_ms=0, decay_s=2.1, size_percent=25, diffusion_percent=100, damping_hz=9000, high_cut_hz=16000)
HALL = dict(predelay_ms=30, decay_s=4, size_percent=90, damping_hz=5000)


def figures(program, ladspa):
    print("decay at 1 kHz (T30, s) over the dial, by size %:")
    for decay_s in (0.5, 1, 2, 4, 8):
        row = [t30_s(render(program, impulse(), decay_s * 1.2 + 0.3, decay_s=decay_s, size_percent=size)) / decay_s
               for size in (2, 20, 60, 100)]
        print(f"  {decay_s:4} s: " + "  ".join(f"{ratio:5.3f}" for ratio in row))
    print("setting          T30    NED>0.9 at  peak dB (at Hz)   dip dB   correlation   out/in dB")
    settings = {"default": {}, "plate": PLATE, "hall": HALL, "small": dict(size_percent=10, decay_s=0.8),
                "tiny": dict(size_percent=2, decay_s=2), "no modulation": dict(modulation_percent=0),
                "modulation 100": dict(modulation_percent=100), "8 s": dict(decay_s=8, size_percent=100)}
    rows = {name: render(program, impulse(), 1 + 1.2 * dials.get("decay_s", 1.6), **dials)
            for name, dials in settings.items()}
    if ladspa:
        rows["zita-rev1"] = zita(ladspa, impulse(), 4, 1.6)
    noise = np.random.default_rng(1).standard_normal((5 * RATE, 2)) * 0.05
    b, a = signal.butter(2, [500, 1400], "band", fs=RATE)
    band = signal.lfilter(b, a, noise, axis=0)
    for name, response in rows.items():
        times, densities = echo_density(response[:, 0])
        dense = times[np.argmax(densities > 0.9)] * 1000
        peak, dip, at_hz = tail_peaks_db(response)
        level_db = 0
        if name in settings:
            wet = render(program, band, 0, **settings[name])
            level_db = 10 * np.log10((wet[3 * RATE : 5 * RATE] ** 2).mean() / (band[3 * RATE :] ** 2).mean())
        print(f"{name:15} {t30_s(response):6.2f} {dense:9.0f} ms {peak:8.1f} ({at_hz:5.0f}) {dip:10.1f} "
              f"{correlation(response):10.3f} {level_db:11.1f}")
    for decay_s in (0.8, 1.6, 2, 4, 8):
        ideal = np.array([tail_peaks_db(ideal_tail(decay_s, seed, 1 + 1.2 * decay_s))[:2] for seed in range(20)])
        print(f"ideal noise, {decay_s:3} s: peaks {np.median(ideal[:, 0]):.1f} (largest {ideal[:, 0].max():.1f}), "
              f"dips {np.median(ideal[:, 1]):.1f} (smallest {ideal[:, 1].min():.1f}) dB")
    pitch_figures(program)


def pitch_figures(program):
    """How far modulation strays from the pitch: a steady tone comes out how wide, and is there noise beside it?"""
    t = np.arange(8 * RATE) / RATE
    for tone_hz in (1000, 5000):
        tone = 0.2 * np.minimum(t, 1) * np.sin(2 * np.pi * tone_hz * t)
        for percent in (0, 30, 100):
            wet = render(program, np.stack([tone, tone], 1), 0, modulation_percent=percent)[4 * RATE :, 0]
            power = np.abs(np.fft.rfft(wet * np.blackman(len(wet)) ** 2)) ** 2
            hz = np.fft.rfftfreq(len(wet), 1 / RATE)
            band = np.abs(hz - tone_hz) < 100
            mean = (power[band] * hz[band]).sum() / power[band].sum()
            spread = np.sqrt((power[band] * (hz[band] - mean) ** 2).sum() / power[band].sum())
            noise_db = 10 * np.log10(power[np.abs(hz - tone_hz) > 120].sum() / power.sum())
            print(f"{tone_hz} Hz, modulation {percent:3} %: {1200 * np.log2(mean / tone_hz):+.2f} cents, deviation "
                  f"{1200 * np.log2(1 + spread / tone_hz):.2f} cents, beyond 120 Hz {noise_db:.0f} dB")


def main():
    program, ladspa = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None
    os.makedirs(OUT, exist_ok=True)
    figures(program, ladspa)
    draw_response(program, ladspa)
    draw_spectrograms(program, ladspa)


if __name__ == "__main__":
    main()
