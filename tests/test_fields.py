from typing import Annotated

import numpy as np
import pytest

from aenb.core.errors import AenbError, nearest
from aenb.core.fields import Field, read_fields


def declared(
    plain: int,
    count: Annotated[int, Field("how many", low=1, high=10)] = 2,
    rate: Annotated[float | None, Field("how fast", above=0)] = None,
    sizes: Annotated[tuple[int, ...], Field("how large", low=1)] = (1,),
    kind: Annotated[str, Field("which", choices=("relu", "tanh"))] = "relu",
    on: Annotated[bool, Field("whether")] = False,
):
    """Declare a field of each kind."""


FIELDS = read_fields(declared)


def test_fields_are_read_from_the_signature():
    assert list(FIELDS) == ["count", "rate", "sizes", "kind", "on"]
    assert FIELDS["rate"].optional
    assert FIELDS["sizes"].default == (1,)


@pytest.mark.parametrize(
    ("name", "given", "taken"),
    [
        ("count", np.int64(3), 3),
        ("rate", 1, 1.0),
        ("rate", None, None),
        ("sizes", [4, 5], (4, 5)),
        ("sizes", 4, (4,)),
        ("kind", "tanh", "tanh"),
        ("on", np.bool_(True), True),
    ],
)
def test_good_values_come_back_in_the_fields_type(name, given, taken):
    value = FIELDS[name].check(given)
    assert value == taken
    assert type(value) is type(taken)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("count", 0), ("count", 11), ("count", 2.5), ("count", True), ("count", "two"), ("count", None),
        ("rate", 0), ("rate", float("nan")), ("rate", "fast"), ("sizes", [1, 0]), ("sizes", "12"), ("sizes", None),
        ("kind", "rely"), ("kind", 3), ("on", 1),
    ],
)  # fmt: skip
def test_bad_values_are_refused_with_what_was_expected(name, given):
    with pytest.raises(AenbError, match=name):
        FIELDS[name].check(given)


def test_a_misspelt_choice_names_the_nearest():
    with pytest.raises(AenbError, match="Did you mean `relu`"):
        FIELDS["kind"].check("rely")


def test_text_is_parsed_by_kind():
    assert FIELDS["count"].parse("7") == 7
    assert FIELDS["rate"].parse("1e-3") == 1e-3
    assert FIELDS["rate"].parse("None") is None
    assert FIELDS["kind"].parse("tanh") == "tanh"
    with pytest.raises(AenbError, match="expected a whole number from 1 to 10; received 'x'"):
        FIELDS["count"].parse("x")


@pytest.mark.parametrize(
    ("name", "meant"), [("latent", "latent_dim"), ("hiden_units", "hidden_units"), ("zzz", None), ("", None)]
)
def test_nearest(name, meant):
    assert nearest(name, ["latent_dim", "hidden_units", "activation"]) == meant
