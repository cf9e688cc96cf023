"""What each family makes of Fashion-MNIST after two minutes of training: a picture, and a table beside it.

    python -m tests.benchmarks.gallery [--seconds 120] [--families vae gan …] [--out build/gallery]

Defaults throughout, but for the time: each stops at the end of a step once its seconds are over. The classes of 2,000
samples are told by the extractor of the generation metrics.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import aenb
from aenb.comparison.budget import Budget
from aenb.comparison.figure import draw_strips
from aenb.extractor import load_extractor
from aenb.metrics.generation import class_histogram, frechet_distance
from aenb.plots import STYLE
from tests.benchmarks import machine

SAMPLES, COLUMNS, EPOCHS = 2000, 10, 1000


def measure(family: str, data, seconds: float, out: Path) -> dict:
    """Train a family, and keep what it makes: `FAMILY.npz` with rows of images, `FAMILY.json` with figures."""
    callbacks = Budget(seconds=seconds).callbacks()
    run = aenb.train(family, data, epochs=EPOCHS, callbacks=callbacks, verbose=False)
    made, extractor = run.generate(SAMPLES, seed=1), load_extractor(data)
    features, probabilities = extractor(made)
    x = data.examples()
    scores = run.evaluate(parts="reconstruction")
    found = {
        "family": family,
        "seconds": round(run.seconds, 1),
        "items": round(run.record["items_per_second"] * run.seconds),
        "parameters": run.model.count_params(),
        "mse": round(scores["mse"], 4),
        "frechet": round(frechet_distance(features, extractor.features(data.x_test)), 1),
        "rarest_class": round(100 * float(class_histogram(probabilities).min()), 1),
        "findings": [finding.code for finding in run.diagnose()],
    }
    np.savez(out / f"{family}.npz", original=x, reconstruction=run.reconstruct(x), generated=made[:COLUMNS])
    (out / f"{family}.json").write_text(json.dumps(found, indent=2))
    return found


def picture(out: Path, families: list[str]) -> Path:
    """Draw what the families made: the originals, and for each its reconstructions beside its samples."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    drawn = {family: dict(np.load(out / f"{family}.npz")) for family in families}
    strips = [("original", next(iter(drawn.values()))["original"], None)]
    strips += [(name, x["reconstruction"], x["generated"]) for name, x in drawn.items()]
    with rc_context(STYLE):
        figure = Figure(figsize=(9.8, 0.62 * len(strips)), layout="constrained")
        draw_strips(figure, strips, COLUMNS)
        figure.savefig(out / "families.png", dpi=130, metadata={"Software": None})
    return out / "families.png"


def table(found: list[dict]) -> str:
    """Set the figures as Markdown."""
    head = ["family", "images seen", "seconds", "parameters", "test MSE", "Fréchet distance", "rarest class", "found"]
    lines = [head, ["---", *["---:"] * (len(head) - 2), "---"]]
    for one in found:
        lines.append(
            [
                f"`{one['family']}`", f"{one['items']:,}", f"{one['seconds']:.0f}", f"{one['parameters']:,}",
                f"{one['mse']:.4f}", f"{one['frechet']:.1f}", f"{one['rarest_class']:.1f}%",
                ", ".join(one["findings"]) or "–",
            ]
        )  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{machine.describe()}\n"


def main() -> None:
    """Train those asked for, one after another, and write the picture and the table of all that were ever trained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--families", nargs="*", default=list(aenb.families()), choices=list(aenb.families()))
    parser.add_argument("--out", type=Path, default=Path("build/gallery"))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    data = aenb.load_data("fashion_mnist")
    for family in asked.families:
        print(measure(family, data, asked.seconds, asked.out), flush=True)
    done = [family for family in aenb.families() if (asked.out / f"{family}.json").exists()]
    print(table([json.loads((asked.out / f"{family}.json").read_text()) for family in done]))
    print(picture(asked.out, done))


if __name__ == "__main__":
    main()
