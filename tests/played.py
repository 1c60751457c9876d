"""Chains of interceptors played on events: what they are when they leave, and by which arms."""

from collections.abc import Iterator, Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from flumec.compiler.model import Chain, Route
from flumec.runtime.batch import BODY, header, with_header
from flumec.runtime.testing import ManualClock

CONTEXT: Any = SimpleNamespace(host="web-1", address="web-1", clock=ManualClock(1_000_000_000))


def events(bodies: Sequence[bytes], values: Sequence[str | None], name: str) -> pa.RecordBatch:
    """Return an event of each body with each value of a header; None: without it.

    In another one, `event`, each has a number.
    """
    rows = list(product(bodies, values))
    batch = pa.record_batch([pa.array([body for body, _ in rows], pa.binary())], names=[BODY])
    batch = with_header(batch, "event", pa.array(map(str, range(len(rows))), pa.utf8()))
    return with_header(batch, name, pa.array([value for _, value in rows], pa.utf8()))


def leaving(chain: Chain, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield each channel where a chain ends, with the events that come there."""
    batch = _behind(chain, batch)
    if not isinstance(chain.end, Route):
        assert isinstance(chain.end, tuple)
        yield from ((str(target.name), batch) for target in chain.end)
        return
    found = header(batch, chain.end.header)
    named = [value for arm in chain.end.arms for value in arm.values or ()]
    for arm in chain.end.arms:
        chosen = pc.is_in(found, pa.array(named if arm.values is None else arm.values, pa.utf8()))
        taken = batch.filter(pc.invert(chosen) if arm.values is None else chosen)
        yield from ((target.name, taken) for target in arm.targets if target.name is not None)


def _behind(chain: Chain, batch: pa.RecordBatch) -> pa.RecordBatch:
    for step in chain.steps:
        assert step.declaration is not None
        said = {name: held.value for name, held in step.values.items()}
        ordered = [
            said.pop(name)
            for name, one in step.declaration.props.items()
            if one.positional and name in said
        ]
        batch = step.declaration(*ordered, **said).open(CONTEXT)(batch)
    return batch
