"""Spoken digits: what autoencoders do for sound, each against a baseline.

    AENB_DATA=FOLDER python -m tests.benchmarks.sound [restoration recognition generation compression] [--out build/sound]

Restoration: the 300 held-out recordings, with 0.25 s of noise before and 0.1 s after each, in noise of five colours and
babble of training recordings, at −5, 0, 5 and 10 dB. The denoiser has learnt from white, pink and speech-shaped noise and
babble, so brown and blue noise are new to it. The baselines measure the noise in the 0.25 s, which is where nobody
speaks; their parameters are the best of a few on 100 training recordings at 0 dB. SI-SDR and the correlation of envelopes
are those of the recording's own samples.

Recognition: a logistic regression on a few labelled training recordings, of digits or of speakers.

Each setting and seed is one JSON line, written as soon as it is known: a command that was cut off goes on where it was.
Trained models are kept in the same folder.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import aenb
from aenb.data.sound.noise import babble, noise, scaled
from aenb.data.sound.spoken_digits import speakers
from aenb.evaluation.metrics.intervals import interval
from aenb.evaluation.metrics.sound_quality import envelope_correlation, si_sdr
from aenb.evaluation.noise_suppression import spectral_gate, wiener
from aenb.training.sound_denoiser import Denoiser, Noises, train_denoiser
from tests.benchmarks.resumable import Lines

RATE, LEAD, TAIL = 8000, 2000, 800
SNRS = (-5, 0, 5, 10)
KINDS = ("white", "pink", "speech", "babble", "brown", "blue")
TUNED = {
    "wiener": (wiener, "smoothing", (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)),
    "gate": (spectral_gate, "threshold", (0.0, 0.75, 1.5, 2.5)),
}


@functools.cache
def recordings() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the training and the held-out recordings, arrays (samples,), whole."""
    data = aenb.load_data("spoken_digits", kind="waveform")
    parts = []
    for examples in (data.x_train, data.x_test):
        waves = data.preprocessing.to_raw(examples)[..., 0]
        parts.append([wave[~np.isnan(wave)] for wave in waves])
    return parts[0], parts[1]


def noisy(waves: list[np.ndarray], kind: str, snr: float, seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return recordings with noise before, in and after them, and the clean ones at the same places, NaN elsewhere."""
    random, given, clean = np.random.default_rng(seed), [], []
    train = recordings()[0]
    for wave in waves:
        target = np.full(LEAD + len(wave) + TAIL, np.nan)
        target[LEAD : LEAD + len(wave)] = wave
        shape = (1, len(target))
        drawn = babble(train, shape, random) if kind == "babble" else noise(shape, kind, RATE, random)
        given.append(np.nan_to_num(target) + scaled(drawn[0], target, snr))
        clean.append(target)
    return given, clean


def restored(method: Callable[[np.ndarray], np.ndarray], given: list, clean: list) -> dict[str, list[float]]:
    """Return SI-SDR and the correlation of envelopes of each restored recording."""
    found = [method(one) for one in given]
    own = [~np.isnan(one) for one in clean]
    return {
        "si_sdr": [float(si_sdr(c, f)) for c, f in zip(clean, found, strict=True)],
        "correlation": [
            envelope_correlation(c[at], f[at], RATE) for c, f, at in zip(clean, found, own, strict=True)
        ],
    }  # fmt: skip


@functools.cache
def tuned(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return a baseline with its best parameter on training recordings at 0 dB, over all kinds of noise."""
    method, parameter, choices = TUNED[name]
    waves = recordings()[0][::27]
    mixtures = [noisy(waves[place::len(KINDS)], kind, 0, 100 + place) for place, kind in enumerate(KINDS)]
    given, clean = (sum((pair[side] for pair in mixtures), []) for side in (0, 1))
    scores = {
        choice: np.mean(restored(lambda x: method(x, LEAD, **{parameter: choice}), given, clean)["si_sdr"])  # noqa: B023
        for choice in choices
    }
    best = max(choices, key=lambda choice: scores[choice])
    print(f"{name}: {parameter} = {best} of {({k: round(float(v), 2) for k, v in scores.items()})}", flush=True)
    return lambda x: method(x, LEAD, **{parameter: best})


def denoiser(seed: int, folder: Path, epochs: int) -> Denoiser:
    """Return the denoiser, trained before or now."""
    import keras

    file = folder / f"denoiser-{seed}-{epochs}.keras"
    if file.exists():
        return Denoiser(keras.models.load_model(file), RATE, 256, 128)
    train = recordings()[0]
    others = (lambda shape, random: babble(train, shape, random),)
    start = time.perf_counter()
    found = train_denoiser(train, RATE, noises=Noises(others=others), epochs=epochs, seed=seed)
    print(f"denoiser {seed}: {time.perf_counter() - start:.0f} s, losses {found.history}", flush=True)
    found.save(file)
    return found


def measure_restoration(method: str, kind: str, snr: int, seed: int, *, folder: Path, epochs: int) -> dict[str, Any]:
    """Measure one method on the held-out recordings in one kind of noise."""
    given, clean = noisy(recordings()[1], kind, snr, seed=1000 * KINDS.index(kind) + snr + 5)
    if method == "none":
        apply: Callable[[np.ndarray], np.ndarray] = lambda x: x  # noqa: E731
    elif method == "denoiser":
        apply = denoiser(seed, folder, epochs).denoise
    else:
        apply = tuned(method)
    scores = restored(apply, given, clean)
    means = {name: float(np.mean(values)) for name, values in scores.items()}
    gain = interval(np.array(scores["si_sdr"]) - snr)
    return {"method": method, "kind": kind, "snr": snr, "seed": seed, **means, "gain": gain.mean, "half": gain.half}


def restoration(folder: Path, seeds: int, epochs: int) -> None:
    """Measure all methods, the ones without a seed once."""
    keys = [
        (method, kind, snr, seed)
        for method in ("none", "gate", "wiener", "denoiser")
        for seed in range(seeds if method == "denoiser" else 1)
        for snr in (0, -5, 5, 10)
        for kind in KINDS
    ]
    lines = Lines(folder / "restoration.jsonl", ("method", "kind", "snr", "seed"))
    lines.complete(keys, functools.partial(measure_restoration, folder=folder, epochs=epochs))


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["restoration"])
    parser.add_argument("--out", type=Path, default=Path("build/sound"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.what:
        PARTS[name](asked.out, asked.seeds, asked.epochs)


PARTS = {"restoration": restoration}

if __name__ == "__main__":
    main()
