"""Augmentation measured: its accuracies on digits, its intervals, and what it refuses."""

import numpy as np
import pytest

import aenb
from aenb.evaluation.augmentation import measure_augmentation
from aenb.evaluation.metrics.intervals import interval


class Copies:
    """A conditional run as far as the measurement needs one: its samples are training examples, or noise."""

    is_conditional = True

    def __init__(self, data, noisy=False):
        self.data, self.noisy, self.asked = data, noisy, []

    def generate(self, n, seed=0, *, labels):
        self.asked.append(list(labels))
        draw = np.random.default_rng(seed)
        rows = [draw.choice(np.flatnonzero(self.data.y_train == label)) for label in labels]
        x = self.data.x_train[rows]
        return draw.random(x.shape, "float32") if self.noisy else x


def few_neighbours(seed):
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(1)


@pytest.mark.parametrize("noisy", [False, True])
def test_perfect_samples_help_as_much_as_more_labels_and_noise_does_not(digits, noisy):
    run = Copies(digits, noisy)
    found = measure_augmentation(run, digits, per_class=[5, 20], generated=30, seeds=3, classifier=few_neighbours)
    rows = found.accuracies
    assert rows[["per_class", "seed"]].to_numpy().tolist() == [[5, 0], [5, 1], [5, 2], [20, 0], [20, 1], [20, 2]]
    assert run.asked[0] == sorted(list(range(10)) * 30)
    means = rows.groupby("per_class")[["few", "generated", "more"]].mean()
    assert 0.7 < means.loc[5, "few"] < means.loc[20, "few"] < means.loc[20, "more"] < 1
    if noisy:
        assert (means["generated"] <= means["few"]).all()
    else:
        assert means.loc[5, "generated"] > means.loc[5, "few"] + 0.05
        assert means.loc[5, "generated"] == pytest.approx(means.loc[5, "more"], abs=0.03)


def test_the_gain_is_that_of_pairs_and_has_its_interval(digits):
    found = measure_augmentation(Copies(digits), digits, per_class=[5], generated=10, seeds=3,
                                 classifier=few_neighbours)  # fmt: skip
    rows, scores = found.accuracies, found.intervals()[5]
    gain = interval((rows["generated"] - rows["few"]).tolist())
    assert scores["gain"] == gain
    table = found.to_frame()
    assert table.loc[5, "gain by generated"] == f"{100 * gain.mean:+.1f} % ± {100 * gain.half:.1f}"
    assert "labels per class" in found._repr_html_()


def test_more_labels_are_left_out_if_there_are_not_so_many(digits):
    found = measure_augmentation(Copies(digits), digits, per_class=[50], generated=120, seeds=1,
                                 classifier=few_neighbours)  # fmt: skip
    assert np.isnan(found.accuracies.loc[0, "more"])
    assert "more" not in found.intervals()[50]
    assert "and as many more labels" not in found.to_frame()


@pytest.mark.thorough
def test_a_model_can_be_trained_on_the_few_labels_alone(digits):
    seen = []

    def train(few, seed):
        seen.append((len(few.train), seed, np.bincount(few.y_train).tolist()))
        return aenb.train("vae", few, conditional=True, latent_dim=2, hidden_units=(16,), epochs=1, seed=seed,
                          verbose=False)  # fmt: skip

    found = measure_augmentation(train, digits, per_class=[6], generated=3, seeds=2)
    assert seen == [(60, 0, [6] * 10), (60, 1, [6] * 10)]
    assert found.accuracies[["few", "generated", "more"]].to_numpy().min() > 0.5


def test_what_cannot_be_measured_is_refused(digits):
    with pytest.raises(aenb.AenbError, match=r"`per_class`: expected numbers from 1 to 139.*received \[500\]"):
        measure_augmentation(Copies(digits), digits, per_class=[500])
    with pytest.raises(aenb.AenbError, match="`data`: expected images, tables or signals of at least two classes"):
        measure_augmentation(Copies(digits), aenb.load_data(np.zeros((20, 3))))
    run = Copies(digits)
    run.is_conditional = False
    with pytest.raises(aenb.AenbError, match="conditional=True"):
        measure_augmentation(run, digits, per_class=[5])
