"""What the key of a `dedup` is made of, seen from further and further before its sink.

A key knows the copies of an event as such if it is the same in all of them: made of what came with
the event, and not of the clock, or of the host, between where the copies part and the sink. Where a
link chooses among hosts, copies come to one or another: there all of these must make it alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from flumec.compiler.choice import hashed_by, policy_of
from flumec.compiler.deduplicated import key_headers
from flumec.compiler.headers.making import fills_gaps, goes_by_host, making, set_by
from flumec.compiler.headers.steps import finds, keeps
from flumec.compiler.model import Agent, Link, Step, Value
from flumec.compiler.proofs.chance import NEVER, Chance
from flumec.compiler.proofs.claim import Copies

Made = frozenset[tuple[tuple[str, ...], ...]]
"""By each way the steps as they are written, each with its agent where the host has a part in it;
among them the arms of routes by which it goes.
"""

NOT_MADE: Made = frozenset({()})

MOST_WAYS = 16
"""Of more it is only known that they are many, and so unlike all others."""

_MANY = ("many",)

Spared = frozenset[tuple[str, str]]
"""Headers, each with a part of a key that they are needed for, where an event lacks that part."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key's headers as they are needed here, and what steps between here and the sink do."""

    needed: frozenset[str]
    """Headers of an event at this place that the key is made from; none with the tag."""
    tag: bool = False
    content: bool = False
    """Whether the body is in it."""
    clock: Chance = NEVER
    host: Chance = NEVER
    made: Made = NOT_MADE
    """The steps between here and the sink that make a part of it, by each way."""
    chosen: frozenset[str] = frozenset()
    """Headers of an event at this place by whose values a link chooses who makes it."""
    differs: bool = False
    """Whether it may be another one on each copy: as a link chooses, or as one is given up."""
    kept: frozenset[str] = frozenset()
    """Of the headers that are needed, those that a later step makes of the body if they lack."""
    filled: frozenset[str] = frozenset()
    """Of these, those to which a later step gives one value on all events that lack them."""
    spared: Spared = frozenset()
    """Of the headers that are needed, those that are needed for nothing else."""
    shared: bool = False
    """Whether by some way it is of many events."""
    hosted: bool = False
    """Whether a host has a part in it at all, also one on which all copies come by one way."""

    def knows(self, copies: Copies) -> bool:
        """Return whether copies that part here have one key."""
        if self.tag:
            return copies.tag
        made_alike = copies.alike or not (self.mixed or self.hosted)
        by_host = self.host.always and copies.apart
        by_chance = self.differs or self.clock.always or by_host
        unlike = self.needed & copies.unlike or (copies.torn and self.content)
        return made_alike and not by_chance and not unlike

    def doubts(self, copies: Copies) -> bool:
        """Return whether copies that part here have one key only if they came with all headers that
        a later step makes of the clock, or the host, where they are absent.
        """
        return bool(self.clock.absent or (self.host.absent and copies.apart))

    @property
    def chance(self) -> Chance:
        """The clock or the host, whichever it is."""
        return self.clock.joined(self.host)

    @property
    def touched(self) -> bool:
        """Whether any step between here and the sink makes a part of it."""
        return self.made != NOT_MADE

    @property
    def mixed(self) -> bool:
        """Whether it is made by other steps on some way than on others."""
        return len(self.made) > 1

    @property
    def firm(self) -> frozenset[str]:
        """The headers that are needed of every event."""
        return self.needed - {name for name, _ in self.spared}

    @property
    def names_one(self) -> bool:
        """Return whether something of the event itself is in it, as far as is known here."""
        return self.tag or (not self.shared and (self.content or bool(self.needed)))

    def joined(self, other: "Key") -> "Key":
        """Return what is sure of either of two ways."""
        return Key(
            self.needed | other.needed,
            self.tag,
            self.content and other.content,
            self.clock.joined(other.clock),
            self.host.joined(other.host),
            _few(self.made | other.made),
            self.chosen | other.chosen,
            self.differs or other.differs,
            self.kept & other.kept,
            self.filled & other.filled,
            frozenset(
                pair for pair in self.spared | other.spared if pair[0] not in self.firm | other.firm
            ),
            not (self.names_one and other.names_one),
            self.hosted or other.hosted,
        )

    def beside(self, others: Iterable["Key"]) -> "Key":
        """Return the key by one way where copies also go by others that leave right here."""
        return replace(self, made=_few(self.made.union(*(each.made for each in others))))

    def by_other_steps(self) -> "Key":
        """Return the key before steps, where copies also go by others that do not take them."""
        return replace(self, made=_few(self.made | NOT_MADE))

    def by_arm(self, header: str, values: Sequence[str]) -> "Key":
        """Return the key before an arm of a route, where others make it in another way."""
        made = frozenset((("arm", header, *values), *steps) for steps in self.made)
        return replace(self._chosen_by(header), made=made)

    def across(self, link: Link, others: Sequence["Key"], *, several: bool) -> "Key":
        """Return the key before a link, if by its other ways it is `others`.

        `several` says whether a host that sends has several peers to choose from.
        """
        unlike = self._is_unlike(others)
        apart, policy = "within" in link.values, policy_of(link)
        chooses, header = several and policy != "all", hashed_by(link)
        key = self
        if chooses and header is None:
            key = replace(self, clock=self.clock.joined(replace(self.host, always=False)))
        elif header is not None and chooses and self.host.absent:
            key = self._chosen_by(header)
        if not (unlike or self.host.always) or (policy == "all" and not apart):
            return key
        if header is not None and chooses:
            return replace(self._chosen_by(header), host=replace(self.host, always=apart))
        host = replace(self.host, always=self.host.always or apart)
        return replace(key, differs=key.differs or chooses, host=host)

    def unlike(self, others: Iterable["Key"]) -> "Key":
        """Return the key by one way where, by chance, the next copy of an event goes by others."""
        return replace(self, differs=self.differs or self._is_unlike(others))

    def _is_unlike(self, others: Iterable["Key"]) -> bool:
        return any(
            other.made != self.made or any(_MANY in steps for steps in other.made)
            for other in others
        )

    def _chosen_by(self, header: str) -> "Key":
        """Return the key where a header's value here chooses who makes it, or by which steps."""
        return replace(self, chosen=self.chosen | {header})

    def before(self, steps: Sequence[Step], agent: Agent) -> "Key":
        """Return the key as it is seen before some steps of a chain."""
        key = self
        for step in reversed(steps) if self.needed or self.chosen else ():
            key = key._before(step, agent)
        return key

    def stamped(self, headers: frozenset[str]) -> "Key":
        """Return the key before some headers are set, another value on each copy."""
        if not (self.needed | self.chosen) & headers:
            return self
        return replace(
            self, needed=self.needed - headers, chosen=self.chosen - headers,
            kept=self.kept - headers, filled=self.filled - headers,
            spared=frozenset(pair for pair in self.spared if pair[0] not in headers),
            clock=replace(self.clock.without(headers), always=True),
            host=self.host.without(headers),
            made=frozenset((("stamped",), *steps) for steps in self.made),
        )  # fmt: skip

    def at_first(self, given: frozenset[str], sent: frozenset[str]) -> "Key | None":
        """Return the key at a source that gives its events the headers `given`, one value to many,
        and whose clients send those of `sent` alone; None where events lack a part of it, so that
        no copy is known.
        """
        if self.tag or self.needed <= given | sent | self.kept | self.filled:
            content = self.content or not self.needed & self.kept <= given
            return replace(self, needed=(self.needed & sent) - given, content=content)
        return None

    def _before(self, step: Step, agent: Agent) -> "Key":
        made, chosen = self.needed & set_by(step), self.chosen & set_by(step)
        if not made and not chosen:
            return self
        of, fills = making(step), fills_gaps(step)
        host = goes_by_host(step, agent.hosts.hosts)
        key = self._made(step, made) if made and not fills else self
        said = written(step, agent)
        key = replace(key, made=frozenset((said, *steps) for steps in self.made))
        if chosen:
            left = self.chosen if _leaves(step) else self.chosen - chosen
            key = replace(key, chosen=left | {*of.headers})
        lacking = frozenset() if chosen else made if fills else self._lacking(made)
        if made and fills:
            key = replace(  # what would have been made of the body where it lacks, is there
                key, kept=self.kept - made, filled=self.filled | made,
                clock=self.clock.filled(made), host=self.host.filled(made),
            )  # fmt: skip
        return replace(
            key, hosted=key.hosted or (host and not lacking),
            clock=key.clock.taken(lacking, empty=not fills) if of.clock else key.clock,
            host=key.host.taken(lacking, empty=not fills) if host else key.host,
        )  # fmt: skip

    def _made(self, step: Step, made: frozenset[str]) -> "Key":
        """Return the key before a step that makes some of the headers of others, or of the body."""
        of, leaving = making(step), _leaves(step)
        sure = not finds(step)
        spared = self._spared(frozenset(of.headers), made, leaving=leaving, sure=sure)
        needed = (self.needed if leaving else self.needed - made) | {*of.headers}
        if sure:  # a later one that makes it where it lacks has nothing to do any more
            idle = {name for name, part in self.spared if part in made}
            needed -= idle - {name for name, _ in spared} - {*of.headers}
        kept = self.kept | made if leaving else self.kept
        key = replace(
            self, needed=needed, kept=kept & needed, filled=self.filled & needed - made,
            content=self.content or (of.body and not leaving), spared=spared,
        )  # fmt: skip
        if not sure:
            return key
        return replace(key, clock=self.clock.without(made), host=self.host.without(made))

    def _spared(
        self, headers: frozenset[str], made: frozenset[str], *, leaving: bool, sure: bool
    ) -> Spared:
        """Return what is spared before a step that makes some headers of others."""
        still = {
            (name, part)
            for name, part in self.spared
            if not (sure and part in made) and (leaving or name not in made)
        }
        lacking = made if leaving else self._lacking(made)
        if not lacking:
            return frozenset(pair for pair in still if pair[0] not in headers)
        firm = self.firm if leaving else self.firm - made
        return frozenset(still | {(name, part) for name in headers - firm for part in lacking})

    def _lacking(self, made: frozenset[str]) -> frozenset[str]:
        """Return the parts of the key that events must lack for some headers to be needed; none
        where they always are.
        """
        parts = frozenset(part for name, part in self.spared if name in made)
        return frozenset() if made & self.firm else parts


def _leaves(step: Step) -> bool:
    """Return whether events may keep the values that a step would give their headers: what they had
    before it, or all that it does not find.
    """
    return keeps(step) or finds(step)


def _few(made: Made) -> Made:
    """Return what steps make a key by some ways, or that they are many."""
    return made if len(made) <= MOST_WAYS else frozenset({(_MANY,), (_MANY, _MANY)})


def written(step: Step, agent: Agent) -> tuple[str, ...]:
    """Return what says that steps make the same, on the same event."""
    of = making(step)
    said = sorted(f"{name} = {held.value}" for name, held in step.values.items())
    return (step.type, *said, *([agent.name] if of.host or of.varied else []))


def key_of(dedup: Value) -> Key:
    """Return the key of a sink's `dedup`, at the sink."""
    headers = frozenset(key_headers(dedup))
    return Key(headers, tag=not headers)
