"""What the search for better defaults of the adversarial families varies.

The first choice of each setting is today's default: an empty dict. So a trial's settings name only what it changes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Settings = dict[str, Any]
Space = dict[str, list[Settings]]


def choices(name: str, *values: Any) -> dict[str, list[Settings]]:
    """Return the choices of a setting: its default, and some values."""
    return {name: [{}, *({name: value} for value in values)]}


BODY = {
    "body": [
        {},
        {"filters": (64, 128)},
        {"filters": (32, 64), "hidden_units": (256,)},
        {"filters": (64, 128), "hidden_units": (512,)},
    ]
}
AUGMENT = choices("diff_augment", "translation", "translation,cutout", "translation,cutout,brightness")
R1 = choices("r1", 0.01, 0.1, 1.0)
NORM = choices("spectral_norm", True)

SPACES: dict[str, Space] = {
    "gan": {
        **choices("loss", "nonsaturating", "hinge", "wgan_gp"),
        **R1, **AUGMENT, **NORM,
        **choices("learning_rate", 2e-4, 5e-4, 2e-3),
        **choices("discriminator_learning_rate", 2e-4, 5e-4, 2e-3, 4e-3),
        **choices("discriminator_steps", 2),
        **choices("batch_size", 64, 128),
        **choices("batch_features", 0),
        **choices("generator_average", 0.99, 0.9999),
        **choices("latent_dim", 32, 128),
        **BODY,
    },
    "aae": {
        **choices("matching", "mmd"),
        **choices("prior_weight", 0.001, 0.01, 0.03, 0.1),
        **choices("r1", 0.1, 1.0, 10.0), **NORM,
        **choices("learning_rate", 5e-4, 2e-3),
        **choices("discriminator_learning_rate", 1e-4, 1e-3, 2e-3),
        **choices("discriminator_steps", 2, 4),
        **choices("discriminator_units", (128,), (512, 512)),
        **choices("batch_size", 64, 128, 512),
        **choices("decoder_average", 0.99, 0.999),
        **choices("latent_dim", 8, 32),
        "body": [{}, {"filters": (64, 128)}, {"filters": (32, 64), "hidden_units": (512,)}],
    },
    "vaegan": {
        **choices("loss", "nonsaturating"),
        **choices("gamma", 1e-3, 0.1, 1.0),
        **R1, **AUGMENT, **NORM,
        **choices("learning_rate", 2e-4, 5e-4, 2e-3),
        **choices("discriminator_learning_rate", 1e-4, 3e-4, 2e-3),
        **choices("batch_size", 128, 256),
        **choices("decoder_average", 0.99, 0.999),
        **choices("latent_dim", 16, 64),
        **BODY,
    },
}  # fmt: skip
WITHOUT_DISCRIMINATOR = ("r1", "spectral_norm", "discriminator_learning_rate", "discriminator_steps",
                         "discriminator_units")  # fmt: skip


def trial(family: str, number: int) -> Settings:
    """Return the settings of a trial, always the same: what it changes in the defaults.

    Trial 0 changes nothing. The next ones change one setting each, so that what a change causes is seen alone. The rest
    draw each setting at random: its default as often as all other choices together.

    Args:
        family: A key of `SPACES`.
        number: 0, 1, …
    """
    space = SPACES[family]
    alone = [{}, *(choice for options in space.values() for choice in options[1:])]
    if number < len(alone):
        return alone[number]
    draw = np.random.default_rng([list(SPACES).index(family), number])
    found: Settings = {}
    for options in space.values():
        chosen = options[1 + int(draw.integers(len(options) - 1))]
        found |= chosen if draw.random() < 0.5 else {}
    return fitting(found)


def fitting(settings: Settings) -> Settings:
    """Leave out what another setting leaves without effect, and what a family would refuse."""
    left_out = WITHOUT_DISCRIMINATOR if settings.get("matching") == "mmd" else ()
    return {name: value for name, value in settings.items() if name not in left_out}
