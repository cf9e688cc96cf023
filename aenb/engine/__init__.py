"""The engine: many training steps in one call, inside Keras's `fit`.

Keras's `fit` calls `model.train_function` once per step. A call costs milliseconds, ten times as much as a small
model's arithmetic, so the engine substitutes its own train function. It keeps the examples on the device and runs a
chunk of steps as one `tf.while_loop`, which gathers each batch in the epoch's order and passes it to the model's own
`train_step`: that handles several optimisers, named losses, metrics, sample weights and masks.

`fit` still counts every step: callbacks, history, validation and `stop_training` remain Keras's. The steps of a chunk
run when `fit` asks for the last of them. So callbacks see exact values at the end of a chunk and of an epoch, and steps
that have not run when a callback stops the training never run. A chunk takes about a tenth of a second. Its length
affects neither the weights nor the logs, and needs no recompilation.

    loop.py        the train function that `fit` calls, and its chunks of steps
    steps.py       the steps of an epoch as compiled functions; xla.py, whether XLA compiles them
    feed.py        the source of batches: the device's memory, or blocks read ahead
    state.py       capture and restore of all variables of a training
    divergence.py  the test for divergence, and the search for the step at which the loss diverged
    validation.py  the validation examples, and their evaluation after each epoch
    adam.py        Adam in one pass over the weights
    fair_lock.py   a lock that a training and its readers take in turn
    checkpoint.py  a training on disk, to resume from

Not here: the choice of model and data, and the run that results (`training`).
"""

from aenb.engine.divergence import Diverged
from aenb.engine.fair_lock import FairLock
from aenb.engine.feed import Resident, Streamed
from aenb.engine.loop import Engine
from aenb.engine.state import State
from aenb.engine.validation import Validation
from aenb.engine.xla import compiles_well, has_convolutions

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
