"""Many fleets, in several processes: what is claimed, what happened, and the verdict."""

import gc
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from flumec.compiler.proofs.claim import Claim
from prove.case import Case, examine
from prove.features import FEATURES, features
from prove.shape import Shape
from prove.widening import number

DELIVERIES = ("exactly_once", "at_least_once", "best_effort")

SHARE = 0.2
"""The least share of the claims that each of these has."""

HOPS = 1 / 3
"""The least share of the fleets in which events take two links, one after the other."""

SAY_EVERY = 15.0

LONGEST = 5
"""How many fleets are named that took longest."""


@dataclass
class Verdict:
    """What came of all fleets."""

    fleets: int = 0
    plays: int = 0
    two_hops: int = 0
    claims: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)
    shown: Counter[str] = field(default_factory=Counter)
    weaker: Counter[str] = field(default_factory=Counter)
    wrong: list[Case] = field(default_factory=list)
    unshown: list[tuple[int, Claim]] = field(default_factory=list)
    longest: list[tuple[float, int, int]] = field(default_factory=list)
    """The fleets that took longest: seconds of CPU, the seed, and how many lives."""
    late: list[tuple[int, str]] = field(default_factory=list)
    """What showed a claim late: seeds, and lines of `witnesses.txt`."""

    def add(self, case: Case) -> None:
        """Count one fleet."""
        self.fleets += 1
        self.plays += case.plays
        self.two_hops += case.shape.longest >= 2
        self.faults += case.faults
        self.longest = sorted((*self.longest, (case.seconds, case.seed, case.plays)))[-LONGEST:]
        self.late += [(case.seed, line) for line in case.late]
        self.features.update(features(case.shape))
        self.claims += Counter(claim.delivery for claim in case.claims)
        if case.wrong:
            self.wrong.append(case)
        if case.wrong or not case.searched:
            return
        unshown = case.unshown
        self.weaker += Counter(claim.delivery for claim in case.weaker)
        self.shown += Counter(claim.delivery for claim in case.weaker if claim not in unshown)
        self.unshown += [(case.seed, claim) for claim in unshown]

    @property
    def shares(self) -> dict[str, float]:
        """The share of each delivery among all claims."""
        return {each: self.claims[each] / max(1, self.claims.total()) for each in DELIVERIES}

    @property
    def good(self) -> bool:
        """Whether no proof was wrong or weaker than what faults show, and all kinds were tried."""
        mixed = self.fleets < 200 or (
            min(self.shares.values()) >= SHARE and self.two_hops >= HOPS * self.fleets
        )
        return not self.wrong and not self.unshown and mixed

    def lines(self) -> Iterator[str]:
        """Yield the table."""
        hops = self.two_hops / max(1, self.fleets)
        yield f"{self.fleets} fleets, {hops:.0%} with two links in a row; {self.plays} lives"
        yield ""
        yield f"{'claimed':16} {'pairs':>6} {'share':>6} {'shown to be no stronger':>24}"
        for each in DELIVERIES:
            shown = f"{self.shown[each]} of {self.weaker[each]}" if self.weaker[each] else ""
            yield f"{each:16} {self.claims[each]:6d} {self.shares[each]:6.0%} {shown:>24}"
        yield ""
        yield "fleets with: " + ", ".join(f"{self.features[name]} {name}" for name in FEATURES)
        yield "faults: " + ", ".join(f"{n} {kind}" for kind, n in self.faults.most_common())
        yield "longest: " + ", ".join(
            f"{seed} ({seconds:.0f} s, {plays} lives)"
            for seconds, seed, plays in reversed(self.longest)
        )
        if self.unshown:
            yield ""
            yield "not shown at any step, so that the claim says less than is so, by cause:"
            for cause, count in Counter(_cause(claim) for _, claim in self.unshown).most_common():
                seeds = [seed for seed, claim in self.unshown if _cause(claim) == cause]
                yield f"  {count:4d} {cause} (fleets {', '.join(map(str, seeds[:6]))})"
        yield ""
        yield f"wrong proofs {len(self.wrong)}"


def run(
    seeds: Sequence[int], processes: int, tries: int, shown: Sequence[float],
    say: Callable[[str], None], *, anew: bool = False,
) -> Verdict:  # fmt: skip
    """Examine the fleets of all seeds; of the first so many of each kind, weak claims are to be
    shown, `anew` without what is known to show them.
    """
    verdict, said = Verdict(), time.monotonic()
    kinds = ((seed, *number(seed)) for seed in seeds)
    tasks = [(seed, tries if nth < shown[kind] else 0, anew) for seed, kind, nth in kinds]
    left = dict.fromkeys(seeds)
    with multiprocessing.get_context("spawn").Pool(processes, _begin) as pool:
        cases = pool.imap_unordered(_examine, tasks)
        while left:
            with suppress(multiprocessing.TimeoutError):  # one that is stuck is to be named
                case = cases.next(SAY_EVERY)
                del left[case.seed]
                verdict.add(case)
                for line in _news(case):
                    say(line)
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                say(
                    f"{verdict.fleets} of {len(seeds)} fleets, wrong {len(verdict.wrong)}, "
                    f"not shown {len(verdict.unshown)}; "
                    f"at {', '.join(map(str, islice(left, processes)))}"
                )
    return verdict


def _news(case: Case) -> Iterator[str]:
    """Yield what is to be said of a fleet at once."""
    if case.wrong:
        yield f"fleet {case.seed} is wrong: {case.wrong.seen[0]}"
    elif case.searched:
        for claim in case.unshown:
            yield f"fleet {case.seed} does not show {_cause(claim)}"


def _begin() -> None:
    """Look for garbage between fleets alone: a life makes little of it, and a search has many."""
    gc.freeze()
    gc.disable()


def _examine(task: tuple[int, int, bool]) -> Case:
    seed, tries, anew = task
    began = time.process_time()
    case = examine(seed, tries=tries, anew=anew)
    case.seconds = time.process_time() - began
    if tries or not seed % 8:
        gc.collect()
    return case


def _cause(claim: Claim) -> str:
    worst = claim.weakest
    assert worst is not None
    return f"{claim.delivery} as {worst.failure}: {worst.reason}"


def told(shape: Shape, case: Case) -> Iterator[str]:
    """Yield what is wrong with a fleet, as one can read it."""
    assert case.wrong is not None
    yield f"fleet {case.seed} (seed {case.wrong.seed}):"
    yield from (f"  {seen}" for seen in case.wrong.seen[:8])
    yield shape.text
    yield from (str(action) for action in case.wrong.script)
