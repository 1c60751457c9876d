"""The names of a CrashDisk's files and directories: those that are seen, and which are safe."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flumec.runtime.testing.surviving import Inode, Survival

GONE = "gone"
"""What a name becomes that is removed; None is a directory."""

Entry = tuple[str, Inode | str | None]


@dataclass
class Names:
    """Every name by its path. A change of a directory is safe once that directory was synced.

    The paths are texts: these are looked at many times an operation, and to compare two `Path` took
    a sixth of the time of all tests with power cuts.
    """

    seen: dict[str, Inode | None] = field(default_factory=lambda: {"/": None})
    durable: dict[str, Inode | None] = field(default_factory=lambda: {"/": None})
    pending: list[tuple[str, Sequence[Entry]]] = field(default_factory=list)
    """The changes that were not synced, oldest first: the directory, and what entered or left."""

    def change(self, directory: str, entries: Sequence[Entry]) -> None:
        """Make changes of one directory, together, that its next sync makes durable."""
        _enter(self.seen, entries)
        self.pending.append((directory, entries))

    def sync(self, directory: str) -> None:
        """Make every change of a directory durable.

        It may have been moved before that, by a change of another directory which is not synced:
        that one names all that was in it, and must not bring back what has left it since.
        """
        later: dict[str, Inode | str | None] = {}
        left: list[tuple[str, Sequence[Entry]]] = []
        for changed, entries in reversed(self.pending):
            if changed == directory:
                later = {**dict(entries), **later}
            elif later.keys().isdisjoint(path for path, _ in entries):
                left.append((changed, entries))
            else:
                left.append((changed, [(path, later.get(path, what)) for path, what in entries]))
        _enter(self.durable, list(later.items()))
        self.pending = left[::-1]

    def after_cut(self, survival: Survival) -> "Names":
        """Return the names as they are when the power is back, with what their files hold."""
        names = dict(self.durable)
        for directory in dict.fromkeys(changed for changed, _ in self.pending):
            changes = [entries for changed, entries in self.pending if changed == directory]
            for entries in changes[: survival.lasting(len(changes), directory)]:
                _enter(names, entries)
        reachable: dict[str, Inode | None] = {}
        for path in sorted(names, key=len):  # a directory before what is in it
            if path == "/" or (path.rpartition("/")[0] or "/") in reachable:
                reachable[path] = names[path]
        inodes = {id(i): i.after_cut(survival) for i in reachable.values() if i is not None}
        found = {p: None if i is None else inodes[id(i)] for p, i in reachable.items()}
        return Names(found, dict(found))

    def after_kill(self) -> "Names":
        """Return the names as the next process finds them: all is seen, and no more is safe."""
        changes = [entry for _, entries in self.pending for entry in entries]
        known = [*self.seen.values(), *self.durable.values(), *(what for _, what in changes)]
        inodes = {id(i): i.after_kill() for i in known if isinstance(i, Inode)}

        def same(what: Inode | str | None) -> Inode | str | None:
            return inodes[id(what)] if isinstance(what, Inode) else what

        pending: list[tuple[str, Sequence[Entry]]] = [
            (directory, [(path, same(what)) for path, what in entries])
            for directory, entries in self.pending
        ]
        seen: dict[str, Inode | None] = {}
        durable: dict[str, Inode | None] = {}
        _enter(seen, [(path, same(inode)) for path, inode in self.seen.items()])
        _enter(durable, [(path, same(inode)) for path, inode in self.durable.items()])
        return Names(seen, durable, pending)


def _enter(names: dict[str, Inode | None], entries: Sequence[Entry]) -> None:
    for path, inode in entries:
        if isinstance(inode, str):
            names.pop(path, None)
        else:
            names[path] = inode
