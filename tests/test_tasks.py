"""Tasks: what is corrupted, how much of it, and that the same seed spoils alike."""

import numpy as np
import pytest

import aenb
from aenb.core import backend
from aenb.data.corruption import CORRUPTIONS, TASKS, make_task
from aenb.data.split import hold_out
from aenb.training.session import validation_size
from tests.thorough import thorough

backend.start()
KINDS = {"image": (8, 8, 3), "tabular": (12,), "signal": (20, 3), "text": (15,)}
CASES = [
    (task, name, kind) for task, ways in TASKS.items() for name, way in ways.items() for kind in way.kinds
]  # fmt: skip


def items(kind, n=400):
    draw = np.random.default_rng(0)
    shape = (n, *KINDS[kind])
    if kind == "text":
        return draw.integers(1, 50, shape).astype("int32")
    return draw.uniform(0.2, 0.9, shape).astype("float32")


def corrupt(task, name, kind, amount=None, seed=(0, 1)):
    x = items(kind)
    given, target = make_task(task, name, amount, kind)(backend.tf.constant(x), list(seed))
    return x, np.asarray(given), np.asarray(target)


@pytest.mark.parametrize(("task", "name", "kind"), CASES)
def test_targets_stay_whole_and_the_same_seed_spoils_alike(task, name, kind):
    x, given, target = corrupt(task, name, kind)
    np.testing.assert_array_equal(target, x)
    assert given.dtype == x.dtype
    assert given.shape == x.shape
    assert (given != x).any()
    np.testing.assert_array_equal(given, corrupt(task, name, kind)[1])
    assert (given != corrupt(task, name, kind, seed=(0, 2))[1]).any()
    assert (given != corrupt(task, name, kind, seed=(1, 1))[1]).any()


@pytest.mark.parametrize(("task", "name", "kind"), [case for case in CASES if case[1] in ("random", "swap")])
@pytest.mark.parametrize("amount", [0.1, 0.6])
def test_the_amount_is_the_share_that_is_spoilt(task, name, kind, amount):
    x, given, _ = corrupt(task, name, kind, amount)
    chance = 1 / 49 if kind == "text" and name == "swap" else 1 / 400 if name == "swap" else 0  # swapped for an equal
    assert np.mean(given != x) == pytest.approx(amount * (1 - chance), abs=0.02)


def test_gaussian_noise_has_its_deviation_and_images_stay_in_range():
    x, given, _ = corrupt("denoise", "gaussian", "tabular", 0.7)
    assert np.std(given - x) == pytest.approx(0.7, rel=0.03)
    _, given, _ = corrupt("denoise", "gaussian", "image", 0.7)
    assert given.min() == 0
    assert given.max() == 1


def test_salt_and_pepper_are_black_and_white_in_all_channels():
    x, given, _ = corrupt("denoise", "salt_and_pepper", "image", 0.4)
    corrupted = given != x
    assert corrupted.any(axis=-1).mean() == pytest.approx(0.4, abs=0.02)
    assert (corrupted.all(axis=-1) == corrupted.any(axis=-1)).all()
    assert set(np.unique(given[corrupted])) == {0, 1}
    assert np.mean(given[corrupted]) == pytest.approx(0.5, abs=0.03)


def test_a_hole_is_a_square_of_the_size_asked_for_in_many_places():
    x, given, _ = corrupt("inpaint", "square", "image", 0.4)
    holes = (given != x).all(axis=-1)
    assert (holes.sum(axis=(1, 2)) == 9).all()  # 0.4 · 8 is 3 pixels
    assert (holes.any(axis=1).sum(axis=1) == 3).all()
    assert len({tuple(np.argwhere(hole)[0]) for hole in holes}) == 36  # every place there is


def test_a_stretch_hides_all_channels_of_some_steps():
    x, given, _ = corrupt("inpaint", "stretch", "signal", 0.25)
    hidden = (given != x).all(axis=-1)
    assert (hidden.sum(axis=1) == 5).all()
    assert (np.abs(np.diff(hidden.astype(int), axis=1)).sum(axis=1) <= 2).all()


def test_what_is_missing_is_nan_in_the_target_and_zero_in_the_input():
    x = items("tabular")
    x[::3, 2] = np.nan
    given, target = make_task("impute", None, None, "tabular")(backend.tf.constant(x), [0, 0])
    np.testing.assert_array_equal(np.asarray(target), x)
    assert (np.asarray(given)[::3, 2] == 0).all()
    assert np.isfinite(np.asarray(given)).all()


def test_swapping_never_touches_what_fills_a_text_up():
    x = items("text")
    x[:200, 7:] = 0
    given, _ = make_task("denoise", "swap", 0.9, "text")(backend.tf.constant(x), [0, 0])
    np.testing.assert_array_equal(np.asarray(given) == 0, x == 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"task": "denoise", "corruption": "sqare"}, "Did you mean `square`"),
        ({"task": "denoise", "corruption": "square"}, "Unknown corruption `square` of the task denoise"),
        ({"task": "inpaint", "amount": 1.5}, "expected the part of each side, at most 1; received 1.5"),
        ({"corruption": "square"}, "expected a task that corrupts"),
        ({"task": "denoize"}, "Did you mean `denoise`"),
    ],
)
def test_what_does_not_fit_is_refused(digits, settings, message):
    with pytest.raises(aenb.AenbError, match=message):
        aenb.train("deep", digits, epochs=1, verbose=False, **settings)


def test_a_task_that_a_kind_of_data_has_not_is_refused():
    with pytest.raises(aenb.AenbError, match="expected one for tabular data"):
        make_task("inpaint", None, None, "tabular")
    assert {"gaussian", "square"} <= set(CORRUPTIONS)


@pytest.fixture(scope="module")
def restorers(digits):
    """Runs that learnt to restore, and one that did not."""
    settings = {"hidden_units": (256,), "latent_dim": 32, "epochs": 60, "batch_size": 64, "verbose": False}
    tasks = {"denoise": {"amount": 0.3}, "inpaint": {"corruption": "square"}, "reconstruct": {}}
    return {task: aenb.train("deep", digits, task=task, **options, **settings) for task, options in tasks.items()}


def test_denoising_is_learnt_and_scored_beside_what_was_given(restorers):
    scores = restorers["denoise"].evaluate(parts="reconstruction")
    assert scores["mse"] < 0.6 * scores["input_mse"]
    assert scores["mse"] < scores["pca_mse"]
    assert "left as given" in repr(restorers["denoise"])
    assert "not-checked" not in {finding.code for finding in restorers["denoise"].diagnose()}
    noisy = restorers["denoise"].corrupt(restorers["denoise"].data.x_test)
    x = restorers["denoise"].data.x_test
    taught, untaught = (np.mean((restorers[task].denoise(noisy) - x) ** 2) for task in ("denoise", "reconstruct"))
    assert taught < untaught


def test_inpainting_keeps_what_is_known_and_fills_the_rest(restorers, digits):
    x = digits.x_test
    mask = np.zeros((8, 8, 1), bool)
    mask[3:6, 2:5] = True
    filled = restorers["inpaint"].inpaint(x, mask)
    np.testing.assert_array_equal(filled[:, ~mask], x[:, ~mask])
    hole = filled[:, mask] - x[:, mask]
    assert np.mean(hole**2) < 0.5 * np.mean((digits.x_train[:, mask].mean(axis=0) - x[:, mask]) ** 2)
    with pytest.raises(aenb.AenbError, match="`mask`: expected a shape"):
        restorers["inpaint"].inpaint(x, np.zeros((5, 5), bool))


def test_imputing_without_a_task_for_it_beats_the_mean(restorers, digits):
    x = digits.x_test.copy()
    missing = np.random.default_rng(0).random(x.shape) < 0.2
    x[missing] = np.nan
    filled = restorers["reconstruct"].impute(x)
    np.testing.assert_array_equal(filled[~missing], digits.x_test[~missing])
    error = np.mean((filled - digits.x_test)[missing] ** 2)
    mean = np.broadcast_to(digits.x_train.mean(axis=0), x.shape)
    assert error < 0.6 * np.mean((mean - digits.x_test)[missing] ** 2)


def test_a_table_with_missing_values_trains_on_what_was_observed():
    from sklearn.datasets import load_wine

    table = load_wine().data
    corrupted = table.copy()
    corrupted[np.random.default_rng(0).random(table.shape) < 0.3] = np.nan
    run = aenb.train("deep", corrupted, task="impute", hidden_units=(32,), latent_dim=4, epochs=20, verbose=False)
    assert np.isfinite(run.history["val_loss"]).all()
    assert run.history["loss"][-1] < 0.8 * run.history["loss"][0]
    assert np.isfinite(run.evaluate(parts="reconstruction")["mse"])


def test_restarts_keep_the_best_seed(digits):
    settings = {"latent_dim": 3, "hidden_units": (32,), "epochs": 3, "verbose": False}
    run = aenb.train("deep", digits, restarts=3, seed=5, **settings)
    alone = {seed: aenb.train("deep", digits, seed=seed, **settings) for seed in (5, 6, 7)}
    losses = {one["seed"]: one["val_loss"] for one in run.record["restarts"]}
    assert losses == {seed: one.history["val_loss"][-1] for seed, one in alone.items()}
    best = min(losses, key=losses.get)
    assert run.history == alone[best].history
    np.testing.assert_array_equal(run.reconstruct(digits.x_test), alone[best].reconstruct(digits.x_test))
    assert f"seed {best}" in repr(run)
    assert run.spec.seed == 5
    assert "--restarts 3" in run.to_cell()


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 40, "patience": 2},
        *thorough({"epochs": 12, "patience": 50}, {"epochs": 12}),
    ],
)
def test_restarts_are_ranked_by_the_weights_that_are_kept(digits, settings):
    settings = {"limit": 150, "batch_size": 16, "hidden_units": (32,), "latent_dim": 3, **settings}
    settings |= {"learning_rate": 0.05, "verbose": False}  # it leaps: the last epoch is not the best
    run = aenb.train("deep", digits, restarts=3, seed=1, **settings)
    held_out = run.data.train[hold_out(len(run.data.train), validation_size(run.data))[1]]

    def loss(one):  # computed outside of Keras's own evaluation
        return float(np.square(one.reconstruct(held_out) - held_out).mean())

    alone = {seed: aenb.train("deep", digits, seed=seed, **settings) for seed in (1, 2, 3)}
    kept = {seed: loss(one) for seed, one in alone.items()}
    assert loss(run) == pytest.approx(min(kept.values()), rel=1e-6)
    assert f"seed {min(kept, key=kept.get)}" in repr(run)
