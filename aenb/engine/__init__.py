"""The engine: many training steps in one call, inside Keras's `fit`.

Keras's `fit` calls `model.train_function` once a step, and a call costs milliseconds where a small model's
arithmetic costs a tenth of that. The engine puts its own train function there. It holds the items on the device once,
and runs a chunk of steps as one `tf.while_loop`, which gathers each batch by the epoch's order and gives it to the
model's own `train_step`: several optimisers, named losses, metrics, sample weights and masks are the model's business.

`fit` still sees every step: callbacks, history, validation and `stop_training` stay Keras's. The steps of a chunk are
run when the last of them is asked for, so that what a callback sees at the end of a chunk and of an epoch is exact, and
steps that were not yet run when a callback stops the training are never run. A chunk takes about a tenth of a second.
Its length changes neither the weights nor the logs, and compiles nothing anew.

    loop.py        the train function and its chunks
    feed.py        where batches come from: the device's memory, or blocks read ahead
    state.py       all that a training changes, taken and given back; the search for the step that went wrong
    validation.py  the examples held out for validation, and how they are scored after each epoch
    adam.py        Adam in one pass over the weights
    fair_lock.py   a training and its readers, one after the other
    checkpoint.py  a training on disk, from which it can go on

Not here: what is trained on what, and how a run comes of it (`training`).
"""

from aenb.engine.fair_lock import FairLock
from aenb.engine.feed import Resident, Streamed
from aenb.engine.loop import Engine, compiles_well, has_convolutions
from aenb.engine.state import Diverged, State
from aenb.engine.validation import Validation

__all__ = [
    "Diverged",
    "Engine",
    "FairLock",
    "Resident",
    "State",
    "Streamed",
    "Validation",
    "compiles_well",
    "has_convolutions",
]
