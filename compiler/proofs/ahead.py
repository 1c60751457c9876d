"""What is known of the ways from a component to one sink; made backwards, from the sink on.

So each component is looked at once for each sink behind it, however many ways there are between.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from flumec.compiler.graph import Node
from flumec.compiler.headers.making import fixed_behind, set_by
from flumec.compiler.model import Step
from flumec.compiler.proofs.claim import TOLD_APART, Detour, Effect, Failure, Harm, Order
from flumec.compiler.proofs.key import Key
from flumec.compiler.proofs.meetings import Meeting
from flumec.compiler.source import Span

Worst = Mapping[tuple[Failure, Harm], Effect]
"""For each failure and harm the effect that is nearest to the source; all are as bad."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """All that failures may do between a component and one sink, over all ways."""

    sink: Node
    worst: Worst
    known: Worst
    """Repetitions that the sink's `dedup` leaves out, if its key is on the events."""
    doubted: Worst
    """Of these, those that it leaves out only if events come with headers that a step would make
    of the clock or the host."""
    order: Order
    key: Key | None
    """The key of the sink's `dedup`; None: nothing there knows copies."""
    detours: tuple[Detour, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    """Copies that meet behind here, if they part before here."""
    assuming: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    """What need not be assumed, as the sink's `dedup` leaves out what comes of it otherwise."""
    in_time: str = ""
    """How near to each other copies must come, for the sink's `dedup` to know them."""
    letters: str = ""
    """Whose dead letters alone come to the sink by this way."""
    changed: frozenset[str] = frozenset()
    """Headers that steps behind here set: what they are here is not what they are at the sink."""
    course: int = 0
    """A number that is equal for events that go one and the same course from here."""

    def after(self, effects: Iterable[Effect]) -> "Ahead":
        """Return the same with what happens to events before all that."""
        worst, known, assuming = dict(self.worst), dict(self.known), self.assuming
        spared = self.spared
        doubted = dict(self.doubted)
        effects = tuple(effects)
        for effect in effects:
            heals, doubts = self._left_out(effect)
            if not effect.unless:
                if not (heals and self._is_due(effect)):
                    (known if heals else worst)[effect.failure, effect.harm] = effect
                if doubts:
                    doubted[effect.failure, effect.harm] = effect
            elif (doubts or not heals) and effect.unless not in assuming:
                assuming = (effect.unless, *assuming)
            elif effect.unless not in spared:
                spared = (effect.unless, *spared)
        order = _order(self.order, effects, worst, assuming)
        repeats = frozenset(
            each.failure
            for each in effects
            if each.harm is Harm.REPEATS and not (each.unless and each.unless in assuming)
        )
        return replace(
            self, worst=worst, known=known, doubted=doubted, assuming=assuming, spared=spared,
            order=order, detours=_copied(self.detours, repeats),
        )  # fmt: skip

    def unknown(self) -> "Ahead":
        """Return the same where the sink's `dedup` may know no copy of an event, only others."""
        return replace(
            self, worst={**self.known, **self.worst}, known={}, doubted={}, in_time="",
            assuming=tuple(dict.fromkeys((*self.spared, *self.assuming))), spared=(),
        )  # fmt: skip

    def _left_out(self, effect: Effect) -> tuple[bool, bool]:
        """Return whether the sink's `dedup` leaves out what a failure repeats, and whether that is
        in doubt.
        """
        key, copies = self.key, effect.copies
        if effect.harm is not Harm.REPEATS or key is None or copies is None:
            return False, False
        return key.knows(copies), key.knows(copies) and key.doubts(copies)

    def _is_due(self, effect: Effect) -> bool:
        """Return whether copies are known to the sink's `dedup` on whichever host they meet."""
        return effect.copies is not None and effect.copies.due and effect.node[0] == self.sink[0]

    def parted(self, node: Node, *, behind: bool) -> "Ahead":
        """Return the same with the copies that part at `node`, behind its steps or before them."""
        here = [each for each in self.meetings if each.fork == node and each.behind is behind]
        if not here:
            return self
        by_others = self.key if behind or self.key is None else self.key.by_other_steps()
        met = replace(self, key=by_others).after(each.effect for each in here)
        return replace(met, key=self.key)

    def narrowed(self, key: str, reason: str, span: Span) -> "Ahead":
        """Return the same where order is kept only among events with equal values of a header.

        None is, if it is not by that value that one tells them apart at the sink.
        """
        if key in self.changed:
            return self.disordered(f"`header.{key}` is set anew on the way from here", span)
        return replace(self, order=self.order.narrowed(key, reason, span))

    def before(self, steps: Sequence[Step]) -> "Ahead":
        """Return the same before steps: they may give all of a source's events one header."""
        order = self.order
        if not steps or not (order.keys or order.folders):
            return self
        kept = order.folders and order.folders.difference(*map(set_by, steps))
        keys = order.keys and order.keys - fixed_behind(steps)
        if keys or keys is None:
            return replace(self, order=replace(order, keys=keys, folders=kept))
        return replace(self, order=Order(keys, folders=kept))

    def disordered(self, reason: str, span: Span) -> "Ahead":
        """Return the same where no order is kept."""
        return replace(self, order=Order(None, reason, span))

    def turned(self, detours: Sequence[Detour]) -> "Ahead":
        """Return the same with what leaves the way before all that."""
        if not detours:
            return self
        return replace(self, detours=_merged((*detours, *self.detours)))

    def joined(self, other: "Ahead", order: Order) -> "Ahead":
        """Return what is true of two ways to the sink; the file names this one first."""
        return Ahead(
            self.sink,
            {**other.worst, **self.worst},
            {**other.known, **self.known},
            {**other.doubted, **self.doubted},
            order,
            None if self.key is None or other.key is None else self.key.joined(other.key),
            _merged((*self.detours, *other.detours)),
            tuple(dict.fromkeys((*self.meetings, *other.meetings))),
            tuple(dict.fromkeys((*self.assuming, *other.assuming))),
            tuple(dict.fromkeys((*self.spared, *other.spared))),
            self.in_time,
            self.letters and other.letters and self.letters,
            self.changed | other.changed,
        )


def _copied(detours: Sequence[Detour], repeats: frozenset[Failure]) -> tuple[Detour, ...]:
    """Return detours behind a place at which failures repeat events."""
    if not repeats:
        return tuple(detours)
    return tuple(replace(each, copied=each.copied | repeats) for each in detours)


def _merged(detours: Iterable[Detour]) -> tuple[Detour, ...]:
    """Return the detours of several ways, each once, with the copies that come by any of them."""
    found: dict[Detour, frozenset[Failure]] = {}
    for each in detours:
        plain = replace(each, copied=frozenset())
        found[plain] = found.get(plain, frozenset()) | each.copied
    return tuple(replace(each, copied=failures) for each, failures in found.items())


def _order(order: Order, effects: Sequence[Effect], worst: Worst, assumed: Sequence[str]) -> Order:
    """Return what is left of an order where copies come about by `effects`.

    As long as all of them arrive, the first ones are in order. If one is lost on the way, the next
    comes behind events that were stored after it, also where a `dedup` waits for them.
    """
    copies = any(
        each.harm is Harm.REPEATS
        and each.failure not in TOLD_APART
        and not (each.unless and each.unless in assumed)
        for each in effects
    )
    if order.keys is None or not copies:
        return order
    losing = (each for (_, harm), each in worst.items() if harm is Harm.LOSES)
    lost = [each for each in losing if each.failure not in TOLD_APART and not each.late]
    if not lost:
        return order
    worst_of_all = max(lost, key=lambda each: each.badness)
    why = f"`{worst_of_all.where}` may lose a copy of an event and not a later one"
    return Order(None, why, worst_of_all.span, cure=worst_of_all.cure)
