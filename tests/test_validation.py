"""Validation on the engine: the same loss as Keras's own, on items that are held, corrupted as asked."""

import numpy as np
import pytest

from aenb.core.backend import keras, tf
from aenb.engine import Engine, Validation

DRAW = np.random.default_rng(0)
X = DRAW.random((64, 6), "float32")
HELD = DRAW.random((25, 6), "float32")  # two batches of 10, and one of 5


def built():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(6)])
    model.compile("adam", "mse", metrics=["mae"])
    return model


def fit(model, held=HELD, prepare=lambda number, x: (x, x), callbacks=(), epochs=2):
    validation = Validation((held,), batch_size=10, prepare=prepare)
    engine = Engine(model, (X, X), np.arange(len(X)), batch_size=16)
    return engine.fit(epochs=epochs, callbacks=list(callbacks), validation=validation).history


def test_it_reports_what_evaluate_does_for_every_metric():
    model = built()
    history = fit(model)
    again = model.evaluate(HELD, HELD, batch_size=10, verbose=0, return_dict=True)
    assert set(history) == {"loss", "mae", "val_loss", "val_mae"}
    assert {name: history[f"val_{name}"][-1] for name in again} == pytest.approx(again, rel=1e-6)


def test_callbacks_see_each_batch_and_the_training_is_the_same_as_without():
    seen, alone = [], built()
    watch = keras.callbacks.Callback()
    watch.on_test_batch_end = lambda batch, logs=None: seen.append((batch, type(logs["loss"])))
    model = built()
    fit(model, callbacks=[watch])
    assert seen == [(0, float), (1, float), (2, float)] * 2
    Engine(alone, (X, X), np.arange(len(X)), batch_size=16).fit(epochs=2, callbacks=[])
    assert all((a == b).all() for a, b in zip(model.get_weights(), alone.get_weights(), strict=True))


def test_a_batch_is_told_its_number():
    numbers = []

    def prepare(number, x):
        tf.py_function(lambda n: numbers.append(int(n)), [number], [])
        return x, x

    fit(built(), prepare=prepare)
    assert numbers == [0, 1, 2] * 2


def test_a_callback_may_evaluate_other_data():
    other, found = DRAW.random((30, 6), "float32"), []

    class Evaluates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            found.append((self.model.evaluate(other, other, verbose=0)[0], logs["val_loss"]))

    model = built()
    history = fit(model, callbacks=[Evaluates()])
    assert found[-1][0] == pytest.approx(float(np.mean((model.predict(other, verbose=0) - other) ** 2)), rel=1e-5)
    assert [loss for _, loss in found] == history["val_loss"]


def test_a_stop_within_it_leaves_the_model_with_functions_of_its_own():
    class Stop(Exception):
        pass

    def stop(batch, logs=None):
        raise Stop

    watch, model = keras.callbacks.Callback(), built()
    watch.on_test_batch_end = stop
    with pytest.raises(Stop):
        fit(model, callbacks=[watch])
    assert model.test_function is None
    assert model.evaluate(X, X, verbose=0)[0] == pytest.approx(
        float(np.mean((model.predict(X, verbose=0) - X) ** 2)), rel=1e-5
    )
