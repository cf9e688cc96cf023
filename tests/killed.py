"""A training to be killed: `main`, in a process of its own, trains in a folder, resumes what is there, and ends.

It writes checkpoints as often as it can, so that a kill meets one being written.
"""

import hashlib
import sys

import aenb
from aenb.engine import checkpoint

SETTINGS = {
    "epochs": 60,
    "batch_size": 16,
    "hidden_units": (256, 64),
    "latent_dim": 8,
    "seed": 7,
    "patience": 50,
    "xla": "off",
}


def digest(run) -> str:
    """Return the SHA-256 of a run's weights, its optimiser and its history."""
    found = hashlib.sha256()
    for variable in (*run.model.get_weights(), *(v.numpy() for v in run.model.optimizer.variables)):
        found.update(variable.tobytes())
    found.update(repr(sorted(run.history.items())).encode())
    return found.hexdigest()


def train(**arguments):
    """Train it, in this process."""
    return aenb.train("deep", "digits", verbose=False, **SETTINGS, **arguments)


def main() -> None:
    """Train in the folder that is this process's first argument; report on stdout what it does."""
    checkpoint.INTERVAL, checkpoint.SHARE = 0.0, 0.5
    write = checkpoint.Checkpoint.write

    def told(self, *arguments):
        print("writing", flush=True)
        done = write(self, *arguments)
        print("written", flush=True)
        return done

    checkpoint.Checkpoint.write = told
    print("done", digest(train(checkpoint=sys.argv[1], resume=True)), flush=True)
