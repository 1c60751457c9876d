"""Doubles that ship: a disk whose power can be cut, a clock that can be set."""

from flumec.runtime.testing.clock import ManualClock

__all__ = ["ManualClock"]
