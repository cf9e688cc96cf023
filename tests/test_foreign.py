import numpy as np
import pandas as pd
import pytest

import aenb
from aenb.data.load import find_data


class Endless:
    """Nine items, and whatever it is asked for beyond them."""

    def __len__(self):
        return 9

    def __getitem__(self, place):
        return np.full(3, place + 0.5)


class Itself(Endless):
    def __getitem__(self, place):
        return self


class Huge(Endless):
    def __len__(self):
        return 2**60


class Broken(Endless):
    def __getitem__(self, place):
        raise KeyError("of its own\nkind")


class Odd:
    def __getattr__(self, name):
        raise RuntimeError(f"{name}?")


@pytest.mark.parametrize("make", [Endless, lambda: [Endless()] * 9], ids=["alone", "in a list"])
def test_an_object_is_asked_for_as_many_items_as_it_says_that_it_has(make):
    assert aenb.load_data(make()).n == 9


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Itself, "expected up to 5 axes"),
        (Huge, "fit into memory"),
        (Broken, "reading a Broken raised KeyError: 'of its own.*kind'"),
        (Odd, "reading a Odd raised RuntimeError"),
        (lambda: {"a": [1, 2]}, r"received a dict\. .* pandas\.DataFrame"),
        (lambda: {1, 2}, "received a set"),
    ],
)
def test_rubbish_objects_are_errors_of_one_line_that_keep_their_cause(make, message):
    x = make()
    for load in (lambda: aenb.load_data(x), lambda: aenb.load_data(np.zeros((9, 2)), x)):
        with pytest.raises(aenb.AenbError, match=message) as caught:
            load()
        assert "\n" not in str(caught.value)
    if isinstance(x, Broken):
        assert isinstance(caught.value.__cause__, KeyError)


def test_an_interrupt_passes():
    class Slow(Endless):
        def __getitem__(self, place):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        aenb.load_data(Slow())


def test_a_variable_that_raises_when_it_is_asked_is_no_data():
    class Raises:
        def __getattr__(self, name):
            raise ZeroDivisionError

    with pytest.raises(aenb.AenbError, match="No data set, notebook variable or file is called `nothing_such`"):
        find_data("nothing_such", {"raises": Raises()})


def test_labels_of_a_table_are_asked_for_as_many_as_there_are():
    class EndlessLabels(Endless):
        def __getitem__(self, place):
            return place % 2

        def __iter__(self):
            while True:
                yield 1

    data = aenb.load_data(pd.DataFrame(np.eye(9)), EndlessLabels())
    assert set(data.y_train) == {0, 1}
