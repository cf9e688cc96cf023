import threading
import time

import numpy as np
import pytest

import aenb
from aenb.core.backend import keras, tf
from aenb.core.control import Halt
from aenb.engine import Diverged, Engine, FairLock, adam, compiles_well, divergence, feed
from aenb.engine.adam import one_pass_adam
from aenb.engine.state import capture, restore, variables
from aenb.training.build import _seeded

DRAW = np.random.default_rng(0)
X = DRAW.random((107, 6), "float32")  # 10 batches of 10, and one of 7


def built(**hyperparameters):
    with _seeded(0):
        return aenb.build_model("deep", (6,), hidden_units=(5,), latent_dim=2, **hyperparameters)


def engine(model, *, index=None, batch_size=10, arrays=(X, X), **arguments):
    index = np.arange(len(arrays[0])) if index is None else index
    return Engine(model, arrays, index, batch_size=batch_size, **arguments)


def weights(model):
    return [w.copy() for w in model.get_weights()]


def same(a, b):
    return all((x == y).all() for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("jit_compile", [True, False])
def test_the_same_seed_gives_the_same_bits_whatever_the_length_of_a_chunk(jit_compile):
    ends = []
    for chunk in (1, 3, 1000, 1000):
        model = built()
        run = engine(model, seed=5, jit_compile=jit_compile)
        run._chunk, run._adapt = chunk, lambda *_: None
        history = run.fit(epochs=3, callbacks=[]).history
        ends.append((weights(model), history))
    for after, history in ends[1:]:
        assert same(after, ends[0][0])
        assert history == ends[0][1]


@pytest.mark.parametrize("index", [np.arange(107), np.arange(4)])  # with a smaller last step, and with nothing else
def test_without_xla_a_step_is_traced_once(index, monkeypatch):
    model, traced = built(), []
    step = model.train_step
    monkeypatch.setattr(model, "train_step", lambda *data: traced.append(tf.executing_eagerly()) or step(*data))
    engine(model, index=index, jit_compile=False).fit(epochs=2, callbacks=[])
    assert traced == [False]


def test_another_seed_gives_other_weights():
    models = built(), built()
    for model, seed in zip(models, (0, 1), strict=True):
        engine(model, seed=seed).fit(epochs=1, callbacks=[])
    assert not same(*map(weights, models))


def test_it_is_plain_fit_in_the_same_order():
    ours, plain = built(), built()
    run = engine(ours, seed=3)
    got = run.fit(epochs=2, callbacks=[]).history
    expected = []
    for epoch in range(2):
        x = X[np.random.default_rng((3, epoch)).permutation(107)]
        expected += plain.fit(x, x, batch_size=10, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(got["loss"], expected, rtol=1e-5)
    for a, b in zip(weights(ours), weights(plain), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_only_the_items_of_the_index_are_trained_on_each_once_an_epoch():
    seen = []

    class Spy(keras.Model):
        def train_step(self, data):
            tf.py_function(lambda x: seen.append(x.numpy()), [data[0]], [])
            return super().train_step(data)

    inputs = keras.Input((6,))
    model = Spy(inputs, keras.layers.Dense(6)(inputs))
    model.compile("adam", "mse")
    index = np.arange(0, 107, 2)
    engine(model, index=index, jit_compile=False).fit(epochs=2, callbacks=[])
    epochs = np.concatenate(seen).reshape(2, len(index), 6)
    assert not (epochs[0] == epochs[1]).all()
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch, axis=0), np.sort(X[index], axis=0))


def test_callbacks_see_every_step_and_the_last_state_of_each_epoch():
    steps, kept = [], {}

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(batch)

        def on_epoch_end(self, epoch, logs=None):
            kept[epoch] = int(self.model.optimizer.iterations.numpy()), dict(logs)

    model = built()
    history = (
        engine(model).fit(epochs=4, initial_epoch=1, callbacks=[Watch()], validation_data=(X[:20], X[:20])).history
    )
    assert steps == [*range(11)] * 3
    assert [kept[epoch][0] for epoch in (1, 2, 3)] == [11, 22, 33]
    assert len(history["loss"]) == len(history["val_loss"]) == 3
    assert kept[3][1]["val_loss"] == pytest.approx(np.mean((X[:20] - model.predict(X[:20], verbose=0)) ** 2), rel=1e-5)


def test_stopping_stops_at_once_and_drops_what_was_not_run():
    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 4:
                self.model.stop_training = True

    model = built()
    run = engine(model)
    run._chunk, run._adapt = 3, lambda *_: None
    history = run.fit(epochs=5, callbacks=[Stop()]).history
    assert len(history["loss"]) == 1
    assert int(model.optimizer.iterations.numpy()) == 4  # the first step alone, then a chunk of three


def test_sample_weights_reach_the_loss():
    weight = np.zeros(107, "float32")
    weight[:50] = 2.0
    model = built()
    model.optimizer.learning_rate = 1e-12
    got = engine(model, arrays=(X, X, weight)).fit(epochs=1, callbacks=[]).history["loss"][0]
    error = ((X - model.predict(X, verbose=0)) ** 2).mean(axis=1)
    assert got == pytest.approx((error * weight).mean(), rel=1e-5)


def test_every_named_term_is_reported_as_it_is():
    model = aenb.build_model("shallow", (6,), latent_dim=4, activation="sigmoid", sparsity="l1", sparsity_weight=0.3)
    model.optimizer.learning_rate = 1e-12
    logs = engine(model).fit(epochs=1, callbacks=[]).history
    code = model.get_layer("encoder").predict(X, verbose=0)
    error = np.mean((X - model.predict(X, verbose=0)) ** 2)
    assert logs["reconstruction_loss"][0] == pytest.approx(error, rel=1e-5)
    assert logs["loss"][0] == pytest.approx(error + 0.3 * np.abs(code).mean(), rel=1e-5)


class Pair(keras.Model):
    """Two nets with an optimiser and a loss each, as a GAN has."""

    def __init__(self):
        super().__init__()
        self.first, self.second = keras.layers.Dense(6), keras.layers.Dense(6)
        self.tracked = {name: keras.metrics.Mean(name) for name in ("first_loss", "second_loss")}

    def compile(self):
        super().compile(loss=None)
        self.optimizers = {"first": keras.optimizers.Adam(0.1), "second": keras.optimizers.SGD(0.1)}
        for name, optimizer in self.optimizers.items():
            part = getattr(self, name)
            part.build((None, 6))
            optimizer.build(part.trainable_variables)
        self.built = True

    @property
    def metrics(self):
        return list(self.tracked.values())

    def train_step(self, data):
        x, y = data
        for name, optimizer in self.optimizers.items():
            part = getattr(self, name)
            with tf.GradientTape() as tape:
                loss = keras.ops.mean((part(x) - y) ** 2)
            optimizer.apply(tape.gradient(loss, part.trainable_variables), part.trainable_variables)
            self.tracked[f"{name}_loss"].update_state(loss, sample_weight=keras.ops.shape(x)[0])
        return self.get_metrics_result()


def test_a_model_of_several_optimisers_and_losses():
    model = Pair()
    model.compile()
    history = engine(model).fit(epochs=5, callbacks=[]).history
    for name in ("first_loss", "second_loss"):
        assert history[name][-1] < history[name][0]
    assert [int(o.iterations.numpy()) for o in model.optimizers.values()] == [55, 55]


def test_afterwards_it_is_a_plain_keras_model():
    model = built()
    engine(model).fit(epochs=1, callbacks=[])
    assert model.train_function is None
    assert len(model.fit(X, X, epochs=2, verbose=0).history["loss"]) == 2


def test_a_callback_that_raises_is_heard_and_leaves_the_model_usable():
    def fail(batch, logs=None):
        raise RuntimeError("from the callback")

    model = built()
    with pytest.raises(RuntimeError, match="from the callback"):
        engine(model).fit(epochs=1, callbacks=[keras.callbacks.LambdaCallback(on_train_batch_end=fail)])
    assert model.train_function is None
    model.fit(X, X, verbose=0)


def test_a_batch_larger_than_the_data_is_all_of_it():
    model = built()
    run = engine(model, batch_size=1000)
    assert run.steps == 1
    run.fit(epochs=3, callbacks=[])
    assert int(model.optimizer.iterations.numpy()) == 3


def test_chunks_grow_to_a_tenth_of_a_second():
    model = built()
    run = engine(model)
    run.fit(epochs=60, callbacks=[])
    assert run._chunk > 11


@pytest.mark.xla
def test_xla_is_chosen_by_the_models_layers_and_the_examples():
    many = np.zeros(5_000, int)  # the first example, again and again
    assert compiles_well(built(), 5_000)
    assert not compiles_well(built(), 4_999)
    assert engine(built(), index=many).jit_compile is True
    assert engine(built()).jit_compile is False
    assert not compiles_well(aenb.build_model("conv", (8, 8, 1)), 5_000)
    assert engine(built(), index=many, jit_compile=False).jit_compile is False
    own = keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)])
    assert not compiles_well(aenb.build_model("deep", (8, 8, 1), encoder=own), 5_000)  # two models down
    wrapped = keras.layers.TimeDistributed(keras.layers.Conv1D(2, 3))
    assert not compiles_well(keras.Sequential([keras.Input((4, 8, 1)), wrapped]), 5_000)


class Rows:
    """Items that are read when they are asked for, as a memory map's are."""

    def __init__(self, array):
        self.array, self.shape, self.dtype = array, array.shape, array.dtype
        self.read = []

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        self.read.append(index)
        return self.array[index]


@pytest.mark.parametrize("block", [1, 3 * 240, 2**23])  # bytes: a step, three steps, all of them
@pytest.mark.parametrize("jit_compile", [True, False])
def test_streamed_items_give_the_bits_of_held_ones(monkeypatch, block, jit_compile):
    monkeypatch.setattr(feed, "BLOCK", block)
    held, streamed = built(), built()
    expected = engine(held, arrays=(X, X), jit_compile=jit_compile).fit(epochs=3, callbacks=[]).history
    rows = Rows(X)
    run = engine(streamed, arrays=(rows, rows), jit_compile=jit_compile)
    assert not run.is_resident
    assert run.fit(epochs=3, callbacks=[]).history == expected
    assert same(weights(held), weights(streamed))
    assert "aenb-read-ahead" not in " ".join(thread.name for thread in threading.enumerate())


def test_a_read_that_fails_is_heard():
    class Broken(Rows):
        def __getitem__(self, index):
            if isinstance(index, np.ndarray):
                raise OSError("the disk is gone")
            return self.array[index]

    with pytest.raises(OSError, match="the disk is gone"):
        engine(built(), arrays=(Broken(X), X)).fit(epochs=1, callbacks=[])


def test_bytes_are_held_as_bytes_and_scaled_in_the_graph():
    raw = (X * 255).astype("uint8")
    ours, plain = built(), built()
    run = engine(ours, arrays=(raw,), prepare=lambda batch: (tf.cast(batch, "float32") / 255.0,) * 2)
    scaled = raw.astype("float32") / np.float32(255)
    got = run.fit(epochs=2, callbacks=[]).history["loss"]
    expected = engine(plain, arrays=(scaled, scaled)).fit(epochs=2, callbacks=[]).history["loss"]
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    assert run._feed._tensors[0].dtype == tf.uint8


class Poisoned(keras.Model):
    """A model with two terms of its loss, of which one breaks at a step that the weights decide."""

    def __init__(self, step):
        super().__init__()
        self.dense = keras.layers.Dense(6)
        self.broken_at = step
        self.terms = {name: keras.metrics.Mean(name) for name in ("loss", "reconstruction_loss", "kl_loss")}
        self.dense.build((None, 6))
        self.built = True

    @property
    def metrics(self):
        return list(self.terms.values())

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            reconstruction = keras.ops.mean((self.dense(x) - y) ** 2)
            now = tf.cast(self.optimizer.iterations, "float32")
            kl = tf.where(now >= self.broken_at, tf.math.log(-1.0), 0.5) * tf.reduce_mean(self.dense.kernel**2)
            loss = reconstruction + kl
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        for name, value in zip(self.terms, (loss, reconstruction, kl), strict=True):
            self.terms[name].update_state(value)
        return self.get_metrics_result()


def poisoned(step):
    with _seeded(0):
        model = Poisoned(step)
    model.compile(keras.optimizers.Adam(0.01))
    return model


@pytest.mark.parametrize(  # 11 steps an epoch, of which the last is smaller
    ("step", "chunk", "kept_seconds"),
    [(0, 1, 0.0), (1, 1000, 1e9), (6, 4, 0.0), (10, 4, 1e9), (11, 1000, 0.0), (27, 4, 0.0), (27, 1000, 1e9)],
)
def test_a_broken_loss_is_traced_to_its_term_and_step_and_taken_back(monkeypatch, step, chunk, kept_seconds):
    monkeypatch.setattr(divergence, "KEPT_SECONDS", kept_seconds)
    model, good = poisoned(step), poisoned(1e9)
    run = engine(model)
    run._chunk, run._adapt = chunk, lambda *_: None
    with pytest.raises(Diverged) as caught:
        run.fit(epochs=5, callbacks=[])
    assert (caught.value.epoch, caught.value.step) == divmod(step, 11)
    assert list(caught.value.terms) == ["kl_loss"]
    assert caught.value.reason() == f"kl_loss became nan at step {step % 11 + 1} of epoch {step // 11 + 1}"

    class Until(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == step - 1:
                raise Halt

    other = engine(good)
    other._adapt = lambda *_: None
    if step > 1:
        with pytest.raises(Halt):
            other.fit(epochs=5, callbacks=[Until()])
    assert same(weights(model), weights(good))
    assert int(model.optimizer.iterations) == max(0, step - 1)  # the weights of the last good loss


def test_a_loss_without_bounds_is_found():
    model = built(output_activation="linear")
    model.optimizer = keras.optimizers.SGD(50.0)
    with pytest.raises(Diverged) as caught:
        engine(model).fit(epochs=50, callbacks=[])
    assert np.isfinite(model.get_layer("decoder").get_weights()[0]).all()
    assert "loss became" in caught.value.reason()


def test_a_state_is_all_that_a_training_changes():
    model = built()
    run = engine(model)
    run.fit(epochs=1, callbacks=[])
    state = run.state()
    assert (state.epoch, state.step) == (0, 11)
    before = capture(model)
    run.fit(epochs=1, callbacks=[])
    assert not same(before, capture(model))
    restore(model, before)
    assert same(before, capture(model))
    assert len(variables(model)) == len(model.weights) + len(model.optimizer.variables) + len(model.metrics_variables)


def test_the_states_of_several_optimisers_are_found():
    model = Pair()
    model.compile()
    paths = {variable.path for variable in variables(model)}
    assert {variable.path for each in model.optimizers.values() for variable in each.variables} <= paths


@pytest.mark.parametrize("jit_compile", [True, False])
def test_adam_in_one_pass_is_keras_adam(monkeypatch, jit_compile):
    ends = []
    for many in (10**9, 0):
        monkeypatch.setattr(adam, "MIN_WEIGHTS", many)
        model = built()
        model.optimizer.learning_rate = 0.01
        engine(model, jit_compile=jit_compile).fit(epochs=20, callbacks=[])
        ends.append([*weights(model), *(np.array(v) for v in model.optimizer.variables)])
        assert "update_step" not in vars(model.optimizer)
    if not jit_compile:
        assert not same(*ends)
    for keras_own, one_pass in zip(*ends, strict=True):
        np.testing.assert_allclose(one_pass, keras_own, rtol=2e-3, atol=2e-5)


def test_adam_in_one_pass_is_for_plain_adam_and_large_models(monkeypatch):
    monkeypatch.setattr(adam, "MIN_WEIGHTS", 0)
    model = built()
    with one_pass_adam(model) as applies:
        assert applies
    model.compile(keras.optimizers.Adam(amsgrad=True), "mse")
    with one_pass_adam(model) as applies:
        assert not applies
    monkeypatch.undo()
    with one_pass_adam(built()) as applies:
        assert not applies


def test_a_reader_waits_for_its_turn_and_is_not_kept_waiting():
    """Between two chunks a reader gets in, though the training asks for the next turn at once."""
    turns, order = FairLock(), []

    def train():
        for _ in range(50):
            with turns:
                order.append("chunk")
                time.sleep(0.01)

    trainer = threading.Thread(target=train)
    trainer.start()
    time.sleep(0.05)
    for _ in range(3):
        with turns:
            order.append("read")
    trainer.join()
    last = len(order) - order[::-1].index("read")
    assert last < 20
