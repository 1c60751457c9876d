"""Doubles that ship: a disk whose power can be cut, a clock that can be set."""

from flumec.runtime.testing.clock import ManualClock
from flumec.runtime.testing.crash_disk import CrashDisk, PowerCut
from flumec.runtime.testing.surviving import EVERYTHING, NOTHING, Survival

__all__ = ["EVERYTHING", "NOTHING", "CrashDisk", "ManualClock", "PowerCut", "Survival"]
