"""A reader that waits for rows can be had to look around, once for each time it is woken."""

import threading

import pytest

from .conftest import PATIENCE, Rig


@pytest.mark.parametrize("before", [False, True], ids=["meanwhile", "before"])
def test_a_wait_ends_once_for_each_wake(rig: Rig, *, before: bool) -> None:
    rig.open()
    consumer, read = rig.consumer(), list[object]()
    reader = threading.Thread(target=lambda: read.append(consumer.read(PATIENCE)))
    if before:
        consumer.wake()
    reader.start()
    if not before:
        consumer.wake()
    reader.join(PATIENCE / 2)

    assert not reader.is_alive()
    assert read == [[]]
