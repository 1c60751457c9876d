"""What the routes and filters of chains ask of events, and what is known of their answers.

A route asks for a header, a filter whether its pattern is in the body. What went by one arm of a
route has one of that arm's values for as long as no step sets the header anew, wherever else it is
asked. A step that makes a header of the body alone makes the same of it each time.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from flumec.compiler.headers.entering import entering
from flumec.compiler.headers.making import Making, making, set_by
from flumec.compiler.headers.steps import constants, keeps
from flumec.compiler.model import Agent, Arm, Chain, Component, Route, Step
from flumec.compiler.values import varies

Subject = Hashable
"""What is asked: the name of a header, or a filter, by all that it says but `exclude`; or a fact
that a link's two hosts have in common."""


class Unnamed(Enum):
    """What no route names: that an event lacks the header, or has some other value."""

    ABSENT = auto()
    OTHER = auto()


Answer = Hashable
"""Of a header a value that some route names, or `Unnamed`. Of a filter whether it finds. Of a fact
of the host that events are on, one of its values."""

_ABSENT = frozenset[Answer]({Unnamed.ABSENT})
_FINDS_OR_NOT = frozenset[Answer]({True, False})


class Told(NamedTuple):
    """The answers that events may give, and the steps that made the header since it was read first:
    one that nobody could repeat is an object of its own.
    """

    answers: frozenset[Answer]
    by: tuple[object, ...] = ()

    def excludes(self, other: "Told") -> bool:
        """Return whether both are told of one and the same value, and it cannot give both."""
        return self.by == other.by and self.answers.isdisjoint(other.answers)


Knowledge = Mapping[Subject, Told]
"""What is known of events at one place; of a subject that is not in it nothing is."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The headers by which some chains route, each with all answers that there are."""

    headers: Mapping[str, frozenset[Answer]]

    @staticmethod
    def of(chains: Iterable[Chain]) -> "Questions":
        """Return what chains ask."""
        found: dict[str, set[Answer]] = defaultdict(lambda: set(Unnamed))
        for chain in chains:
            if isinstance(chain.end, Route):
                found[chain.end.header].update(*(arm.values or () for arm in chain.end.arms))
        return Questions({name: frozenset(answers) for name, answers in found.items()})

    def entering(self, source: Component, subjects: Iterable[Subject]) -> Knowledge:
        """Return what is known of some subjects of a source's events before any step."""
        headers, found = entering(source), dict[Subject, Told]()
        for name in subjects:
            if isinstance(name, str):
                known = headers[name]
                answers = self._answers(name, known.values)
                found[name] = Told(answers - _ABSENT if known.sure else answers | _ABSENT)
        return found

    def behind(
        self, known: Knowledge, steps: Iterable[Step], agent: Agent | None
    ) -> Knowledge | None:
        """Return what is known of events behind some steps of an agent; without one, on any one of
        its hosts. None: no event passes.
        """
        left, since = dict(known), tuple[object, ...]()
        for step in steps:
            if step.declaration is None:  # a plug-in's: it may do anything
                since = (object(),)
                left = {name: Told(answers, since) for name, answers in self.headers.items()}
            for subject, answer in asked_by(step, agent):
                told = left.get(subject) or Told(_FINDS_OR_NOT, since)
                if answer not in told.answers:
                    return None
                left[subject] = told._replace(answers=frozenset({answer}))
            for name in set_by(step) & self.headers.keys():
                told = left.get(name) or Told(self.headers[name])
                left[name] = self._set(name, told, step, agent)
        return left

    def taken(self, known: Knowledge, route: Route, arm: Arm) -> Knowledge | None:
        """Return what is known of events that take an arm of a route, before its own steps.
        None: no event does.
        """
        told = known.get(route.header) or Told(self.headers[route.header])
        if arm.values is None:
            others = frozenset(value for other in route.arms for value in other.values or ())
            answers = told.answers - others
        else:
            answers = told.answers.intersection(arm.values)
        return {**known, route.header: told._replace(answers=answers)} if answers else None

    def single(self, known: Knowledge, subject: Subject) -> "Iterator[Item]":
        """Yield what may be known of a subject, answer by answer."""
        told = known.get(subject) or Told(self._all(subject))
        for answer in sorted(told.answers, key=repr):
            yield subject, told._replace(answers=frozenset({answer}))

    def carried(self, known: Knowledge, subjects: Iterable[Subject]) -> "frozenset[Item]":
        """Return what is worth carrying on where some subjects are asked."""
        return frozenset(
            (subject, told._replace(by=told.by[-1:] if _is_of_body(told) else ()))
            for subject in subjects
            if (told := known.get(subject)) and told.answers != self._all(subject)
        )

    def _all(self, subject: Subject) -> frozenset[Answer]:
        return self.headers[subject] if isinstance(subject, str) else _FINDS_OR_NOT

    def _answers(self, name: str, values: Iterable[str] | None) -> frozenset[Answer]:
        """Return what some values answer; None: any."""
        named = self.headers[name]
        if values is None:
            return named - _ABSENT
        return frozenset(value if value in named else Unnamed.OTHER for value in values)

    def _set(self, name: str, told: Told, step: Step, agent: Agent | None) -> Told:
        """Return what is known of a header behind a step that sets it, on some events or on all."""
        maker = _maker(step)
        if told.by[-1:] == (maker,):
            return told
        if step.declaration is None or step.declaration.finds:  # on those where it finds it
            return Told(told.answers & _ABSENT | self._answers(name, None), (*told.by, maker))
        hosts = () if agent is None else agent.hosts.hosts
        answers = self._answers(name, constants(step, hosts))
        if not keeps(step):
            return Told(answers, (maker,))
        if Unnamed.ABSENT not in told.answers:
            return told
        return Told(told.answers - _ABSENT | answers, (*told.by, maker))


Item = tuple[Subject, Told]
"""What is known of one subject."""


def asked_by(step: Step, agent: Agent | None) -> Iterator[tuple[Subject, bool]]:
    """Yield what a filter asks, and the answer of what passes it.

    What is another on each host is asked again on the same one at most.
    """
    if step.declaration is not None and step.declaration.drops and "pattern" in step.values:
        said = {name: value.value for name, value in step.values.items()}
        excludes = bool(said.pop("exclude", False))
        where = agent.name if agent is not None and any(map(varies, said.values())) else ""
        yield (step.type, repr(sorted(said.items())), where), not excludes


def _maker(step: Step) -> object:
    """Return what a step is known by that makes the same header of the same event each time; any
    other is known by nothing.
    """
    made = making(step)
    if step.declaration is None or made not in (Making(), Making(body=True)):
        return object()
    said = repr(sorted((name, value.value) for name, value in step.values.items()))
    return made.body, step.type, said


def _is_of_body(told: Told) -> bool:
    """Return whether what is told is of a header that was made of the body last."""
    last = told.by[-1] if told.by else None
    return isinstance(last, tuple) and bool(last[0])
