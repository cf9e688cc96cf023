import gc
import inspect
import os
import random
import signal
import sys
import threading
import time

import numpy as np
import pytest

import aenb
from aenb.core.backend import gradients_forgotten, tf
from aenb.core.progress import Silent
from aenb.data.split import hold_out
from aenb.runs.spec import Spec
from aenb.training.fitted_defaults import batch_size
from aenb.training.session import validation_batch, validation_size
from aenb.training.train import train_spec


def weights(run):
    return [w.copy() for w in run.model.get_weights()]


def quick(data, **settings):
    return aenb.train("deep", data, **{"epochs": 2, "hidden_units": (16,), "verbose": False, **settings})


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(digits):
    first, second, other = quick(digits, seed=3), quick(digits, seed=3), quick(digits, seed=4)
    assert all((a == b).all() for a, b in zip(weights(first), weights(second), strict=True))
    assert first.history == second.history
    assert any((a != b).any() for a, b in zip(weights(first), weights(other), strict=True))


def test_the_users_random_numbers_are_left_alone(digits):
    random.seed(1)
    np.random.seed(1)
    expected = random.random(), np.random.random()
    random.seed(1)
    np.random.seed(1)
    quick(digits)
    assert (random.random(), np.random.random()) == expected


def validation_items(data):
    """Return the training items that are kept aside for validation, and the others."""
    kept, held_out = hold_out(len(data.x_train), validation_size(data))
    return data.x_train[held_out], data.x_train[kept]


@pytest.mark.parametrize(
    ("family", "size"), [("deep", 1024), ("conv", 1024), ("diffusion", 2**28 // (40 * 28 * 28 * 24))]
)
def test_validation_goes_in_smaller_batches_if_a_layer_has_many_values(family, size):
    data = aenb.load_data("mnist_5k", limit=100)
    assert validation_batch(data, aenb.build_model(family, data.input_shape)) == size


def test_validation_items_are_not_trained_on(digits):
    validation, training = validation_items(digits)
    assert len(validation) == 144
    assert len(training) == 1293
    assert not {row.tobytes() for row in validation} & {row.tobytes() for row in training}


def test_the_reported_losses_are_the_models(digits):
    run = quick(digits, epochs=3, learning_rate=1e-9)  # weights hardly move: the epoch's mean is that of one model
    for name, x in zip(("val_loss", "loss"), validation_items(digits), strict=True):
        assert run.history[name][-1] == pytest.approx(np.mean((x - run.reconstruct(x)) ** 2), rel=1e-5)


def test_the_learning_rate_and_the_batch_size_are_used(digits):
    run = quick(digits, learning_rate=0.005, batch_size=7)
    assert float(run.model.optimizer.learning_rate.numpy()) == pytest.approx(0.005)
    assert int(run.model.optimizer.iterations.numpy()) == 2 * -(-1293 // 7)


@pytest.mark.parametrize(
    ("family", "items", "expected"),
    [("deep", 60_000, 256), ("vaegan", 60_000, 64), ("deep", 4000, 64), ("deep", 142, 8)],
)
def test_few_items_are_taken_in_small_batches(family, items, expected):
    assert batch_size(Spec(family), items) == expected
    assert batch_size(Spec(family, batch_size=100), items) == 100


def test_patience_stops_early_and_keeps_the_best(digits):
    run = quick(digits, epochs=200, patience=2, learning_rate=0.03)
    assert run.status == "stopped early"
    assert 3 <= run.epochs < 200
    x, _ = validation_items(digits)
    assert np.mean((x - run.reconstruct(x)) ** 2) == pytest.approx(min(run.history["val_loss"]), rel=1e-4)
    assert "Stopped early" in run.summary


def test_an_interrupt_keeps_the_run(digits):
    import keras

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2 and self.model.optimizer.iterations.numpy() > 100:
                threading.Timer(0, os.kill, (os.getpid(), signal.SIGINT)).start()

    run = quick(digits, epochs=500, batch_size=256, callbacks=[Interrupt()])
    assert run.status == "interrupted"
    assert 15 <= run.epochs < 500
    scores = run.evaluate(parts="reconstruction")
    assert scores["mse"] < 1.1 * scores["mean_mse"]  # it has learnt the mean image by then
    assert len(run.history["val_loss"]) == run.epochs
    assert "what was learnt is kept" in run.summary


def test_an_interrupt_that_python_loses_is_heard_after_the_step(digits, monkeypatch):
    import keras

    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda error: lost.append(error.exc_type))

    class Dying:
        def __del__(self):  # what is raised here is printed, not raised
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.01)

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 3:
                Dying()

    run = quick(digits, epochs=500, callbacks=[Interrupt()])
    assert run.status == "interrupted"
    assert 4 <= run.epochs <= 5
    assert lost == [KeyboardInterrupt]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_that_tracing_turns_into_another_error_is_an_interrupt(digits):
    import keras

    class Turned(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt as error:
                raise RuntimeError("while tracing") from error

    run = quick(digits, epochs=500, callbacks=[Turned()])
    assert run.status == "interrupted"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_loss_that_is_not_finite_stops_the_training_with_a_reason(digits):
    run = quick(
        digits,
        epochs=50,
        learning_rate=9.9,
        output_activation="linear",
        activation="linear",
        hidden_units=(64,) * 12,
    )
    assert run.status == "diverged"
    assert run.epochs < 50
    assert "--learning-rate 0.99" in run.summary
    assert "diverged" in repr(run)
    assert run._repr_png_().startswith(b"\x89PNG")


def test_a_callback_that_raises_is_heard(digits):
    import keras

    def fail(*_):
        raise RuntimeError("from the callback")

    with pytest.raises(RuntimeError, match="from the callback"):
        quick(digits, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=fail)])


def test_a_batch_larger_than_the_data(digits):
    assert quick(digits, batch_size=65536).epochs == 2


def test_the_fewest_rows():
    run = quick(np.random.default_rng(0).random((4, 3)))
    assert run.epochs == 2
    assert np.isfinite(run.evaluate(parts="reconstruction")["mse"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"latent": 3}, "Did you mean `latent_dim`"),
        ({"epoch": 3}, "Did you mean `epochs`"),
        ({"epochs": 0}, "`epochs`: expected a whole number from 1"),
        ({"epochs": "many"}, "received 'many'"),
        ({"learning_rate": 0}, "a number above 0"),
        ({"limit": 3}, "at least 4"),
        ({"name": "two words"}, "Python name"),
        ({"task": "denois"}, "Unknown task"),
        ({"family": "var"}, "Unknown family"),
    ],
)
def test_bad_settings_are_named_before_anything_is_loaded(settings, message):
    with pytest.raises(aenb.AenbError, match=message):
        aenb.train(**{"family": "deep", "data": "no such data", "verbose": False, **settings})


def test_the_signature_names_the_options():
    names = inspect.signature(aenb.train).parameters
    assert {"epochs", "batch_size", "learning_rate", "seed", "patience", "limit", "task"} <= set(names)


def test_a_table_of_ones_own():
    import pandas as pd

    draw = np.random.default_rng(0)
    codes = draw.normal(size=(400, 2))
    frame = pd.DataFrame(codes @ draw.normal(size=(2, 6)) + 5, columns=list("abcdef"))
    run = aenb.train(
        "shallow",
        frame,
        latent_dim=2,
        activation="linear",
        epochs=60,
        batch_size=32,
        learning_rate=0.01,
        verbose=False,
    )
    assert run.encode(frame).shape == (400, 2)  # a frame is raw, and brought to the model's units
    np.testing.assert_allclose(run.encode(frame), run.encode(run.data.prepare(frame)), atol=1e-6)
    assert (
        run.evaluate(parts="reconstruction")["mse"] < 0.01 * run.evaluate(parts="reconstruction")["mean_mse"]
    )  # the table is of rank 2
    assert "standardised" in repr(run)


def test_a_code_as_long_as_an_item_is_not_held_against_pca():
    run = aenb.train("shallow", np.random.default_rng(0).random((40, 3)), latent_dim=3, epochs=1, verbose=False)
    assert "as long as an example" in repr(run)
    assert "times that of PCA" not in repr(run)
    run = aenb.train(
        "shallow", np.random.default_rng(0).random((40, 3)), task="denoise", latent_dim=3, epochs=1, verbose=False
    )
    assert "times that of what it was given" in repr(run)


def test_progress_in_a_terminal(digits, capsys):
    quick(digits, verbose=True)
    out, err = capsys.readouterr()
    assert "Training deep on digits: 1,437 training" in out
    assert "Trained 2 epochs in" in out
    assert err == ""


def test_a_training_that_is_let_go_of_leaves_no_graph_behind(digits):
    def graphs():
        gc.collect()
        return sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects())

    quick(digits)
    before = graphs()
    for xla in ("on", "off"):
        quick(digits, xla=xla)
    assert graphs() <= before


def test_custom_gradients_outside_of_a_training_are_kept():
    @tf.custom_gradient
    def triple(x):
        return 3 * x, lambda upstream: 7 * upstream

    @tf.function
    def graph(x):
        return triple(x)

    value = tf.constant(2.0)
    graph(value)
    with gradients_forgotten():
        tf.function(lambda x: triple(x))(value)
    with tf.GradientTape() as tape:
        tape.watch(value)
        result = graph(value)
    assert float(tape.gradient(result, value)) == 7


def test_tensorflow_is_said_to_start_only_when_it_does(digits):
    aenb.build_model("shallow", (8, 8, 1))  # it has started now
    stages, view = [], Silent()
    view.stage = lambda text, control=None: stages.append(text)
    train_spec(Spec("deep", epochs=1, limit=100), digits, (), view)
    assert "Building the model …" in stages
    assert not any("TensorFlow" in text for text in stages)
