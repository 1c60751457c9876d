"""Many tests, several at a time, each in a world of its own."""

import gc
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from flumec.compiler.diagnostic import Diagnostic
from flumec.compiler.model import Fleet, Trial
from flumec.compiler.plan import Plan
from flumec.compiler.trials.course import Course
from flumec.compiler.trials.keep import folder_name
from flumec.runtime.frozen import frozen


@frozen
class Outcome:
    """How one test ended: `number` is its place among those that were run."""

    number: int
    seconds: float
    finding: Diagnostic | None
    failure: str = ""
    """A mistake of ours, by which the test could not be run to its end."""

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return self.finding is None and not self.failure


@frozen
class Runs:
    """What is run: tests of one fleet, with one seed; `kept` is where their files go, if any."""

    fleet: Fleet
    plan: Plan
    trials: Sequence[Trial]
    seed: int
    kept: Path | None = None

    def one(self, number: int) -> Outcome:
        """Run one test."""
        began = time.perf_counter()
        finding, failure, trial = None, "", self.trials[number]
        kept = self.kept and self.kept / folder_name(number + 1, trial.title)
        try:
            finding = Course(self.fleet, self.plan, trial, self.seed, kept).run()
        except Exception as error:
            failure = f"{type(error).__name__}: {error}"
        return Outcome(number, time.perf_counter() - began, finding, failure)

    def all(self, workers: int) -> Iterator[Outcome]:
        """Run all tests in `workers` processes; yield how each ended, as they end."""
        numbers = range(len(self.trials))
        workers = min(workers, len(self.trials))
        if workers <= 1:
            yield from map(self.one, numbers)
            return
        yield self.one(0)  # what is imported and compiled for it is there in all processes
        gc.freeze()  # nor is it looked at again by each of them
        global _runs  # noqa: PLW0603 what a forked process has from its parent, unsaid
        _runs = self
        with multiprocessing.get_context("fork").Pool(workers) as pool:
            yield from pool.imap_unordered(_one, numbers[1:])


_runs: Runs | None = None


def _one(number: int) -> Outcome:
    assert _runs is not None
    return _runs.one(number)
