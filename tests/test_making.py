"""What interceptors say their headers follow from is true: each part changes them, none else."""

from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from flumec.runtime.batch import BODY, PREFIX, header
from flumec.runtime.component import Header, Interceptor
from flumec.runtime.components import INTERCEPTORS
from flumec.runtime.interceptors import Fingerprint, Host, RegexExtract, Static, Timestamp
from flumec.runtime.testing import ManualClock

MADE = Header("made")
STEPS: tuple[Interceptor, ...] = (
    Fingerprint(MADE, of=("body",)),
    Fingerprint(MADE, of=(Header("seq"),)),
    Fingerprint(MADE, of=(Header("seq"), "body")),
    Host(header=MADE),
    Host(header=MADE, use="address"),
    RegexExtract(r"user=(\w+)", into=(MADE,)),
    Static(MADE, "prod"),
    Timestamp(header=MADE),
)
ONE = {"body": "user=ann", "clock": "1", "host": "web-1", "seq": "7"}
OTHER = {"body": "user=bob", "clock": "2", "host": "web-2", "seq": "8"}


def made(step: Interceptor, of: dict[str, str]) -> object:
    """Return what a step makes on a host, at a time, of one event."""
    clock = ManualClock(int(of["clock"]) * 1_000_000_000)
    context: Any = SimpleNamespace(host=of["host"], address=of["host"], clock=clock)
    event = pa.record_batch(
        [pa.array([of["body"].encode()], pa.binary()), pa.array([of["seq"]], pa.utf8())],
        names=[BODY, PREFIX + "seq"],
    )
    found = header(step.open(context)(event), MADE)
    assert found is not None
    return found[0].as_py()


@pytest.mark.parametrize("part", sorted(ONE))
@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.type}-{step.made_of(vars(step))}")
def test_a_header_follows_from_what_is_declared_and_from_nothing_else(
    step: Interceptor, part: str
) -> None:
    declared = part in map(str, step.made_of(vars(step)))

    changed = made(step, ONE) != made(step, ONE | {part: OTHER[part]})

    assert changed is declared


def test_every_interceptor_that_sets_headers_is_tried() -> None:
    setting = {found for found in INTERCEPTORS if found.sets or found.finds}

    assert setting == {type(step) for step in STEPS}
