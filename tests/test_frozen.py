"""A frozen class is what `dataclass(frozen=True, slots=True)` would make of it."""

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest
from flumec.runtime.component import After, Component
from flumec.runtime.frozen import frozen
from flumec.runtime.quantity import Duration

plain = dataclass(frozen=True, slots=True)

BOTH = pytest.mark.parametrize("decorate", [frozen, plain])


def declared(decorate: Callable[[type], Any]) -> Any:
    class Point:
        """A class with each kind of field."""

        x: int
        y: int = 2
        seen: list[int] = field(default_factory=list, compare=False)
        hidden: str = field(default="h", repr=False)
        late: str = field(default="l", kw_only=True)

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("negative")

    return decorate(Point)


@frozen
class Base:
    """Stands at the top, where `pickle` finds it."""

    first: int


@frozen
class Further(Base):
    """Has one field more."""

    second: int = 2


@frozen
class Empty:
    """Has none."""


@BOTH
def test_it_takes_shows_and_compares_what_is_declared(decorate: Callable[[type], Any]) -> None:
    point = declared(decorate)
    one, same = point(1, seen=[3], late="z"), point(x=1, y=2, late="z")
    assert (one.x, one.y, one.seen, one.hidden, one.late) == (1, 2, [3], "h", "z")
    assert one == same != point(1)
    assert hash(one) == hash(same)
    assert point(1).seen is not point(1).seen
    assert repr(one).endswith("Point(x=1, y=2, seen=[3], late='z')")
    assert point.__match_args__ == ("x", "y", "seen", "hidden")
    assert [each.name for each in fields(point)] == ["x", "y", "seen", "hidden", "late"]
    assert replace(one, y=5) == point(1, 5, late="z")


@BOTH
def test_it_refuses_what_is_not_declared(decorate: Callable[[type], Any]) -> None:
    point = declared(decorate)
    for wrong in (point, lambda: point(1, 2, [], "h", "late"), lambda: point(1, none=1)):
        with pytest.raises(TypeError, match=r"Point\.__init__\(\)"):
            wrong()
    with pytest.raises(ValueError, match="negative"):
        point(-1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point(1).x = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point(1).x


def test_one_of_another_class_is_not_equal() -> None:
    assert Further(1) != Base(1)
    assert Base(1) != 1
    assert Empty() == Empty()
    assert Further(1, 3) == Further(first=1, second=3)


@pytest.mark.parametrize("value", [Base(1), Further(1, 3), Empty()])
def test_a_copy_is_equal(value: object) -> None:
    copies = [copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))]
    assert copies == [value] * 3


def test_a_component_is_frozen_too() -> None:
    after = After(Duration("1s"))
    assert after == After(Duration("1s")) != After(Duration("2s"))
    assert hash(after) == hash(After(Duration("1s")))
    assert repr(after) == f"After(duration={Duration('1s')!r})"
    assert copy.copy(after) == after
    with pytest.raises(FrozenInstanceError):
        after.duration = Duration("2s")


def test_what_a_class_has_itself_stays() -> None:
    @frozen
    class Named:
        """Equal to all."""

        name: str

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    assert Named("a") == Named("b")
    assert hash(Named("a")) == 7


def test_a_component_takes_its_name_without_a_word() -> None:
    class Mute(Component):
        """Does nothing."""

    assert Mute("m").name == "m"
