"""Spoken digits: what autoencoders do for sound, each against a baseline.

    AENB_DATA=FOLDER python -m tests.benchmarks.sound [restoration recognition generation compression] [--out
    build/sound]

Restoration: the 300 held-out recordings, with 0.25 s of noise before and 0.1 s after each, in noise of five colours and
babble of training recordings, at −5, 0, 5 and 10 dB. The denoiser has learnt from white, pink and speech-shaped noise
and babble, so brown and blue noise are new to it. The baselines measure the noise in the 0.25 s, which is where nobody
speaks; their parameters are the best of a few on 100 training recordings at 0 dB. SI-SDR and the correlation of
envelopes are those of the recording's own samples.

Recognition: a logistic regression on a few labelled training recordings, of digits or of speakers.

Generation: digits on request, by a conditional VAE of mel spectra; classifiers of real recordings judge the sounds.

Compression: the waveform codec with eight residual codebooks, 7 kbit/s, against µ-law of 8 to 2 bits a sample.

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
from aenb.data.sets.spoken_digits import speakers
from aenb.data.sound import mu_law
from aenb.data.sound.noise import babble, noise, scaled
from aenb.evaluation.metrics.intervals import interval
from aenb.evaluation.metrics.probes import few_labels
from aenb.evaluation.metrics.sound_quality import envelope_correlation, si_sdr
from aenb.evaluation.noise_suppression import spectral_gate, wiener
from aenb.training.sound_denoiser import Denoiser, Noises, train_denoiser
from tests.benchmarks.resumable import Lines

RATE, LEAD, TAIL = 8000, 2000, 800
CODES = 32  # dimensions of latent codes, and of PCA
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


@functools.cache
def images() -> Any:
    """Return the recordings as images of mel spectra."""
    return aenb.load_data("spoken_digits")


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
    mixtures = [noisy(waves[place :: len(KINDS)], kind, 0, 100 + place) for place, kind in enumerate(KINDS)]
    given, clean = ([one for pair in mixtures for one in pair[side]] for side in (0, 1))
    scores = {
        choice: np.mean(restored(lambda x: method(x, LEAD, **{parameter: choice}), given, clean)["si_sdr"])  # noqa: B023
        for choice in choices
    }
    best = max(choices, key=lambda choice: scores[choice])
    print(f"{name}: {parameter} = {best} of { ({k: round(float(v), 2) for k, v in scores.items()}) }", flush=True)
    return lambda x: method(x, LEAD, **{parameter: best})


def denoiser(seed: int, folder: Path, epochs: int) -> Denoiser:
    """Return the denoiser, trained before or now."""
    import keras

    file = folder / f"denoiser-{seed}-{epochs}.keras"
    if file.exists():
        return Denoiser(keras.models.load_model(file, compile=False), RATE, 256, 128)
    train = recordings()[0]
    others = (lambda shape, random: babble(train, shape, random),)
    start = time.perf_counter()
    found = train_denoiser(train, RATE, noises=Noises(others=others), epochs=epochs, seed=seed)
    print(f"denoiser {seed}: {time.perf_counter() - start:.0f} s, losses {found.history}", flush=True)
    found.save(file)
    return found


def measure_restoration(
    method: str, kind: str, snr: int, seed: int, *, folder: Path, epochs: int, every: int
) -> dict[str, Any]:
    """Measure one method on the held-out recordings in one kind of noise."""
    given, clean = noisy(recordings()[1][::every], kind, snr, seed=1000 * KINDS.index(kind) + snr + 5)
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


def restoration(folder: Path, seeds: int, epochs: int, every: int = 1) -> None:
    """Measure all methods, the ones without a seed once; of `every` held-out recordings one."""
    keys = [
        (method, kind, snr, seed)
        for snr in (0, -5, 5, 10)
        for method in ("none", "gate", "wiener", "denoiser")
        for seed in range(seeds if method == "denoiser" else 1)
        for kind in KINDS
    ]
    name = f"restoration-{every}.jsonl" if every > 1 else "restoration.jsonl"
    lines = Lines(folder / name, ("method", "kind", "snr", "seed"))
    lines.complete(keys, functools.partial(measure_restoration, folder=folder, epochs=epochs, every=every))


def features(which: str, seed: int, folder: Path, epochs: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features of the training and the held-out recordings, learnt or computed without labels."""
    data = images()
    train, test = (x.reshape(len(x), -1) for x in (data.x_train, data.x_test))
    if which == "raw":
        return train, test
    if which == "pca":
        from sklearn.decomposition import PCA

        pca = PCA(CODES, random_state=seed).fit(train)
        return pca.transform(train), pca.transform(test)
    run = _run("vae", folder / f"vae-{seed}-{epochs}", data, epochs, seed, latent_dim=CODES)
    return run.encode(data.x_train), run.encode(data.x_test)


def _run(family: str, path: Path, data: Any, epochs: int, seed: int, **settings: Any) -> Any:
    """Return a run that was trained before, or train it now."""
    if path.exists():
        return aenb.load_run(path).adopt(data)
    start = time.perf_counter()
    settings = {"filters": (), "hidden_units": (256,), "batch_size": 64, "learning_rate": 1e-3} | settings
    run = aenb.train(family, data, epochs=epochs, seed=seed, verbose=False, **settings)
    print(f"{family} {seed}: {time.perf_counter() - start:.0f} s", flush=True)
    run.save(path)
    return run


def measure_recognition(which: str, task: str, labels: int, seed: int, *, folder: Path, epochs: int) -> dict[str, Any]:
    """Measure the accuracy of a logistic regression on a few labelled recordings of each class, drawn 10 times."""
    data = images()
    codes, test_codes = features(which, seed, folder, epochs)
    known = {"digit": (data.y_train, data.y_test), "speaker": (speakers(data.names_train), speakers(data.names_test))}
    y, y_test = known[task]
    accuracy = few_labels(codes, y, test_codes, y_test, labels, repeats=5, seed=seed)
    return {"features": which, "task": task, "labels": labels, "seed": seed, "accuracy": accuracy}


def recognition(folder: Path, seeds: int, epochs: int) -> None:
    """Measure digits and speakers from features, with 1, 5 and 10 labels a class."""
    keys = [
        (which, task, labels, seed)
        for seed in range(seeds)
        for which in ("raw", "pca", "codes")
        for task in ("digit", "speaker")
        for labels in (10, 5, 1)
    ]
    lines = Lines(folder / "recognition.jsonl", ("features", "task", "labels", "seed"))
    found = lines.complete(keys, functools.partial(measure_recognition, folder=folder, epochs=epochs))
    for which, task, labels in dict.fromkeys((one["features"], one["task"], one["labels"]) for one in found):
        values = [
            one["accuracy"] for one in found if (one["features"], one["task"], one["labels"]) == (which, task, labels)
        ]
        print(f"{task}, {labels} labels, {which}: {interval(values)}", flush=True)


@functools.cache
def judges() -> tuple[Any, Any, dict[str, float]]:
    """Return classifiers of digits and of speakers, fitted to training recordings, and their held-out accuracies."""
    from sklearn.svm import SVC

    data = images()
    x, x_test = (one.reshape(len(one), -1) for one in (data.x_train, data.x_test))
    found = []
    for y, y_test in ((data.y_train, data.y_test), (speakers(data.names_train), speakers(data.names_test))):
        judge = SVC(C=10, gamma="scale").fit(x, y)
        found.append((judge, float(judge.score(x_test, y_test))))
    return found[0][0], found[1][0], {"digit_judge": found[0][1], "speaker_judge": found[1][1]}


def measure_generation(seed: int, *, folder: Path, epochs: int) -> dict[str, Any]:
    """Ask a conditional VAE for 30 recordings of each digit, and judge the sounds that Griffin-Lim makes of them."""
    data = images()
    run = _run("vae", folder / f"cvae-{seed}-{epochs}", data, epochs, seed, latent_dim=16, conditional=True)
    asked = np.repeat(np.arange(10), 30)
    sound, (digit, speaker, scores) = data.sound, judges()
    heard = sound.waves(run.generate(len(asked), seed=seed, labels=asked))
    x = sound.examples(heard).reshape(len(asked), -1)
    real = np.concatenate([data.x_test[data.y_test == one] for one in range(10)]).reshape(300, -1)  # 30 of each
    right = digit.predict(x) == asked
    voices = speaker.predict(x)

    def spread(of: np.ndarray) -> float:
        """Return the mean distance of two sounds of one digit."""
        return float(np.mean([np.linalg.norm(a - b) for d in range(10) for a, b in _pairs(of[30 * d : 30 * d + 30])]))

    return {
        "seed": seed, "accuracy": float(right.mean()),
        "by_digit": {str(one): float(right[asked == one].mean()) for one in range(10)},
        "voices": {str(name): int((voices == name).sum()) for name in np.unique(voices)},
        "spread": spread(x), "real_spread": spread(real), **scores,
    }  # fmt: skip


def _pairs(x: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(x[place], x[(place + step) % len(x)]) for step in (1, 7, 13) for place in range(len(x))]


def generation(folder: Path, seeds: int, epochs: int) -> None:
    """Measure digits on request."""
    keys = [(seed,) for seed in range(seeds)]
    Lines(folder / "generation.jsonl", ("seed",)).complete(
        keys, functools.partial(measure_generation, folder=folder, epochs=epochs)
    )


def measure_compression(method: str, bits: int, seed: int, *, folder: Path, epochs: int) -> dict[str, Any]:
    """Measure µ-law with some bits a sample, or the codec with some codebooks of 128 entries, held out."""
    data = aenb.load_data("spoken_digits", kind="waveform")
    target = data.preprocessing.to_raw(data.x_test)[..., 0]
    if method == "mu-law":
        found, rate = mu_law.decode(mu_law.encode(np.nan_to_num(target), bits), bits), bits * RATE
    else:
        run = _run(
            "vqvae", folder / f"codec-{bits}-{seed}-{epochs}", data, epochs, seed, hidden_units=None, batch_size=16,
            filters=(24, 48, 64), strides=(4, 4, 4), num_embeddings=128, num_quantizers=bits, embedding_dim=32,
            activation="elu", prior_units=16, prior_layers=1,
        )  # fmt: skip
        found = data.preprocessing.to_raw(run.reconstruct(data.x_test))[..., 0]
        rate = bits * 7 * RATE / 64
    quality = [float(si_sdr(one, other)) for one, other in zip(target, found, strict=True)]
    heard = [~np.isnan(one) for one in target]
    envelopes = [
        envelope_correlation(one[at], other[at], RATE) for one, other, at in zip(target, found, heard, strict=True)
    ]
    return {
        "method": method, "bits": bits, "seed": seed, "bits_per_second": rate,
        "si_sdr": float(np.mean(quality)), "correlation": float(np.mean(envelopes)),
    }  # fmt: skip


def compression(folder: Path, seeds: int, epochs: int) -> None:
    """Measure bits per second against fidelity."""
    keys = [("mu-law", bits, 0) for bits in (8, 6, 4, 3, 2)] + [("codec", 8, seed) for seed in range(seeds)]
    Lines(folder / "compression.jsonl", ("method", "bits", "seed")).complete(
        keys, functools.partial(measure_compression, folder=folder, epochs=epochs)
    )


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["restoration"])
    parser.add_argument("--out", type=Path, default=Path("build/sound"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--every", type=int, default=1, help="restoration: take one of so many held-out recordings")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.what:
        more = {"every": asked.every} if name == "restoration" else {}
        PARTS[name](asked.out, asked.seeds, asked.epochs, **more)


PARTS = {
    "restoration": restoration,
    "recognition": recognition,
    "generation": generation,
    "compression": compression,
}

if __name__ == "__main__":
    main()
