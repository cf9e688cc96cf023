"""What several kinds draw from: damaged bytes, and objects whose methods misbehave."""

from __future__ import annotations

from hypothesis import Phase, settings
from hypothesis import strategies as st

from tests.fuzz.harness import fuzz


class Content(bytes):
    """What is in a file, shown in short."""

    def __repr__(self):
        return f"{bytes(self[:400])!r}{'…' if len(self) > 400 else ''}"


def drawn(weight: float = 1.0) -> settings:
    """Draw cases, and don't look for a smaller one that fails: a hang would be waited for again and again."""
    return settings(fuzz(weight), phases=[Phase.explicit, Phase.generate])


@st.composite
def damaged(draw, whole: st.SearchStrategy) -> bytes:
    """Draw bytes, and change some of them."""
    content = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        match draw(st.sampled_from(["flip", "flip", "flip", "cut", "insert", "zero", "twice"])):
            case "flip" if content:
                content[place] = draw(st.integers(0, 255))
            case "cut":
                del content[place:]
            case "insert":
                content[place:place] = draw(st.binary(max_size=8))
            case "zero":
                content[place : place + 8] = bytes(8)
            case "twice":
                content += content[place:]
    return bytes(content)


class Rubbish:
    """An object whose methods do what they are told to."""

    def __init__(self, **said):
        self._said = said

    def _do(self, name, default):
        value = self._said.get(name, default)
        if isinstance(value, type) and issubclass(value, BaseException):
            raise value("boom\nbang")
        return value

    def __len__(self):
        return self._do("len", 9)

    def __getitem__(self, key):
        return self._do("item", [1.0, 2.0])

    def __iter__(self):
        value = self._do("iter", [1.0, 2.0])
        while True:
            yield value


class Getting(Rubbish):
    def __getattr__(self, name):
        if name.startswith("_said"):
            raise AttributeError(name)
        return self._do("attribute", AttributeError)


class Arrayed(Rubbish):
    def __array__(self, dtype=None, copy=None):
        return self._do("array", [[1.0, 2.0]] * 9)


class Itself(Rubbish):
    def __getitem__(self, key):
        return self


ERRORS = [
    ValueError,
    TypeError,
    KeyError,
    RuntimeError,
    RecursionError,
    ZeroDivisionError,
    OSError,
    MemoryError,
    StopIteration,
]
rubbish = st.builds(
    lambda kind, said: kind(**said),
    st.sampled_from([Rubbish, Getting, Arrayed, Itself]),
    st.fixed_dictionaries({}, optional={
        "len": st.sampled_from([0, -1, 3, 9, 2**62, 10**40, "x", None, 1.5, *ERRORS]),
        "item": st.sampled_from([None, "a text", 1.0, [1, 2], [[1]], b"", *ERRORS]),
        "iter": st.sampled_from([None, "a text", 1.0, [1, 2], *ERRORS]),
        "attribute": st.sampled_from([None, 1, "x", *ERRORS]),
        "array": st.sampled_from([None, 1, "x", [1], *ERRORS]),
    }),
)  # fmt: skip
