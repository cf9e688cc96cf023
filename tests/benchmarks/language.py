"""Texts on WordNet's phrases, held out: what a text VAE gains over a language model, and which remedy against collapse.

    python -m tests.benchmarks.language [--what lm vae:none vae:free_bits deep] [--seeds 0 1 2] [--epochs 20]

Each line of `build/language.jsonl` is a training: an autoregressive VAE of 32 dimensions with one remedy against
posterior collapse, a language model of the same size (the same decoder without a code, on the same tokens), or an
autoencoder without a prior. The NLL is the importance-weighted bound of `--examples` held-out texts, with `--samples`
codes each. A benchmark that was cut off is resumed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import aenb
from aenb.data.record import Data
from aenb.data.sets.phrases import written_phrases
from aenb.data.split import spread
from aenb.data.values.scaling import units
from aenb.evaluation.language_model import LanguageModel, num_tokens, perplexity
from aenb.evaluation.metrics.elbo import active_units, estimate_evidence
from aenb.models.autoencoder import parts
from tests.benchmarks import machine
from tests.benchmarks.resumable import Lines

FILE = Path("build/language.jsonl")
REMEDIES: dict[str, dict[str, Any]] = {
    "none": {"free_bits": 0.0},
    "free_bits": {"free_bits": 0.5},
    "free_bits_1": {"free_bits": 1.0},
    "word_dropout": {"free_bits": 0.0, "word_dropout": 0.4},
    "warmup": {"free_bits": 0.0, "kl_warmup": 0.5},
    "cycles": {"free_bits": 0.0, "kl_warmup": 0.125, "kl_cycles": 4},
    "lagging": {"free_bits": 0.0, "kl_warmup": 0.3, "lagging_steps": 0.2},
    "beta": {"free_bits": 0.0, "beta": 0.2},
    "parallel": {"decoder_type": "parallel"},
}


def settings(remedy: str, steps: int) -> dict[str, Any]:
    """Return the hyperparameters of a remedy; those that count steps are given as parts of all steps."""
    given = REMEDIES[remedy]
    return {name: round(value * steps) if name in ("kl_warmup", "lagging_steps") else value
            for name, value in given.items()}  # fmt: skip


class Benchmark:
    """Trains and scores one model at a time.

    Args:
        asked: The command line.
    """

    def __init__(self, asked: argparse.Namespace):
        self.asked = asked
        data = written_phrases(asked.subwords) if asked.subwords else aenb.load_data(asked.data)
        self.data: Data = data.limit(asked.limit)
        self.held = units(self.data.test[spread(len(self.data.test), asked.examples)])

    def measure(self, what: str, seed: int, data: str, epochs: int, units: str, decoder: str) -> dict[str, Any]:
        """Train a model and return a line of the file."""
        begin, busy = time.perf_counter(), time.process_time()
        kind, _, remedy = what.partition(":")
        scores = {"lm": self._lm, "vae": self._vae, "deep": self._deep}[kind](remedy, seed)
        line = {"what": what, "seed": seed, "data": data, "epochs": epochs, "units": units, "decoder": decoder}
        took = {"seconds": round(time.perf_counter() - begin), "cpu": round(time.process_time() - busy)}
        return line | {name: round(value, 4) for name, value in scores.items()} | took

    def _train(self, family: str, seed: int, **others: Any) -> aenb.Run:
        asked = self.asked
        units = {"hidden_units": tuple(asked.units), "decoder_type": asked.decoder} | others
        if units["decoder_type"] == "parallel":
            units.pop("hidden_units")
        return aenb.train(
            family, self.data, latent_dim=asked.latent_dim, epochs=asked.epochs, batch_size=asked.batch_size,
            learning_rate=asked.learning_rate, seed=seed, verbose=False, xla=asked.xla, patience=asked.epochs, **units,
        )  # fmt: skip

    def _vae(self, remedy: str, seed: int) -> dict[str, float]:
        asked = self.asked
        steps = asked.epochs * -(-int(0.9 * len(self.data.train)) // asked.batch_size)
        run = self._train("vae", seed, **settings(remedy, steps))
        found = estimate_evidence(run.model.evidence, (self.held, self.held), samples=asked.samples).scores()
        active = int(active_units(run.encode(self.data.test)).sum())
        return self._per_token(found["nll"]) | {"elbo": found["elbo"], "kl": found["kl"], "active_units": active,
                                                **self._accuracy(run), **self._history(run)}  # fmt: skip

    def _deep(self, remedy: str, seed: int) -> dict[str, float]:
        given = {"decoder_type": "parallel"} if remedy == "parallel" else {}
        run = self._train("deep", seed, **given)
        return self._accuracy(run) | self._history(run)

    def _lm(self, remedy: str, seed: int) -> dict[str, float]:
        asked = self.asked
        aenb.core.backend.keras.utils.set_random_seed(seed)
        model = aenb.build_model("vae", self.data.input_shape, vocabulary=len(self.data.vocabulary),
                                 latent_dim=asked.latent_dim, hidden_units=tuple(asked.units),
                                 decoder_type=asked.decoder)  # fmt: skip
        trained, x = LanguageModel(parts(model)["decoder"]), units(self.data.train[:])
        history = trained.fit(x, epochs=asked.epochs, batch_size=asked.batch_size, learning_rate=asked.learning_rate,
                              validation=len(x) // 10)  # fmt: skip
        return self._per_token(float(trained.nll(self.held).mean())) | {"val_loss": min(history["val_loss"])}

    def _per_token(self, nll: float) -> dict[str, float]:
        return {"nll": nll, "perplexity": perplexity(nll, float(num_tokens(self.held).mean()))}

    def _accuracy(self, run: aenb.Run) -> dict[str, float]:
        made, there = run.reconstruct(self.held), self.held != 0
        right = (made == self.held)[there]
        of_texts = ((made == self.held) | ~there).all(axis=1)
        return {"accuracy": float(right.mean()), "whole_texts": float(of_texts.mean())}

    def _history(self, run: aenb.Run) -> dict[str, float]:
        losses = run.history["val_loss"]
        return {"val_loss": min(losses), "best_epoch": int(np.argmin(losses)) + 1}


def main() -> None:
    """Read the command line, measure what is missing and print the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = ["lm", *(f"vae:{name}" for name in REMEDIES), "deep", "deep:parallel"]
    parser.add_argument("--what", nargs="*", default=what, choices=what)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--data", default="wordnet")
    parser.add_argument("--subwords", type=int, help="so many subword units of WordNet's phrases as they are written")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--units", nargs="*", type=int, default=[256])
    parser.add_argument("--decoder", default="gru", choices=["gru", "attention"])
    parser.add_argument("--latent-dim", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--xla", default="auto", choices=["auto", "on", "off"])
    parser.add_argument("--file", type=Path, default=FILE)
    asked = parser.parse_args()
    print(machine.describe(), flush=True)
    benchmark = Benchmark(asked)
    print(benchmark.data, flush=True)
    data = f"{benchmark.data.name}, {len(benchmark.data.train)}, {len(benchmark.data.vocabulary)}"
    units = " ".join(map(str, asked.units))
    keys = [(what, seed, data, asked.epochs, units, asked.decoder) for seed in asked.seeds for what in asked.what]
    Lines(asked.file, ("what", "seed", "data", "epochs", "units", "decoder")).complete(keys, benchmark.measure)


if __name__ == "__main__":
    main()
