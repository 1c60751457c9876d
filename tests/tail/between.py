"""Something happens before chosen looks of a `taildir` at its disk."""

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flumec.runtime import tail

LOOKS = ("open", "stat", "lstat", "fstat", "pread", "preadv", "scandir", "listdir")


class Between:
    """`os`, where something happens before the n-th look at a file or folder."""

    def __init__(self) -> None:
        self.looks = 0
        self._happens: Mapping[int, Callable[[], None]] = {}

    def before(self, happens: Mapping[int, Callable[[], None]]) -> None:
        """Count anew, and have each happen before the look of that number; 0 is never."""
        self.looks, self._happens = 0, happens

    def __getattr__(self, name: str) -> Any:
        call = getattr(os, name)
        if name not in LOOKS:
            return call

        def look(*arguments: Any, **named: Any) -> Any:
            self.looks += 1
            if happens := self._happens.get(self.looks):
                happens()
            return call(*arguments, **named)

        return look


def modules() -> list[ModuleType]:
    """Return every module of the tail that asks the system for anything."""
    names = sorted(path.stem for path in Path(tail.__file__).parent.glob("[!_]*.py"))
    found = [import_module(f"{tail.__name__}.{name}") for name in names]
    return [module for module in found if hasattr(module, "os")]


def between_looks(monkeypatch: pytest.MonkeyPatch) -> Between:
    """Have every module of the tail look through one `Between`."""
    made = Between()
    for module in modules():
        monkeypatch.setattr(module, "os", made)
    return made
