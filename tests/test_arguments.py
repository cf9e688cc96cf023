from pathlib import Path
from typing import Annotated, Any

import pytest

from aenb.core.arguments import checked
from aenb.core.errors import AenbError
from aenb.core.fields import Field


@checked
def called(
    n: Annotated[int, Field("how many", low=1)] = 1,
    *names: str,
    rate: float | None = None,
    on: bool = False,
    path: str | Path | None = None,
    seeds: tuple[int, ...] | list[int] = (0,),
    error: AenbError | None = None,
    anything: Any = None,
):
    return n, names, rate, on, path, seeds, anything


def test_right_arguments_come_through():
    assert called() == (1, (), None, False, None, (0,), None)
    assert called(2, "a", rate=1, on=1, path=Path("x"), seeds=[1], anything=called) == (
        2, ("a",), 1.0, True, Path("x"), [1], called,
    )  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [{"n": 0}, {"n": "1"}, {"n": 1.0}, {"rate": "x"}, {"rate": float("nan")}, {"on": "yes"}, {"on": 2}, {"path": 3},
     {"path": ""}, {"path": "a\0"}, {"path": b"x"}],
)  # fmt: skip
def test_wrong_arguments_are_named(given):
    with pytest.raises(AenbError, match=f"`{next(iter(given))}`: expected"):
        called(**given)
    with pytest.raises(AenbError, match="`names`"):
        called(1, 2)


def test_calls_that_python_refuses_are_pythons():
    with pytest.raises(TypeError, match="unexpected keyword"):
        called(nosuch=1)
