"""One fleet of the campaign: played under random faults, judged, and its weak claims shown."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from flumec.compiler.proofs.claim import Claim
from prove import simulated
from prove.aiming import aimed, wanted
from prove.claiming import Claimed, claimed
from prove.judging import Judge, Record, Seen
from prove.script import Script, write
from prove.shape import Shape
from prove.stepping import searches, stepped
from prove.widening import make

TRIES = 12
"""How many scripts may be tried by chance to show that claims are as weak as they say."""

STEPS = 600
"""How many steps may be tried after that, for each claim: more than the fleets here have at the
places that a claim names, so that in the end it is all of them."""


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
    searched: bool = False
    """Whether faults were looked for that show the weaker claims."""
    wrong: Wrong | None = None
    shown: set[tuple[tuple[str, str], tuple[str, str]]] = field(default_factory=set)
    """The weaker claims that were seen to be so."""

    @property
    def weaker(self) -> list[Claim]:
        """The claims of less than exactly once."""
        return [claim for claim in self.claims if wanted(claim)]

    @property
    def unshown(self) -> list[Claim]:
        """The weaker claims that no fault has shown."""
        return [claim for claim in self.weaker if (claim.source, claim.sink) not in self.shown]


def examine(seed: int, *, tries: int = TRIES) -> Case:
    """Hold the claims of a seed's fleet against what happens to it."""
    shape = make(seed)
    made = claimed(shape)
    case = Case(seed, shape, made.all, searched=tries > 0)
    judge = Judge(shape, made.claims)
    _play(case, made, judge, write(shape, seed, simulated.KINDS), seed)
    for number in range(tries):
        if case.wrong or not case.unshown:
            break
        _play(case, made, judge, aimed(shape, case.unshown, seed, number), seed)
    tried = set[Script]()
    for claim in case.unshown if tries else ():
        _step(case, made, judge, claim, tried)
    return case


def _step(case: Case, made: Claimed, judge: Judge, claim: Claim, tried: set[Script]) -> None:
    """Have something happen at each step in turn, until that shows a claim."""
    most = len(tried) + STEPS
    for script in _scripts(case, made, judge, claim):
        if case.wrong or claim not in case.unshown or len(tried) > most:
            break
        if script not in tried:
            tried.add(script)
            _play(case, made, judge, script, case.seed)


def _scripts(case: Case, made: Claimed, judge: Judge, claim: Claim) -> Iterator[Script]:
    for search in dict.fromkeys(searches(case.shape, claim, case.seed)):
        steps = _play(case, made, judge, search[0], case.seed).steps
        yield from stepped(search, steps)


def _play(case: Case, made: Claimed, judge: Judge, script: Script, seed: int) -> Record:
    record = simulated.play(case.shape, made.plan, script, seed)
    case.plays += 1
    case.faults += Counter(action.kind for action in script if action.kind != "send")
    seen = judge.seen(record)
    for each in seen:
        for claim, harm in judge.weak(each):
            if harm & wanted(claim):
                case.shown.add((claim.source, claim.sink))
    if wrong := judge.wrong(record):
        case.wrong = Wrong(script, seed, wrong)
    return record
