"""One fleet of the campaign: played under random faults, judged, and its weak claims shown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, islice

from flumec.compiler.proofs.claim import Claim, Effect
from prove import simulated
from prove.aiming import aimed, harms, wanted
from prove.arranged import arranged
from prove.claiming import Claimed, claimed
from prove.judging import Judge, Record, Seen
from prove.script import Script, write
from prove.shape import Shape
from prove.stepping import Search, searches, stepped
from prove.together import is_kept_anyway
from prove.unharmed import is_without_letters
from prove.ways import Ways
from prove.widening import make
from prove.witnesses import LATE, line_of, witnesses

TRIES = 12
"""How many scripts may be tried by chance to show that claims are as weak as they say."""

SOON = 4
"""How many of them are tried before the first steps."""

FIRST = 16
"""How many steps these are, for each claim."""

TURNS = (8, 2, 1)
"""How many of them are tried at one place before another one has its turn, by a search's rank; one
alone in a life which brings the claim's sink nothing, as one of a group that others leave no events
for."""

STEPS = 6000
"""How many steps may be tried in the end, for each claim: more than the fleets here have at the
places that a claim names, so that it is all of them."""


@dataclass
class Wrong:
    """A script under which a claim did not hold."""

    script: Script
    seed: int
    seen: list[Seen]


@dataclass
class Case:
    """What came of one fleet."""

    seed: int
    shape: Shape
    claims: list[Claim]
    faults: Counter[str] = field(default_factory=Counter)
    plays: int = 0
    seconds: float = 0.0
    """The CPU that it took."""
    searched: bool = False
    """Whether faults were looked for that show the weaker claims."""
    wrong: Wrong | None = None
    shown: set[tuple[tuple[str, str], tuple[str, str]]] = field(default_factory=set)
    """The weaker claims that were seen to be so."""
    late: list[str] = field(default_factory=list)
    """The lives that have shown one late, as lines of `witnesses.txt`."""

    @cached_property
    def weaker(self) -> list[Claim]:
        """The claims of less than exactly once; but for those of no event, as one header's value
        leads them all elsewhere or a link rejected it before, and those of a channel that is
        optional for no put.
        """
        return [
            claim
            for claim in self.claims
            if wanted(claim)
            and self._exact.reached(claim.source)[claim.sink]
            and not all(self._happens_to_none(claim, effect) for effect in harms(claim))
        ]

    def _happens_to_none(self, claim: Claim, effect: Effect) -> bool:
        """Return whether no event here has an effect, which the file alone does not tell."""
        return (
            is_kept_anyway(self.shape, effect)
            or is_without_letters(self.shape, claim, effect)
            or self._comes_once(claim, effect)
        )

    def _comes_once(self, claim: Claim, effect: Effect) -> bool:
        """Return whether one copy comes where a compiler cannot tell that it is not two."""
        return (
            effect.reason.startswith("copies of one event meet")
            and self._exact.reached(claim.source)[claim.sink] == 1
            and Ways(self.shape).reached(claim.source)[claim.sink] > 1
        )

    @cached_property
    def _exact(self) -> Ways:
        return Ways(self.shape, exact=True)

    @property
    def unshown(self) -> list[Claim]:
        """The weaker claims that no fault has shown."""
        return [claim for claim in self.weaker if (claim.source, claim.sink) not in self.shown]


def examine(seed: int, *, tries: int = TRIES, anew: bool = False) -> Case:
    """Hold the claims of a seed's fleet against what happens to it; `anew` without what is known to
    show that they are no stronger.
    """
    shape = make(seed)
    made = claimed(shape)
    case = Case(seed, shape, made.all, searched=tries > 0)
    judge = Judge(shape, made.claims)
    _play(case, made, judge, write(shape, seed, simulated.KINDS), seed)
    for script in witnesses(shape, seed) if tries and not anew else ():
        if case.unshown and not case.wrong:
            _play(case, made, judge, script, seed)
    search = _Search(case, made, judge)
    for numbers, steps in _rounds(tries):
        for number in numbers:
            if case.wrong or not case.unshown:
                break
            _play(case, made, judge, aimed(shape, case.unshown, seed, number), seed)
        for claim in case.unshown:
            search.show(claim, steps)
    return case


def _rounds(tries: int) -> Iterator[tuple[range, int]]:
    """Yield the numbers of scripts to try by chance, and how many steps for a claim after that.

    What chance does not show soon is mostly shown by the first steps, and seldom by more chance.
    All claims have their turn before one is searched to the end, as a life may show several.
    """
    if tries:
        yield range(min(SOON, tries)), FIRST
        yield range(SOON, tries), 4 * FIRST
        yield range(0), 16 * FIRST
        yield range(0), STEPS


class _Search:
    """Lives of one fleet in which something happens at each step in turn; none is lived twice."""

    def __init__(self, case: Case, made: Claimed, judge: Judge) -> None:
        self._case, self._made, self._judge = case, made, judge
        self._tried: set[Script] = set()
        self._left: dict[tuple[tuple[str, str], tuple[str, str]], Iterator[Script]] = {}
        self._bases: dict[Script, Record] = {}
        """What came of scripts in which nothing goes wrong."""

    def show(self, claim: Claim, steps: int) -> None:
        """Try steps until one of them shows a claim, at most so many, going on where it was."""
        most = len(self._tried) + steps
        for script in self._left.setdefault((claim.source, claim.sink), self._scripts(claim)):
            if self._case.wrong or claim not in self._case.unshown or len(self._tried) >= most:
                break
            if script not in self._tried:
                self._tried.add(script)
                self._play(script)

    def _scripts(self, claim: Claim) -> Iterator[Script]:
        """Yield some of each search in turn: the place that a claim names may be a blind alley."""
        shape, seed = self._case.shape, self._case.seed
        left = [(arranged(shape, claim, seed), TURNS[0])]
        left += [
            (stepped(search, record), TURNS[search.rank] if _brings(record, claim) else 1)
            for search in searches(shape, claim, seed)
            for record in (self._without_faults(search),)
        ]
        while left:
            rounds = [list(islice(scripts, turn)) for scripts, turn in left]
            yield from chain.from_iterable(rounds)
            left = [each for each, found in zip(left, rounds, strict=True) if found]

    def _without_faults(self, search: Search) -> Record:
        if search.base not in self._bases:
            self._bases[search.base] = self._play(search.base)
        return self._bases[search.base]

    def _play(self, script: Script) -> Record:
        return _play(self._case, self._made, self._judge, script, self._case.seed)


def _brings(record: Record, claim: Claim) -> bool:
    """Return whether any of a source's events came to the sink of a claim."""
    return any(
        event.source == claim.source[1] and event.agent == claim.source[0]
        for (agent, sink, _), events in record.arrived.items()
        for event in (events if (agent, sink) == claim.sink else ())
    )


def _play(case: Case, made: Claimed, judge: Judge, script: Script, seed: int) -> Record:
    record = simulated.play(case.shape, made.plan, script, seed)
    case.plays += 1
    case.faults += Counter(action.kind for action in script if action.kind != "send")
    seen, shown = judge.seen(record), len(case.shown)
    for each in seen:
        for claim, harm in judge.weak(each):
            if harm & wanted(claim):
                case.shown.add((claim.source, claim.sink))
    if (
        len(case.shown) > shown
        and case.plays > LATE
        and (line := line_of(case.shape, seed, script))
    ):
        case.late.append(line)
    if wrong := judge.wrong(record):
        case.wrong = Wrong(script, seed, wrong)
    return record
