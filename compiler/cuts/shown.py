"""What cuts paths as people and programs read it: a table, Markdown, JSON, lines of one pair."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from flumec.compiler.cuts.dropping import Drop
from flumec.compiler.cuts.element import Element
from flumec.compiler.cuts.fate import Fate
from flumec.compiler.cuts.paths import Cut, Path
from flumec.compiler.cuts.rows import Row

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = ("PATH", "IS CUT BY", "WHEN IT COMES BACK", "WHEN IT NEVER DOES")


def table(found: Sequence[Row]) -> "Table":
    """Return what cuts paths as a table for a terminal."""
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, header_style="bold")
    for heading, most in zip(HEADINGS, (26, 24, 20, None), strict=True):
        made.add_column(heading, max_width=most, overflow="fold")
    for row in found:
        for number, cells in enumerate(_cells(row)):
            said = [Text(cell) for cell in cells]
            for cell in said[2:]:
                cell.stylize(_style(cell.plain))
            made.add_row(*said, end_section=number == len(row.cuts) - 1)
    return made


def _style(fate: str) -> str:
    if fate.startswith("lost"):
        return "red"
    return "yellow" if "; once " in fate else "green"


def _cells(row: Row) -> Iterator[tuple[str, ...]]:
    for number, cut in enumerate(row.cuts):
        yield "" if number else row.ends, *row.words(cut)


def markdown(found: Sequence[Row]) -> Iterator[str]:
    """Yield what cuts paths as a table for a comment on a change."""
    yield f"| {' | '.join(heading.lower() for heading in HEADINGS)} |"
    yield f"| {' | '.join('---' for _ in HEADINGS)} |"
    for row in found:
        for cells in _cells(row):
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def sentences(found: Iterable[Row]) -> Iterator[str]:
    """Yield a line for each thing that cuts a path, as `prove --path` has them."""
    for row in found:
        for cut in row.cuts:
            what, back, gone = row.words(cut)
            never = "" if back == gone else f"; if it never comes back, {gone}"
            yield f"{what}: {back}{never}"


def as_json(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Return the paths of one claim as data: several where its source's hosts are not alike."""
    return [{"hosts": path.hosts, "cuts": [_cut(path, cut) for cut in path.cuts]} for path in paths]


def _cut(path: Path, cut: Cut) -> dict[str, Any]:
    first, folders = cut.elements[0], [each.folder for each in cut.elements]
    return {
        "kind": first.kind,
        "own": cut.own,
        "elements": [] if cut.own else [_named(path, each) for each in cut.elements],
        "folder": first.folder or None if len(set(folders)) == 1 else None,
        "folders": folders if first.kind == "disk" else [],
        "each_of": first.of,
        "together": not cut.alone,
        "fewest": cut.exact,
        "back": _fate(path, cut.back),
        "gone": _fate(path, cut.gone),
        "drops": [_drop(path, each) for each in cut.drops],
    }


def _named(path: Path, element: Element) -> str:
    """Return an element; a link of the source's agent by the name that it has there."""
    if element.kind != "link":
        return element.host
    agent, _, channel = element.name.rpartition(".")
    return f"{_own(path, agent)}.{channel}"


def _fate(path: Path, fate: Fate) -> dict[str, Any]:
    if not fate.lost or fate.node is None:
        return {"lost": False}
    agent, component = fate.node
    return {"lost": True, "at": f"{_own(path, agent)}.{component}", "because": fate.reason}


def _drop(path: Path, drop: Drop) -> dict[str, Any]:
    """Return a channel that drops once it is full, while what is behind it is away."""
    agent, channel = drop.node
    return {"at": f"{_own(path, agent)}.{channel}", "oldest": drop.oldest}


def _own(path: Path, agent: str) -> str:
    return path.claim.source[0] if agent == path.like.source[0] else agent
