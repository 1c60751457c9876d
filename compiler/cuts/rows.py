"""Paths as rows: those that are cut by the same are one, with the names of their sources."""

from collections.abc import Iterable, Sequence

from flumec.compiler.cuts.dropping import Drop
from flumec.compiler.cuts.fate import Fate
from flumec.compiler.cuts.paths import Cut, Path
from flumec.compiler.proofs.rows import some
from flumec.compiler.proofs.words import dotted
from flumec.runtime.frozen import frozen


@frozen
class Row:
    """Paths with equal cuts; the first speaks for all."""

    paths: tuple[Path, ...]

    @property
    def cuts(self) -> Sequence[Cut]:
        """What cuts each of them."""
        return self.paths[0].cuts

    @property
    def ends(self) -> str:
        """From where to where, in a few words."""
        sources = some(dotted(path.claim.source) for path in self.paths)
        sinks = some(dotted(path.claim.sink) for path in self.paths)
        hosts = sum(path.hosts for path in self.paths)
        return f"{sources}{f' ({hosts:,} hosts)' if hosts > 1 else ''} -> {sinks}"

    def words(self, cut: Cut) -> tuple[str, str, str]:
        """Return what cuts, and what becomes of the events under way if it is back, or never is."""
        late = "delayed"
        if cut.elements[0].kind == "link":
            late = f"waits in {', '.join(self._node(each.name) for each in cut.elements)}"
        back = self._fate(cut.back, "delayed", cut.drops)
        return self._named(cut), back, self._fate(cut.gone, late, cut.drops)

    def _fate(self, fate: Fate, late: str, drops: Iterable[Drop]) -> str:
        if fate.lost and fate.node is not None:
            return f"lost at {self._node(dotted(fate.node))}, {fate.reason}"
        return "; ".join([late, *(self._dropped(each) for each in drops)])

    def _dropped(self, drop: Drop) -> str:
        what = "its oldest events are dropped" if drop.oldest else "events are left out of it"
        return f"once {self._node(dotted(drop.node))} is full, {what}"

    def _node(self, name: str) -> str:
        """Return a component by its name, without its agent's where the row is about several."""
        own = f"{self.paths[0].like.source[0]}."
        alone = len({path.claim.source[0] for path in self.paths}) == 1
        return name if alone or not name.startswith(own) else name.removeprefix(own)

    def _named(self, cut: Cut) -> str:
        first, kind = cut.elements[0], cut.elements[0].kind
        if cut.own and len(cut.elements) > 1:
            return f"its own {kind}, such as {first.name}"
        if cut.own:
            return f"its own {kind} {first.folder}".rstrip()
        if cut.alone and first.of > 1:
            return f"each of {first.of:,} {kind}s, such as {first.name}"
        names = [self._node(each.name) if kind == "link" else each.name for each in cut.elements]
        if len(names) == 1:
            return f"{kind} {names[0]}"
        if cut.alone:
            return f"each {kind} of {some(names)}"
        most = "" if cut.exact else "at most "
        return f"{most}{len(names):,} {kind}s together: {some(names)}"


def rows(paths: Iterable[Path]) -> list[Row]:
    """Return the paths as rows, in the order of their first."""
    found: dict[object, list[Path]] = {}
    known: dict[int, object] = {}
    for path in paths:
        source, sink = path.claim.source, path.claim.sink
        if (cut_by := known.get(id(path.cuts))) is None:
            cut_by = known[id(path.cuts)] = _likeness(path)
        end = sink[1] if sink[0] == source[0] else sink
        found.setdefault((source[1], end, cut_by), []).append(path)
    return [Row(tuple(alike)) for alike in found.values()]


def _likeness(path: Path) -> object:
    """Return what is equal in the cuts of one row: all but the name of the source's agent."""
    own = f"{path.like.source[0]}."

    def fate(one: Fate) -> object:
        return one.node and dotted(one.node).removeprefix(own), one.reason

    def drops(cut: Cut) -> object:
        return tuple((dotted(each.node).removeprefix(own), each.oldest) for each in cut.drops)

    def names(cut: Cut) -> object:
        if cut.own:
            return tuple(each.folder for each in cut.elements)
        return tuple((each.kind, each.name.removeprefix(own), each.of) for each in cut.elements)

    return tuple(
        (cut.elements[0].kind, names(cut), cut.alone, cut.own, cut.exact, fate(cut.back),
         fate(cut.gone), drops(cut))
        for cut in path.cuts
    )  # fmt: skip
