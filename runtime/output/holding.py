"""Who holds a sink's folder: the one start whose name it has, and how another comes to hold it.

    <directory>/.flumec/<sink>/<epoch>.<host>/               the folder, and the start that holds it
    <directory>/.flumec/<sink>/<epoch>.<host>/at-17          what was published knows of 17 intents
    <directory>/.flumec/<sink>/<epoch>.<host>/<epoch>-7      a hidden file

A state can be copied, restored, or go on in two places, and a process can freeze at any step and
wake up after others have come. Three rules keep what is published exact through all of it:

- A start takes the folder by renaming it to its own name, and only from a name of a start that its
  state knows of. There is one such folder and no name is used twice, so of two that want it from
  the same holder one gets it, and whoever held it finds its hidden files gone.
- Its own name is durable in its state before it is given to the folder.
- `at-<n>` is moved before anything of the n-th intent is published. A state that has made fewer
  intents is older than what was published: it does not go on, whoever holds the folder.
"""

import re
import shlex
from collections.abc import Callable, Sequence
from typing import Protocol, Self

from flumec.runtime.frozen import frozen
from flumec.runtime.output.store import Superseded, TakenOver, Unknown

HANDED_OVER = "handed_over"
"""What stands in place of the host where an operator has renamed the folder; no host's name."""

_NAME = re.compile(r"([0-9a-f]{32})(?:\.(.+))?")
_MARK = re.compile(r"at-([0-9]+)")
_NOT_IN_HOSTS = re.compile(r"[^0-9A-Za-z.-]")
_LONGEST_HOST = 150
_TRIES = 10


class Tree(Protocol):
    """The few verbs on folders that it takes, each of which may be repeated after an OSError."""

    move_by_hand: str
    """The command with which a person renames a folder."""

    def folders(self, path: str) -> list[str]:
        """Return the names of the folders in a folder; raise FileNotFoundError."""

    def make(self, path: str) -> None:
        """Make a folder and its parents, durably; one that exists is fine."""

    def move(self, old: str, new: str) -> None:
        """Rename a folder, never onto one that has something in it.

        Raise FileExistsError then, and FileNotFoundError if the old one or the new one's parent is
        not there. It is durable once both parents were settled.
        """

    def remove(self, path: str) -> None:
        """Remove an empty folder; one that isn't there is fine."""

    def settle(self, path: str) -> None:
        """Make the names in a folder durable."""


@frozen
class Holder:
    """The start that a folder is named after."""

    name: str
    epoch: str
    host: str | None
    """None for a start of a runtime that named its folders by the epoch alone."""

    @classmethod
    def of(cls, name: str) -> Self | None:
        """Read a folder's name; None for one that is not ours."""
        found = _NAME.fullmatch(name)
        return None if found is None else cls(name, found[1], found[2])

    @classmethod
    def here(cls, epoch: bytes, host: str) -> Self:
        """Return this start."""
        safe = _NOT_IN_HOSTS.sub("-", host)[:_LONGEST_HOST] or "-"
        return cls(f"{epoch.hex()}.{safe}", epoch.hex(), safe)

    def __str__(self) -> str:
        """Say it as the log does elsewhere."""
        return f"epoch {self.epoch[:8]}" + (f" on {self.host}" if self.host else "")


@frozen
class Claim:
    """What a state knows, by which its start may take the folder."""

    known: Sequence[str]
    """The epochs of the starts that may hold it, by what is durable in this state; newest last."""

    intents: int
    """How many intents its sink has ever made."""

    announce: Callable[[str | None], None]
    """Have it durable in the state that this start may hold it, taken from the one named."""

    finals: Sequence[str] = ()
    """The final names of all that is intended: an older start may have published it."""


class Holding:
    """One start's hold on the folder of a sink."""

    def __init__(self, tree: Tree, directory: str, sink: str, here: Holder) -> None:
        self.base = f"{directory}/{sink}"
        self.path = f"{self.base}/{here.name}"
        self._tree = tree
        self._directory = directory
        self._sink = sink
        self._here = here
        self._spare = f"{directory}/{sink}.{here.epoch}"
        self._mark: int | None = None

    @property
    def marker(self) -> str:
        """The name of the mark in the folder."""
        return f"at-{self._mark}"

    def take(self, claim: Claim, *, witness: bool) -> None:
        """Come to hold the folder, or raise Superseded.

        With `witness`, raise Unknown if there is none: nothing follows from a missing file then.
        """
        for _ in range(_TRIES):
            try:
                if self._taken(claim, witness=witness):
                    return
            except FileNotFoundError:  # another start was faster
                continue
        raise Unknown(f"`{self.base}` goes from hand to hand: how many copies of this state run?")

    def mark(self, intents: int) -> None:
        """Show that so many intents are made, durably, before anything of the last is published."""
        if intents == self._mark:
            return
        try:
            self._set_mark(self._here.name, intents, self._mark)
        except FileNotFoundError:
            raise self.gone() from None
        self._mark = intents

    def gone(self) -> TakenOver | Unknown:
        """Say why the hidden files are gone: with all of the sink's folder, or to another start."""
        try:
            others = [holder for holder in self._holders() if holder != self._here]
        except FileNotFoundError:
            return Unknown(
                f"`{self.base}` went missing while the agent ran: was it removed, or is its disk "
                "not mounted? If it was removed for good, restart the agent"
            )
        by = f"taken over by {others[0]}" if others else "removed while the agent ran"
        return TakenOver(f"the hidden files in `{self.path}` were {by}: this sink stops")

    def _taken(self, claim: Claim, *, witness: bool) -> bool:
        """Make one attempt; False or FileNotFoundError if another start came in between."""
        holders = self._found()
        if not holders:
            return self._begun(claim, witness=witness)
        self._require_known(holders, claim)
        holder = self._here if self._here in holders else holders[0]
        if holder != self._here:
            claim.announce(holder.epoch)
            try:
                self._tree.move(f"{self.base}/{holder.name}", self.path)
            except FileExistsError:
                return False
            self._tree.settle(self.base)
        published = self._published(self._here)
        if published > claim.intents:  # while we came; who did that may go on
            if holder != self._here:
                self._tree.move(self.path, f"{self.base}/{holder.name}")
                self._tree.settle(self.base)
            raise self._behind(holder, claim, published)
        for other in holders:
            if other not in {holder, self._here}:
                self._tree.move(f"{self.base}/{other.name}", f"{self.path}/{other.name}")
        self._set_mark(self._here.name, claim.intents)
        self._mark = claim.intents
        return True

    def _found(self) -> list[Holder]:
        """Return who holds the folder: one start, or perhaps several of an older runtime."""
        try:
            return self._holders()
        except FileNotFoundError:
            return []

    def _holders(self) -> list[Holder]:
        found = (Holder.of(name) for name in self._tree.folders(self.base))
        return [holder for holder in found if holder is not None]

    def _begun(self, claim: Claim, *, witness: bool) -> bool:
        """Make the folder, all at once, so that of two copies of a new state one is the first."""
        if witness:
            raise Unknown(
                f"`{self.base}` is missing, and with it the proof of what was published: "
                "is the disk mounted? Is it the right HDFS?"
            )
        claim.announce(None)
        self._clear()
        self._tree.make(f"{self._spare}/{self._here.name}/at-{claim.intents}")
        try:
            self._tree.move(self._spare, self.base)
        except FileExistsError:
            self._clear()
            if not self._found():  # who had it is gone
                self._tree.remove(self.base)
            return False
        self._tree.settle(self._directory)
        self._mark = claim.intents
        return True

    def _clear(self) -> None:
        """Remove what starts of this sink have left that could not make the folder."""
        for name in self._tree.folders(self._directory) if self._is_there() else ():
            if name.startswith(f"{self._sink}."):
                self._remove_all(f"{self._directory}/{name}")

    def _is_there(self) -> bool:
        try:
            self._tree.folders(self._directory)
        except FileNotFoundError:
            return False
        return True

    def _remove_all(self, path: str) -> None:
        for name in self._tree.folders(path):
            self._remove_all(f"{path}/{name}")
        self._tree.remove(path)

    def _require_known(self, holders: list[Holder], claim: Claim) -> None:
        """Raise Superseded unless the state knows of all who hold the folder, and of their work."""
        for holder in holders:
            known = holder.epoch == self._here.epoch or holder.epoch in claim.known
            if not known and holder.host is not None:
                why = "which this state does not know of"
                raise self._superseded(holder, claim, why)
        for holder in holders:
            if holder.host == HANDED_OVER:
                self._set_mark(holder.name, claim.intents)
            elif (published := self._published(holder)) > claim.intents:
                raise self._behind(holder, claim, published)

    def _behind(self, holder: Holder, claim: Claim, published: int) -> Superseded:
        count = published - claim.intents
        times = "once" if count == 1 else f"{count} times"
        return self._superseded(holder, claim, f"and {times} published what it does not know of")

    def _superseded(self, holder: Holder, claim: Claim, why: str) -> Superseded:
        if not claim.known:
            claim.announce(None)
        token = claim.known[-1] if claim.known else self._here.epoch
        names = (f"{self.base}/{holder.name}", f"{self.base}/{token}.{HANDED_OVER}")
        give = f"{self._tree.move_by_hand} {shlex.join(names)}"
        return Superseded(
            f"`{self.base}` is held by {holder}, {why}: this state is an older copy, or a copy of "
            "it runs elsewhere, or the directory is an older one. Nothing is written, nothing is "
            f"lost. For this one to go on all the same, end the other, then run `{give}`"
        )

    def _published(self, holder: Holder) -> int:
        """Return how many intents are known to what was published."""
        return max(self._marks(holder.name), default=0)

    def _marks(self, name: str) -> list[int]:
        found = (_MARK.fullmatch(entry) for entry in self._tree.folders(f"{self.base}/{name}"))
        return [int(mark[1]) for mark in found if mark is not None]

    def _set_mark(self, name: str, intents: int, was: int | None = None) -> None:
        """Have the mark; raise FileNotFoundError when the folder is not there any more."""
        folder = f"{self.base}/{name}"
        if was is not None:
            try:
                self._tree.move(f"{folder}/at-{was}", f"{folder}/at-{intents}")
            except FileNotFoundError:  # or it is done, and only the answer was lost
                self._set_mark(name, intents)
            else:
                self._tree.settle(folder)
            return
        marks = self._marks(name)
        if not marks:
            self._tree.make(f"{self._spare}/at-{intents}")  # made in place, it would make the place
            self._tree.move(f"{self._spare}/at-{intents}", f"{folder}/at-{intents}")
            self._tree.remove(self._spare)
        elif intents not in marks:
            self._tree.move(f"{folder}/at-{max(marks)}", f"{folder}/at-{intents}")
        for other in marks:
            if other not in {intents, max(marks)}:
                self._tree.remove(f"{folder}/at-{other}")
        self._tree.settle(folder)
