"""Bounds of a property's value, each with the end of the sentence "must be …"."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from flumec.runtime.quantity import Rate

T = TypeVar("T")


@dataclass(frozen=True)
class Check(Generic[T]):
    """A test of one value, with the end of the sentence "must be …"."""

    sentence: str
    holds: Callable[[T], bool]


def at_least(low: T) -> Check[T]:
    """Require a value of `low` or more."""
    return Check(f"at least {low}", lambda value: value >= low)


def at_most(high: T) -> Check[T]:
    """Require a value of `high` or less."""
    return Check(f"at most {high}", lambda value: value <= high)


def between(low: T, high: T) -> Check[T]:
    """Require a value from `low` to `high`, both included."""
    return Check(f"between {low} and {high}", lambda value: low <= value <= high)  # type: ignore[operator]


def bytes_a_second() -> Check[Rate]:
    """Require a rate that says a speed: one of bytes, and more than none."""
    return Check("bytes a second, more than none", lambda rate: rate.of_bytes and rate > 0)


def not_empty() -> Check[Any]:
    """Require a text, path or list with something in it."""
    return Check(
        "not empty", lambda value: bool(len(str(value)) if isinstance(value, Path) else len(value))
    )
