"""A value that Arrow is given on the way of a batch has a type.

For one without, Arrow looks at each call whether `dateutil` could be imported, to know its types by
it: that takes ten times as long as the call itself.
"""

import importlib.abc
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import BODY, PREFIX, Column
from flumec.runtime.digest import digests
from flumec.runtime.formats.json_lines import JsonLines
from flumec.runtime.journal.spreading import choose


class Asked(importlib.abc.MetaPathFinder):
    """Knows how often somebody looked for `dateutil`."""

    def __init__(self) -> None:
        self.times = 0

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: Any = None) -> None:
        self.times += name.partition(".")[0] == "dateutil"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    finder = Asked()
    monkeypatch.delitem(sys.modules, "dateutil", raising=False)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    return finder


TEXTS: Column = pa.array(["a", "b", None], pa.utf8())
BATCH = pa.record_batch({BODY: pa.array([b"x=1", b'"', None], pa.binary()), f"{PREFIX}host": TEXTS})


def test_arrow_looks_for_types_where_a_value_has_none(asked: Asked) -> None:
    pa.scalar("a")
    assert asked.times == 1


@pytest.mark.parametrize(
    "work",
    [
        lambda: JsonLines("none").payload(BATCH),
        lambda: digests([TEXTS, TEXTS]),
        lambda: choose(TEXTS, [("a", 1), ("b", 2)]),
    ],
    ids=["json", "digest", "spreading"],
)
def test_it_does_not_where_batches_pass(asked: Asked, work: Any) -> None:
    work()
    assert not asked.times
