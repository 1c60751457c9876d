"""An example's modules, imported as its own scripts do: several examples have a `verdict`."""

import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def importable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Have an example's modules found by their names while a test runs, and no other example's."""
    for module in {path.stem for path in EXAMPLES.glob("*/*.py")}:
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(str(EXAMPLES / name))
