"""What is kept of a fleet that fails, so that it can be played again with one command."""

from pathlib import Path

from prove.case import Wrong
from prove.script import parse
from prove.shape import Agent, Arm, Chain, Link, Part, Reading, Shape, Target

WORDS = {
    each.__name__: each for each in (Agent, Arm, Chain, Link, Part, Reading, Shape, Target)
}  # fmt: skip


def keep(folder: Path, shape: Shape, wrong: Wrong) -> str:
    """Write a fleet, its script and its seed; return how to play it again."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fleet.flow").write_text(shape.text)
    (folder / "fleet.shape").write_text(repr(shape))
    (folder / "script.txt").write_text("".join(f"{action}\n" for action in wrong.script))
    (folder / "seed.txt").write_text(f"{wrong.seed}\n")
    return f"PYTHONPATH=tests python -m prove --again {folder}"


def kept(folder: Path) -> tuple[Shape, Wrong]:
    """Read it again."""
    shape = eval((folder / "fleet.shape").read_text(), WORDS)
    script = parse((folder / "script.txt").read_text())
    return shape, Wrong(script, int((folder / "seed.txt").read_text()), [])
