"""Doubles that ship: a disk whose power can be cut, a clock that can be set, one that leaps."""

from flumec.runtime.testing.clock import LeapingClock, ManualClock
from flumec.runtime.testing.crash_disk import CrashDisk, PowerCut
from flumec.runtime.testing.surviving import EVERYTHING, NOTHING, Survival

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "CrashDisk",
    "LeapingClock",
    "ManualClock",
    "PowerCut",
    "Survival",
]
