"""Sounds to see and to listen to: examples, reconstructions and generated samples, as spectrograms and players."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from aenb.data.sound.mel import FLOOR, log_mel
from aenb.data.sound.stft import stft
from aenb.data.values.scaling import units
from aenb.figures.players import Players
from aenb.figures.plots import STYLE, drawable
from aenb.figures.views.view import view
from aenb.figures.views.view_inputs import ViewInputs
from aenb.latent.sampling import samples
from aenb.models.autoencoder import interface

SHOWN = 5


def sounds(inputs: ViewInputs) -> tuple[dict[str, np.ndarray], list[str]]:
    """Return recordings by the name of their row, (n, samples) each, and what the columns are.

    They are held-out examples, corrupted as the task does, reconstructed; and generated samples, if there is a prior.
    """
    data, run, chosen = inputs.data, inputs.run, inputs.data.shown[:SHOWN]
    y, rows = units(data.test[chosen]), {}
    labels = data.y_test[chosen] if run.is_conditional else None
    if not run.is_generator:
        corrupted = run.corrupt(y)
        rows = {"original": y} | ({} if corrupted is y else {"corrupted": corrupted})
        rows["reconstruction"] = np.where(np.isnan(y), np.nan, run.reconstruct(corrupted, labels))
    if interface(run.model).sample_prior is not None:
        rows["generated"] = samples(run, len(chosen), labels=labels)
    waves = {name: _waves(inputs, x) for name, x in rows.items()}
    return waves, _words(inputs, chosen)


def _waves(inputs: ViewInputs, x: np.ndarray) -> np.ndarray:
    preprocessing = inputs.run.preprocessing
    return preprocessing.sound.waves(x if preprocessing.kind == "image" else preprocessing.to_raw(x))


def _words(inputs: ViewInputs, chosen: np.ndarray) -> list[str]:
    """Return what each column is called: its class, or else its name."""
    data = inputs.data
    if data.y_test is not None and not data.unseen:
        return [data.class_words[number] for number in data.class_numbers(data.y_test[chosen])]
    return [str(place if data.names_test is None else data.names_test[place]) for place in chosen]


def _fits(inputs: ViewInputs) -> bool:
    return inputs.run.preprocessing.sound is not None


def _players(inputs: ViewInputs) -> str:
    waves, words = sounds(inputs)
    return Players(waves, inputs.run.preprocessing.sound.sample_rate, words)._repr_html_()


@view(
    order=0,
    summary="sounds to listen to: held-out examples, reconstructions and samples; spectrograms, and players",
    fits=_fits,
    beside=_players,
)
def listening(inputs: ViewInputs) -> Figure:
    """Draw the spectrogram of each sound: mel bands over time, louder is brighter."""
    (waves, words), sound = sounds(inputs), inputs.run.preprocessing.sound
    with rc_context(STYLE):
        figure = Figure(figsize=(7.4, 0.5 + 1.15 * len(waves)), layout="constrained")
        grid = figure.subplots(len(waves), len(words), squeeze=False, sharex=True, sharey=True)
        for place, (axes_row, (name, row)) in enumerate(zip(grid, waves.items(), strict=True)):
            for axes, wave, word in zip(axes_row, row, words, strict=True):
                level = log_mel(np.abs(stft(wave, sound.n_fft, sound.hop)), sound.sample_rate, sound.bands)
                axes.imshow(
                    level.T, origin="lower", aspect="auto", cmap="magma", vmin=FLOOR, vmax=0, interpolation="nearest",
                    extent=(0, len(wave) / sound.sample_rate, 0, sound.bands),
                )  # fmt: skip
                if place == 0:
                    axes.set_title(drawable(word[:20]), parse_math=False)
            axes_row[0].set_ylabel(f"{name}\nmel band", fontsize=8)
        figure.supxlabel("time (s)", fontsize=9)
        return figure
